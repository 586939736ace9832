#!/usr/bin/env python3
"""Bill bundles (section 16), verified from their text alone.

Reads paths of bundles from standard input, one a line. Writes a line for each: {no, days, readings, credits, records} if it is right,
or {code, record, message}.
"""
import json
import sys
from types import SimpleNamespace

from chain import SIGNERS, Chain
from effective import Reading, counting
from forms import (BY_METER, Fault, ascending, b64url, canonical, es256, is_h, is_n, is_object, list_of, matches, need, object_of,
                   one_of, read_canonical, rule_c1, sha, thumbprint, to_b64url)
from money import check_bill, check_credit
from proofs import inclusion_holds, read_checkpoint
from readings import check_exchange, judge

OPENED = ("day", "correction", "exchange", "bill", "credit")
is_bundle = object_of(v=one_of(1), checkpoint=matches("[A-Za-z0-9_-]{1,65536}"), records=list_of(object_of(
    at=is_n, line1=matches("[A-Za-z0-9_.-]{1,65535}"), proof=list_of(is_h, 0, 53), plaintext_q=is_object), 1, 100_000))


def read_bundle(raw):
    """The bundle's value. Code bundle."""
    need(len(raw) <= 67_108_864, "bundle", "too long")
    try:
        value = read_canonical(raw)
    except Fault as fault:
        raise Fault("bundle", fault.message) from fault
    need(is_bundle(value), "bundle", "members")
    return value


