"""Test only: a meter with an optical head after IEC 62056-21, on a pseudo-terminal of its own.

Prints the name of its tty, then a line of JSON for each readout: the speeds at which it was asked and has answered.
Answers what it was started with: {"mode": "C", "ident": "ISK5MT174", "lines": […], "fault": …, "address": "…", "echo": true,
"parity": true, "wake": 20}. Faults, each for the first readout only: "bcc", "cut", "silent", "garbage".
Pseudo-terminals know no speed: the meter looks at how its tty is set and speaks nonsense when that is wrong.
"""
import json
import os
import select
import sys
import termios
import time
import tty

SPEEDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdigit()}
DIGITS = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
LETTERS = {"A": 600, "B": 1200, "C": 2400, "D": 4800, "E": 9600, "F": 19200}


def even(byte):
    return byte | (0x80 if bin(byte).count("1") % 2 else 0)


class Meter:
    def __init__(self, setup):
        self.setup = setup
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.faults = [setup.get("fault")]

    def speed(self):
        return SPEEDS[termios.tcgetattr(self.slave)[5]]

    def read_until(self, end, seconds):
        """What arrives up to `end`, without parity bits; echoed, as heads do."""
        heard = b""
        deadline = time.monotonic() + seconds
        while not heard.endswith(end):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                return heard
            data = os.read(self.master, 1)
            if self.setup.get("echo"):
                os.write(self.master, data)
            heard += bytes([data[0] & 0x7F])
        # A pseudo-terminal delivers at once what takes its time on a wire.
        time.sleep(len(heard) * 10 / self.speed())
        return heard

    def say(self, data, speed):
        """In pieces; at a wrong speed nothing of it can be understood."""
        for at in range(0, len(data), 13):
            piece = data[at:at + 13]
            if self.speed() != speed:
                piece = bytes((byte * 37 + 91) & 0x7F for byte in piece)
            if self.setup.get("parity"):
                piece = bytes(even(byte) for byte in piece)
            os.write(self.master, piece)
            time.sleep(0.004)

    def readout(self, fault):
        block = "".join(line + "\r\n" for line in self.setup["lines"]).encode() + b"!\r\n\x03"
        check = 0
        for byte in block:
            check ^= byte
        if fault == "bcc":
            check ^= 4
        data = b"\x02" + block + bytes([check])
        return data[:len(data) // 2] if fault == "cut" else data

    def serve(self):
        address = self.setup.get("address", "")
        wake = self.setup.get("wake", 0)
        while True:
            request = self.read_until(b"!\r\n", 3600)
            asked = self.speed()
            zeros = request.count(0)
            if asked != self.setup.get("baud", 300) or zeros < wake:
                continue
            if not request.endswith(("/?" + address + "!\r\n").encode()):
                continue
            fault = self.faults.pop() if self.faults else None
            if fault == "silent":
                continue
            time.sleep(0.02)
            if fault == "garbage":
                self.say(b"\x15Pd$%p@I", asked)
                continue
            ident = self.setup["ident"]
            self.say(("/" + ident + "\r\n").encode(), asked)
            offer = ident[3]
            answer = asked
            if self.setup["mode"] == "C":
                acknowledge = self.read_until(b"\r\n", 2)
                if acknowledge != b"\x060" + offer.encode() + b"0\r\n":
                    print(json.dumps({"acknowledge": acknowledge.hex()}), flush=True)
                    continue
                answer = DIGITS[offer]
            if self.setup["mode"] == "B":
                answer = LETTERS[offer]
            time.sleep(0.6)
            self.say(self.readout(fault), answer)
            print(json.dumps({"asked": asked, "answered": answer}), flush=True)


meter = Meter(json.loads(sys.stdin.readline()))
print(os.ttyname(meter.slave), flush=True)
meter.serve()
