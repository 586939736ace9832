"""Test only: the far end of a serial line, for parts that speak by themselves.

argv: tty. Standard input: one JSON object a line, played in order and answered with "done":
{"text": …} prints a line with CRLF, {"hex": …} sends bytes as they are, "pause" waits so many seconds before each byte.
"""
import json
import os
import sys
import time

tty = os.open(sys.argv[1], os.O_WRONLY | os.O_NOCTTY)
for line in sys.stdin:
    order = json.loads(line)
    if "hex" in order:
        data = bytes.fromhex(order["hex"])
    else:
        data = order["text"].encode("ascii") + b"\r\n"
    pause = order.get("pause", 0)
    for chunk in ([data[i : i + 1] for i in range(len(data))] if pause else [data]):
        time.sleep(pause)
        os.write(tty, chunk)
    print("done", flush=True)