class Bundle:
    """A bundle; making one verifies it."""
    def __init__(self, raw):
        value = read_bundle(raw)
        self.entries = value["records"]
        need(self.entries[0]["at"] == 0, "bundle", "the first record is not genesis")
        need(ascending([entry["at"] for entry in self.entries]), "bundle", "records are not in log order")
        self.records = [self.placed(entry, lambda entry=entry: rule_c1(entry["line1"])) for entry in self.entries]
        need(self.records[0].typ == "genesis", "bundle", "the first record is not genesis")
        self.chain = Chain()
        self.chain.take_genesis(self.entries[0]["line1"], self.records[0].payload["time"])
        self.size, self.root = self.checkpoint(b64url(value["checkpoint"], code="checkpoint"))
        self.find_bill()
        self.meters, self.newest, self.last_day, self.before = {}, {}, {}, {}
        self.known, self.revoked, self.credits = {}, {}, []
        self.grounds = SimpleNamespace(position={one.leaf: entry["at"] for one, entry in zip(self.records, self.entries)},
                                       assigns=[], tariffs=[], prices=[])
        for entry, record in zip(self.entries, self.records):
            self.placed(entry, lambda entry=entry, record=record: self.take(entry, record))
        self.recompute()

    @staticmethod
    def placed(entry, check):
        """Run a check; a fault is told with the record's position."""
        try:
            return check()
        except Fault as fault:
            fault.record = entry["at"]
            raise

    def checkpoint(self, raw):
        """(size, root): good, and without a signature line but one of each gateway that signed."""
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Fault("checkpoint", "not UTF-8") from error
        gateways = self.chain.gateways()
        found = read_checkpoint(text, self.chain.origin, gateways)
        names = [line.split(" ")[1] for line in text.split("\n\n")[1].split("\n")[:-1]]
        need(len(set(names)) == len(names) and set(names) <= gateways.keys(), "checkpoint", "a signature line too many")
        for i, name in enumerate(names):
            alone = text.split("\n\n")[0] + "\n\n" + text.split("\n\n")[1].split("\n")[i] + "\n"
            read_checkpoint(alone, self.chain.origin, {name: gateways[name]})
        return found

    def find_bill(self):
        """The bill that the last record is, or credits."""
        last = self.records[-1]
        need(last.typ in ("bill", "credit"), "bundle", "the last record is no bill or credit")
        leaf = last.leaf if last.typ == "bill" else b64url(last.payload["bill"])
        self.bill = next((one for one in self.records if one.typ == "bill" and one.leaf == leaf), None)
        need(self.bill, "bundle", "the bill that is credited is missing")
        self.point, self.begin, self.end = (self.bill.payload[name] for name in ("point", "from", "to"))
        self.bill_at = self.entries[self.records.index(self.bill)]["at"]
        self.plain = None

    def take(self, entry, record):
        """One record: signed, included, in its key's chain, and of a kind that belongs here."""
        meter = self.meters.get(record.kid) if record.typ in (*BY_METER, "correction") else None
        if meter:
            jwk = meter
        else:
            need(record.typ not in BY_METER and record.kid in self.chain.members, "unknown-key", "nobody's key")
            member = self.chain.members[record.kid]
            need(record.typ == "genesis" or member.roles & SIGNERS.get(record.typ, set()), "role", "not in that role")
            jwk = member.jwk
        need(es256(jwk, record.signature, record.signed), "signature", "record's signature")
        proof = [b64url(one) for one in entry["proof"]]
        need(inclusion_holds(record.leaf, entry["at"], self.size, proof, self.root), "proof", "inclusion")
        if meter:
            self.follow(record)
        plain = entry.get("plaintext")
        need(plain is None or record.typ in OPENED, "bundle", "a plaintext where none belongs")
        need(plain is not None or record.typ in ("day", "correction") or record.typ not in OPENED, "bundle", "not opened")
        need(plain is None or to_b64url(sha(canonical(plain))) == record.payload["pt"], "opened", "not the record's plaintext")
        getattr(self, "take_" + record.typ, self.take_other)(record, entry["at"], plain)

    def follow(self, record):
        """No record between two of a meter key is missing."""
        seq, leaf = self.newest.get(record.kid, (record.payload["seq"] - 1, None))
        need(record.payload["seq"] == seq + 1, "seq", "a record is missing")
        need(leaf is None or b64url(record.payload["prev"]) == leaf, "prev", "not after the key's last record here")
        self.newest[record.kid] = record.payload["seq"], record.leaf

    def is_near(self, begin, end):
        """Does a span overlap the bill's period?"""
        return begin < self.end and self.begin < end

    def take_other(self, record, _at, _plain):
        """A type without a place in a bundle."""
        raise Fault("bundle", f"a {record.typ}")

    def take_genesis(self, _record, at, _plain):
        """Only at 0; it was judged before."""
        need(at == 0, "bundle", "genesis out of place")

    def take_event(self, _record, _at, _plain):
        """There for its place in its key's chain."""

    def take_enrol(self, record, _at, _plain):
        """Of the point; its request proves the key."""
        need(record.payload["point"] == self.point, "bundle", "an enrol of another point")
        kid = thumbprint(record.payload["key"])
        if "req" in record.payload:
            self.chain.check_request(record.payload["req"], kid, record.payload["key"])
        self.meters[kid] = record.payload["key"]

    def take_revoke(self, record, at, _plain):
        """Of a key that is enrolled here."""
        kid = b64url(record.payload["kid"])
        need(kid in self.meters, "bundle", "a revocation of somebody else")
        self.revoked[kid] = record.payload["last"], at

    def take_exchange(self, record, _at, plain):
        """Within the period."""
        need(record.payload["point"] == self.point and self.begin <= record.payload["at"] <= self.end, "bundle", "an exchange elsewhere")
        check_exchange(plain)

    def take_tariff(self, record, at, _plain):
        """Versions without a hole, before the bill."""
        payload = record.payload
        versions = sum(one.payload["id"] == payload["id"] for _, one in self.grounds.tariffs)
        need(at < self.bill_at and payload["ver"] == versions + 1, "bundle", "a version is missing, or after the bill")
        self.grounds.tariffs.append((at, record))

    def take_price(self, record, at, _plain):
        """Reaching into the period, before the bill; named by a bill that nobody credits here."""
        payload = record.payload
        end = payload["from"] + payload["step"] * len(payload["nano"])
        named = self.records[-1].typ == "credit" or to_b64url(record.leaf) in self.bill.payload["tariffs"]
        need(at < self.bill_at and self.is_near(payload["from"], end) and named, "bundle", "a price that nobody asks for")
        self.grounds.prices.append((at, record))

    def take_assign(self, record, at, _plain):
        """Of the point, before the bill."""
        need(at < self.bill_at and record.payload["point"] == self.point, "bundle", "an assignment elsewhere, or after the bill")
        self.grounds.assigns.append((at, record.payload))

    def take_day(self, record, at, plain):
        """A day, opened only in the period."""
        one = Reading(record, at, self.point)
        self.before[record.leaf] = self.last_day.get(record.kid)
        self.last_day[record.kid] = one
        need(plain is None or self.is_near(one.begin, one.end), "bundle", "a day of another time")
        if self.is_near(one.begin, one.end):
            self.known[record.leaf], one.plain = one, plain

    def take_correction(self, record, at, plain):
        """Of the point and the period, and what it corrects is here; a meter's others unopened."""
        payload, by_meter = record.payload, record.kid in self.meters
        one = Reading(record, at, payload["point"])
        if one.point != self.point or not self.is_near(one.begin, one.end):
            need(by_meter and plain is None, "bundle", "a correction of another time or point")
            return
        if one.of is None:
            need(not by_meter, "role", "a fill by a meter")
        else:
            other = self.known.get(one.of)
            need(other, "bundle", "what it corrects is missing")
            need((other.begin, other.end) == (one.begin, one.end), "reference", "another time")
            need(not by_meter or other.kid == one.kid, "reference", "somebody else's reading")
        self.known[record.leaf], one.plain = one, plain

    def take_bill(self, record, _at, plain):
        """The bill."""
        need(record is self.bill, "bundle", "a second bill")
        self.plain = plain

    def take_credit(self, record, at, plain):
        """A credit of the bill."""
        need(b64url(record.payload["bill"]) == self.bill.leaf, "bundle", "a credit of another bill")
        self.credits.append((record, at, plain))

    def recompute(self):
        """Opened readings are usable; the bill and its credits follow from them."""
        for one in self.known.values():
            if one.plain is not None:
                judge(one, self.known, self.before.get(one.leaf), None, None, self.plain.get("meter"))
                need(one.usable, "unusable", "an opened reading is not usable")
        check_bill(self.grounds, self.bill, self.plain, self.below(self.bill_at))
        earlier = []
        for record, at, plain in self.credits:
            check_credit(self.grounds, record, plain, self.below(at), (self.bill, self.plain), earlier)
            earlier.append(plain)
        self.shown = (earlier or [self.plain])[-1]

    def below(self, position):
        """The readings that count below a position."""
        return counting(self.known, self.revoked, self.point, position)

    def summary(self):
        """What is told of a right bundle."""
        return {"no": self.shown["no"], "days": len(self.shown["used"]), "credits": len(self.credits), "records": len(self.records),
                "readings": sum(one.plain is not None for one in self.known.values())}


def main():
    """Judge every file."""
    for path in sys.stdin:
        try:
            with open(path.rstrip("\n"), "rb") as file:
                said = Bundle(file.read()).summary()
        except Fault as fault:
            said = {"code": fault.code, "record": fault.record, "message": fault.message}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
