#!/usr/bin/env python3
"""A second verifier of chain dumps.

Written from docs/formats.md alone, to hold the page and the TypeScript verifier to each other. It shares no code with
the rest; "section" means a section of that page, and where the page is silent the choice is marked "open".

Usage: verify.py [--no-blobs] [--csv FILE] [--receipt FILE LEAF [--old N ROOT_HEX]] DUMP
       verify.py [--no-blobs] --many     (reads paths of dumps from standard input, one a line)

For each dump one line of JSON: {chain, blocks, records, tip, log_size, log_root, blobs, checkpoint, opened, usable, events,
corrections, exchanges, mismatched, bills, credits} for a good one, {code, height, record, leaf, message} for a bad one. Exit 1 if the dump, or one of many, is bad.
"""
import argparse
import csv
import json
import sys

from chain import Chain
from effective import counting, is_void
from forms import (HAS_LINE2, Fault, b64url, canonical, decimal, is_h, is_object, matches, need, object_of, read_canonical, sha,
                   to_b64url)
from money import check_bill, check_credit, check_payment, is_bill, point_of
from proofs import Tree, check_receipt, read_checkpoint
from readings import COLUMNS, check_exchange, event_counts, is_day, judge, row_of, shows_registers

KINDS = ("header", "blob", "checkpoint", "opened")
is_opened = object_of(leaf=is_h, plaintext=is_object, row_q=lambda value: is_object(value) and all(map(matches(".*"), value.values())))


