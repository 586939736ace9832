"""Test only: telegrams of meters, made by a program that shares no code with what reads them.

One line of JSON on stdin, a list of telegrams; one line of hexadecimal digits for each on stdout.

  {"sml": {"server": "<hex>", "entries": [{"obis": "<hex>", "unit": 30, "scaler": -1, "value": 5, "type": "int40"}, …],
           "crc": "x25" | "kermit", "time": "choice" | "bare" | "none"}}
  {"p1": {"lines": ["/ISK5…", …], "crc": "padded" | "bare" | "none", "parity": false}}
  {"smarty": {"lines": […], "key": "<hex>", "title": "<hex>", "counter": 1, "aad": "<hex>"}}
"""
import json
import struct
import sys


def crc16(data, polynomial, start, xor):
    crc = start
    for byte in data:
        for bit in range(8):
            top = (crc ^ (byte >> bit)) & 1
            crc >>= 1
            if top:
                crc ^= polynomial
    return crc ^ xor


CRCS = {
    "x25": lambda data: crc16(data, 0x8408, 0xFFFF, 0xFFFF),
    "kermit": lambda data: crc16(data, 0x8408, 0, 0),
    "arc": lambda data: crc16(data, 0xA001, 0, 0),
}


# SML -----------------------------------------------------------------------------------------------------------

def header(kind, content):
    """Type and length; the length counts its own bytes."""
    for own in range(1, 4):
        total = content + own if kind != 7 else content
        if total < 16 ** own:
            break
    digits = [(total >> (4 * at)) & 15 for at in reversed(range(own))]
    first = (0x80 if own > 1 else 0) | kind << 4 | digits[0]
    return bytes([first] + [(0x80 if at < own - 2 else 0) | digit for at, digit in enumerate(digits[1:])])


def octets(data):
    return header(0, len(data)) + data


ABSENT = b"\x01"


def integer(kind, value):
    """kind: int40 for a signed integer of 40 bits, uint8 for an unsigned one of 8."""
    signed = kind.startswith("int")
    size = int(kind[3:] if signed else kind[4:]) // 8
    return header(5 if signed else 6, size) + value.to_bytes(size, "big", signed=signed)


def array(*items):
    return header(7, len(items)) + b"".join(items)


def moment(form, seconds=1234567):
    plain = integer("uint32", seconds)
    return {"choice": array(integer("uint8", 1), plain), "bare": plain, "none": ABSENT}[form]


def entry(spec, form):
    value = octets(bytes.fromhex(spec["octets"])) if "octets" in spec else integer(spec["type"], spec["value"])
    return array(
        octets(bytes.fromhex(spec["obis"])),
        integer("uint32", 0x1C0104) if spec.get("status") else ABSENT,
        moment(form) if spec.get("time") else ABSENT,
        integer("uint8", spec["unit"]) if "unit" in spec else ABSENT,
        integer("int8", spec["scaler"]) if "scaler" in spec else ABSENT,
        value,
        ABSENT,
    )


def message(number, tag, body, crc):
    head = b"\x76" + octets(struct.pack(">I", number)) + integer("uint8", 0) + integer("uint8", 0)
    head += array(integer("uint16", tag), body)
    return head + b"\x63" + struct.pack("<H", crc(head)) + b"\x00"


def sml(spec):
    crc = CRCS[spec.get("crc", "x25")]
    form = spec.get("time", "choice")
    server = octets(bytes.fromhex(spec["server"]))
    entries = [entry(one, form) for one in spec["entries"]]
    signature = octets(bytes(range(48))) if spec.get("signed") else ABSENT
    messages = message(1, 0x0101, array(ABSENT, ABSENT, octets(b"\x00\x01"), server, ABSENT, ABSENT), crc)
    if not spec.get("listless"):
        response = array(ABSENT, server, octets(bytes.fromhex("0100620affff")), moment(form), array(*entries), signature, ABSENT)
        messages += message(2, 0x0701, response, crc)
    messages += message(3, 0x0201, array(ABSENT), crc)
    padding = -len(messages) % 4
    body = messages + bytes(padding)
    # Four in a row are doubled, wherever they stand.
    escaped = body.replace(b"\x1b" * 4, b"\x1b" * 8)
    frame = b"\x1b" * 4 + b"\x01" * 4 + escaped + b"\x1b" * 4 + bytes([0x1A, padding])
    return frame + struct.pack("<H", crc(frame))


# P1 ------------------------------------------------------------------------------------------------------------

def with_parity(data):
    return bytes(byte | (0x80 if bin(byte).count("1") % 2 else 0) for byte in data)


def p1(spec):
    text = "".join(line + "\r\n" for line in spec["lines"]).encode() + b"!"
    form = spec.get("crc", "padded")
    if form != "none":
        text += (b"%04X" if form == "padded" else b"%X") % CRCS["arc"](text)
    text += b"\r\n"
    return with_parity(text) if spec.get("parity") else text


def smarty(spec):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    title, counter = bytes.fromhex(spec["title"]), struct.pack(">I", spec["counter"])
    cipher = Cipher(algorithms.AES(bytes.fromhex(spec["key"])), modes.GCM(title + counter)).encryptor()
    cipher.authenticate_additional_data(bytes.fromhex(spec.get("aad", "3000112233445566778899AABBCCDDEEFF")))
    text = cipher.update(p1(spec)) + cipher.finalize()
    inner = b"\x30" + counter + text + cipher.tag[:12]
    return b"\xdb\x08" + title + b"\x82" + struct.pack(">H", len(inner)) + inner


MAKERS = {"sml": sml, "p1": p1, "smarty": smarty}

for telegram in json.loads(sys.stdin.readline()):
    (kind, spec), = telegram.items()
    print(MAKERS[kind](spec).hex())
