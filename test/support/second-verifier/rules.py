#!/usr/bin/env python3
"""Chain rules without blocks: whether each of many records in a row is accepted.

Reads lines of JSON from standard input: {time, records: [line 1, ...]}, the first record being genesis. A record that is refused
changes nothing. Writes a line for each: {codes: ["ok" or a code, ...]}.
"""
import json
import sys

from chain import Chain
from forms import Fault, rule_c1


def codes_of(chain, records, time):
    """The verdict on each record."""
    for line in records:
        try:
            chain.take_record(line, time) if chain.id else chain.take_genesis(line, chain_time(line))
            yield "ok"
        except Fault as fault:
            yield fault.code


def chain_time(line):
    """The time that a genesis record names, which would be that of block 0."""
    return rule_c1(line).payload["time"]


def main():
    """Judge every line."""
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps({"codes": list(codes_of(Chain(), case["records"], case["time"]))}), flush=True)


if __name__ == "__main__":
    main()