class Dump:
    """A dump, verified line by line in the steps of section 9."""
    def __init__(self, raw, with_blobs=True):
        self.chain, self.with_blobs, self.blobs, self.wanted, self.order = Chain(), with_blobs, {}, {}, []
        self.checkpoint, self.opened, self.last, self.money, self.events, self.exchanges = None, {}, -1, [], [], []
        stage = 0
        for line in self.lines(raw):
            kind = next((kind for kind in KINDS if is_object(line) and kind in line), None)
            need(kind and (kind == "header" or len(line) == 1), "dump", "unknown line")
            need(KINDS.index(kind) >= stage, "dump", "line out of order")
            while stage < KINDS.index(kind):
                self.end(stage)
                stage += 1
            getattr(self, "take_" + kind)(line)
        for rest in range(stage, len(KINDS)):
            self.end(rest)

    @staticmethod
    def lines(raw):
        """Each line's value; a line that is not canonical JSON is of another form."""
        need(raw.endswith(b"\n"), "dump", "does not end with a line feed")
        for line in raw[:-1].split(b"\n"):
            try:
                yield read_canonical(line)
            except Fault as fault:
                raise Fault("dump", f"{fault.code}: {fault.message}") from fault

    def end(self, stage):
        """After the last line of a kind: nothing is missing."""
        if stage == 0:
            need(self.chain.tip, "dump", "no block")
            for record in self.chain.entries if self.with_blobs else []:
                if record.typ in HAS_LINE2:
                    self.wanted.setdefault(record.payload["ct"], record)
            self.order = list(self.wanted)
        elif stage == 1 and len(self.blobs) < len(self.wanted):
            raise self.placed(Fault("blob", "line 2 of a record is missing"), self.wanted[self.order[len(self.blobs)]])
        elif stage == 2:
            final = len(self.chain.gateways()) == 1
            need(not final or self.checkpoint == len(self.chain.entries), "tail-missing", "no checkpoint of the whole log")
        else:
            self.judge_opened()

    def take_header(self, line):
        """Step 2; a fault is told with its height."""
        height = self.chain.height + 1
        try:
            self.chain.take_block(line)
        except Fault as fault:
            fault.height = height
            raise

    def take_blob(self, line):
        """Step 3: the line 2 of the next record whose ct has not appeared."""
        raw = b64url(line["blob"], code="dump")
        self.text_of(raw)
        ct = to_b64url(sha(raw))
        if len(self.blobs) == len(self.order):
            raise Fault("blob" if ct in self.wanted else "ct", "a line 2 after that of the last record")
        expected = self.order[len(self.blobs)]
        if ct != expected:
            fault = Fault("blob" if ct in self.wanted else "ct", "not the line 2 of the next record")
            raise self.placed(fault, self.wanted[expected])
        self.blobs[ct] = raw

    @staticmethod
    def text_of(raw):
        """The text of a line 2 or of a checkpoint."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Fault("dump", "not UTF-8") from error

    def placed(self, fault, record):
        """The fault, told with the place of the record that it belongs to."""
        fault.record, fault.leaf = self.chain.position[record.leaf], to_b64url(record.leaf)
        fault.height = self.chain.heights[fault.record]
        return fault

    def take_checkpoint(self, line):
        """Step 4. Open: whether a chain of several gateways may have checkpoints; here they are judged like all others."""
        text = self.text_of(b64url(line["checkpoint"], code="dump"))
        size, root = read_checkpoint(text, self.chain.origin, self.chain.gateways())
        need(size > (self.checkpoint or 0), "dump", "sizes do not ascend")
        need(size <= len(self.chain.entries), "tail-missing", "the dump ends before the checkpoint")
        need(self.chain.roots.get(size) == root, "checkpoint", "not the end of a block, or another root")
        self.checkpoint = size

    def take_opened(self, line):
        """Step 5 for one plaintext: it is that of its record, in log order, and the row is its own."""
        opened = line["opened"]
        need(is_opened(opened), "dump", "opened")
        position = self.chain.position.get(b64url(opened["leaf"]))
        need(position is not None, "opened", "no such record")
        record, plain = self.chain.entries[position], opened["plaintext"]
        try:
            need(record.typ in HAS_LINE2, "opened", "no record with a line 2")
            need(position > self.last, "dump", "opened plaintexts out of order")
            need(to_b64url(sha(canonical(plain))) == record.payload["pt"], "opened", "not the plaintext of its record")
            if record.typ == "day":
                self.check_row(opened, plain)
            else:
                need("row" not in opened, "opened", "only a day has a row")
            if record.typ in ("day", "correction"):
                self.chain.readings[record.leaf].plain = plain
            elif record.typ == "payment":
                check_payment(plain)
            elif record.typ == "exchange":
                check_exchange(plain)
                self.exchanges.append((record, plain))
            else:
                (self.events if record.typ == "event" else self.money).append((record, plain))
        except Fault as fault:
            raise self.placed(fault, record)
        self.last, self.opened[opened["leaf"]] = position, plain

    @staticmethod
    def check_row(opened, plain):
        """The row, if there, is the plaintext's. Open: the row of a plaintext that is no day; here it is refused."""
        if "row" not in opened:
            return
        need(is_day(plain), "opened", "a row beside a plaintext that has none")
        try:
            row = row_of(plain)
        except (OverflowError, ValueError, Fault) as error:
            raise Fault("opened", f"the day has no row: {error}") from error
        need(opened["row"] == row, "opened", f"row is {opened['row']}, the plaintext's is {row}")

    def judge_opened(self):
        """Which readings and events are usable, then bills and credits. A point's meter is known from its bills."""
        chain, bills = self.chain, {}
        meters = {point_of(plain): plain["meter"] for record, plain in self.money if record.typ == "bill" and is_bill(plain)}
        for one in chain.readings.values():
            if one.plain is not None:
                before = chain.readings.get(chain.day_before.get(one.leaf))
                blob = self.blobs.get(one.record.payload["ct"])
                judge(one, chain.readings, before, blob, chain.sealed[one.leaf][1], meters.get(one.point))
        self.events = [event for event in self.events if self.counts(*event, meters)]
        for record, plain in self.money:
            try:
                if record.typ == "bill":
                    check_bill(chain, record, plain, self.counting(record, record))
                    bills[record.leaf] = record, plain, []
                else:
                    *bill, credits = bills.get(b64url(record.payload["bill"]), (None, []))
                    days = self.counting(bill[0], record) if bill[0] else []
                    check_credit(chain, record, plain, days, bill if bill[0] else None, credits)
                    credits.append(plain)
            except Fault as fault:
                raise self.placed(fault, record)

    def counting(self, bill, below):
        """The readings that count for a bill below the record that is it, or credits it."""
        chain = self.chain
        return counting(chain.readings, chain.revoked, bill.payload["point"], chain.position[below.leaf])

    def is_matching(self, record, plain):
        """Does an exchange show the registers of its devices' days?"""
        chain = self.chain
        days = [one for one in chain.days_at(record.payload["point"]) if not is_void(one, chain.readings, chain.revoked)]
        return shows_registers(record.payload, plain, days)

    def usable(self, is_day):
        """The usable days, or corrections."""
        return [one for one in self.chain.readings.values() if one.usable and one.is_day == is_day]

    def counts(self, record, plain, meters):
        """Does an event count?"""
        point, to = self.chain.sealed[record.leaf]
        return event_counts(plain, record, self.blobs.get(record.payload["ct"]), to, meters.get(point))

    def check_receipt(self, text, leaf, known):
        """A receipt; without `known` its reader is one who verified what this dump has at the receipt's old size."""
        chain = self.chain
        if known is None:
            old = min(decimal(text.split("\n")[0].removeprefix("old ")), len(chain.entries))
            known = old, Tree(record.leaf for record in chain.entries[:old]).root()
        size, root = check_receipt(text, leaf, known, chain.origin, chain.gateways())
        need(chain.roots.get(size, root) == root, "checkpoint", "another root than the dump's")

    def check_csv(self, file):
        """The rows of `gateway dump --csv`: those of the readings that count, in log order."""
        chain, end = self.chain, len(self.chain.entries)
        days = [one for point in chain.points for one in counting(chain.readings, chain.revoked, point, end)]
        days.sort(key=lambda one: one.position)
        found = [[row_of(day.plain).get(column, "") for column in COLUMNS] for day in days]
        need(list(csv.reader(file)) == [COLUMNS, *found], "csv", "other rows than those of the opened days")

    def summary(self):
        """What is told of a good dump."""
        chain = self.chain
        return {"chain": to_b64url(chain.id), "blocks": chain.height + 1, "records": len(chain.entries), "tip": chain.tip.hex(),
                "log_size": chain.tree.size, "log_root": chain.tree.root().hex(), "blobs": len(self.blobs),
                "checkpoint": self.checkpoint, "opened": len(self.opened), "usable": len(self.usable(True)),
                "events": len(self.events), "corrections": len(self.usable(False)), "exchanges": len(self.exchanges),
                "mismatched": sum(not self.is_matching(*one) for one in self.exchanges),
                "bills": sum(record.typ == "bill" for record, _ in self.money),
                "credits": sum(record.typ == "credit" for record, _ in self.money)}


