#!/usr/bin/env python3
"""Bills computed again from what they follow from, without a chain around them.

Reads lines of JSON from standard input: {evidence: {days, assignments, tariffs, prices?}, payload, plaintext} for a bill, its
plaintext as text, or {body} for a tariff body. Writes a line for each: {} if right, or {code, message}.
"""
import json
import sys
from types import SimpleNamespace

from forms import MAX, Fault, b64url, need, read_canonical
from money import check_bill
from tariffs import is_body

BILL = b""


def record_of(entry, **more):
    """A logged record: leaf and payload."""
    return SimpleNamespace(leaf=b64url(entry["leaf"]), payload={**entry, **more})


def day_of(entry, point):
    """A usable day, as far as a bill looks at it."""
    plain = {name: entry[name] for name in ("from", "to", "step", "wh", "quality")}
    plain |= {"out": {"wh": entry["exported"]}} if "exported" in entry else {}
    return SimpleNamespace(record=record_of(entry), point=point, plain=plain)


def judge(case):
    """One line. Throws Fault."""
    if "body" in case:
        need(is_body(case["body"]), "tariff-body", "version 1 cannot compute with it")
        return
    evidence, payload = case["evidence"], case["payload"]
    days = [day_of(entry, payload["point"]) for entry in evidence["days"]]
    logged = {name: sorted(((entry["position"], record_of(entry)) for entry in evidence.get(name, [])), key=lambda one: one[0])
              for name in ("tariffs", "prices")}
    assigns = sorted(((entry["position"], {**entry, "point": payload["point"]}) for entry in evidence["assignments"]),
                     key=lambda one: one[0])
    position = {record.leaf: place for place, record in logged["tariffs"] + logged["prices"]}
    position |= {day.record.leaf: 0 for day in days} | {BILL: MAX}
    chain = SimpleNamespace(position=position, assigns=assigns, **logged)
    check_bill(chain, SimpleNamespace(leaf=BILL, payload=payload), read_canonical(case["plaintext"].encode()), days)


def main():
    """Judge every line."""
    for line in sys.stdin:
        try:
            judge(json.loads(line))
            said = {}
        except Fault as fault:
            said = {"code": fault.code, "message": fault.message}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
