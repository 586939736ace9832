"""Test only: a USB adapter with a part behind it, on a pseudo-terminal of its own.

Prints the name of its tty. Then obeys lines of JSON on stdin, one after the other, and prints "done" after each:
  {"say": "<hex>", "chunk": 7, "gap": 0.002}   the part speaks, in pieces, with pauses
  {"stuck": true}       the adapter delivers nothing until its tty has been closed and opened again
  {"speed": true}       prints the speed that the tty is set to
"""
import json
import os
import select
import sys
import termios
import time

SPEEDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdigit()}


def is_open(master):
    poll = select.poll()
    poll.register(master, 0)
    return not any(event & select.POLLHUP for _, event in poll.poll(0))


def wait_until(condition):
    while not condition():
        time.sleep(0.005)


class Opened:
    """Whoever opens a tty sets it up, and with that throws away what has arrived: speak only after that."""

    def __init__(self, master):
        self.master = master
        self.ready = False

    def wait(self):
        if self.ready and is_open(self.master):
            return
        wait_until(lambda: is_open(self.master))
        time.sleep(0.1)
        self.ready = True

    def wait_for_another(self):
        wait_until(lambda: not is_open(self.master))
        self.ready = False
        self.wait()


def main():
    master, slave = os.openpty()
    print(os.ttyname(slave), flush=True)
    # Without an own slave the kernel hangs up: only then can closing be seen.
    attributes = termios.tcgetattr(slave)
    attributes[0] = attributes[1] = attributes[3] = 0
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    os.close(slave)
    opened = Opened(master)
    for line in sys.stdin:
        order = json.loads(line)
        opened.wait()
        if "say" in order:
            data = bytes.fromhex(order["say"])
            size = order.get("chunk", len(data)) or 1
            for at in range(0, len(data), size):
                os.write(master, data[at:at + size])
                time.sleep(order.get("gap", 0))
        if "stuck" in order:
            wait_until(lambda: not is_open(master))
            opened.wait()
        if "speed" in order:
            print(SPEEDS[termios.tcgetattr(master)[5]], flush=True)
        print("done", flush=True)


main()