def verdict(path, options):
    """Verify one dump and print what was found; is it good?"""
    try:
        with open(path, "rb") as file:
            dump = Dump(file.read(), not options.no_blobs)
        if options.receipt:
            with open(options.receipt[0], "rb") as file:
                text = file.read().decode("utf-8", "replace")
            known = (decimal(options.old[0]), bytes.fromhex(options.old[1])) if options.old else None
            dump.check_receipt(text, b64url(options.receipt[1], 32), known)
        if options.csv:
            with open(options.csv, encoding="utf-8", newline="") as file:
                dump.check_csv(file)
        found, good = dump.summary(), True
    except Fault as fault:
        found = {"code": fault.code, "height": fault.height, "record": fault.record, "leaf": fault.leaf, "message": fault.message}
        good = False
    print(json.dumps(found, separators=(",", ":")), flush=True)
    return good


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Verify chain dumps.")
    parser.add_argument("dump", nargs="?")
    parser.add_argument("--many", action="store_true")
    parser.add_argument("--no-blobs", action="store_true")
    parser.add_argument("--csv", metavar="FILE")
    parser.add_argument("--receipt", nargs=2, metavar=("FILE", "LEAF"))
    parser.add_argument("--old", nargs=2, metavar=("N", "ROOT_HEX"))
    options = parser.parse_args()
    if options.many == bool(options.dump):
        parser.error("one dump, or --many")
    paths = (line.rstrip("\n") for line in sys.stdin) if options.many else [options.dump]
    return 0 if all([verdict(path, options) for path in paths]) else 1


if __name__ == "__main__":
    sys.exit(main())
