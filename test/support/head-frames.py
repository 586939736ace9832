"""Test only: frames of a sensor head, made without the project's own code.

Standard input: a JSON list of {"head", "boot", "seq", "ms", "fields": "p1:5,t1:21500", "key": hex or absent}.
Standard output: one frame a line, without its line end.
"""
import hashlib
import hmac
import json
import sys
import zlib

for spec in json.load(sys.stdin):
    text = "$WP1,%s,%s,%d,%d" % (spec["head"], spec["boot"], spec["seq"], spec["ms"])
    if spec["fields"]:
        text += "," + spec["fields"]
    if "key" in spec:
        mac = hmac.new(bytes.fromhex(spec["key"]), text.encode("ascii"), hashlib.sha256)
        text += "!" + mac.hexdigest()[:32]
    print("%s*%08x" % (text, zlib.crc32(text.encode("ascii"))))
