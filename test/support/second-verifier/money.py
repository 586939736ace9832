"""Bills: their plaintexts (section 11) and how they are computed again (section 12)."""
from bisect import bisect_right
from collections import Counter

from charges import Charges, walk
from forms import MAX, Fault, b64url, between, is_c, is_h, is_int, is_n, is_s, list_of, need, object_of, one_of, sha, to_b64url, tuple_of
from proofs import Tree
from readings import HEAD, check_pad, is_span, offsets_between, zone_of
from tariffs import is_body, is_currency, is_minor

COUNTS = {"measured": "MIE", "partial": "mie", "recovered": "R", "substituted": "S", "gap": "G"}
is_line = object_of(code=is_c, label=is_s, qty=is_int, nano=is_int, amount=is_int,
                    unit=one_of("wh", "wh-mean", "w", "day", "month", "each", "tax"))
is_offset = tuple_of(is_n, between(-57600, 57600))
is_bill = object_of(
    **HEAD, no=is_s, opening=is_h, offsets=list_of(is_offset, 1, 1000), currency=is_currency, minor=is_minor,
    lines=list_of(is_line), total=is_int, used=list_of(tuple_of(is_h, is_n)), missing=list_of(is_span),
    slots=object_of(total=is_n, missing=is_n, **{name: is_n for name in COUNTS}))

is_payment = object_of(v=one_of(1), meter=HEAD["meter"], salt=is_h, pad=HEAD["pad"], at=is_n, amount=is_int, ref=is_s)


def covers(span, instant):
    """Does an object with from? and to? cover the instant?"""
    return span.get("from", 0) <= instant < span.get("to", MAX + 1)


def point_of(plain):
    """The point that a bill's opening and meter show."""
    return to_b64url(sha(b"wattproof-point/v1\n", plain["meter"].encode(), b64url(plain["opening"])))


class Bill:
    """The recomputation of one bill from the chain before it and the readings that count, whether below it or below a credit of it."""
    def __init__(self, chain, record, plain, days):
        self.line, self.plain, before = record.payload, plain, chain.position[record.leaf]
        self.begin, self.end = self.line["from"], self.line["to"]
        need(self.end - self.begin <= 3653 * 86400, "bill-period", "longer than 3,653 days")
        point = self.line["point"]
        self.assigns = [one for position, one in chain.assigns if position < before and one["point"] == point]
        names = {one["tariff"] for one in self.assigns}
        self.tariffs = [one for position, one in chain.tariffs if position < before and one.payload["id"] in names]
        need(all(is_body(one.payload["body"]) for one in self.tariffs), "tariff-body", "version 1 cannot compute with a body")
        self.days = sorted((day for day in days if self.begin <= day.plain["from"] and day.plain["to"] <= self.end),
                           key=lambda day: day.plain["from"])
        self.cuts, self.forces = self.timeline()
        self.in_order = list({one.leaf: one for one in self.forces}.values())
        self.check_currency()
        self.prices, self.priced = {}, set()
        for position, one in chain.prices:
            if position < before:
                self.prices.setdefault(one.payload["id"], []).append(one)
        self.offsets = [list(entry) for entry in offsets_between(zone_of(plain["zone"]), self.begin - 86400, self.end)]
        for zone in {day.plain.get("zone", plain["zone"]) for day in self.days}:
            clocks = [list(entry) for entry in offsets_between(zone_of(zone), self.begin - 86400, self.end)]
            need(clocks == self.offsets, "bill-zone", "a reading was sealed where clocks show another time")
        self.slots = list(walk(self.days))
        self.places = chain.position

    def at(self, instant):
        """The tariff record that assignments and bodies put in force at an instant, or None."""
        name = next((one["tariff"] for one in reversed(self.assigns) if covers(one, instant)), None)
        fitting = (one for one in reversed(self.tariffs) if one.payload["id"] == name and covers(one.payload["body"], instant))
        return next(fitting, None)

    def timeline(self):
        """The instants of the period at which another tariff may come into force, and the one that does."""
        spans = self.assigns + [one.payload["body"] for one in self.tariffs]
        cuts = {span[name] for span in spans for name in ("from", "to") if name in span}
        cuts = sorted({self.begin} | {cut for cut in cuts if self.begin < cut < self.end})
        forces = [self.at(cut) for cut in cuts]
        need(all(forces), "tariff-none", "an instant of the period has no tariff")
        return cuts, forces

    def in_force(self, instant):
        """The tariff record in force at an instant of the period."""
        return self.forces[bisect_right(self.cuts, instant) - 1]

    def check_currency(self):
        """Tariffs in force have one currency and the bill's zone."""
        bodies = [one.payload["body"] for one in self.in_order]
        need(len({(body["currency"], body["minor"]) for body in bodies}) == 1, "tariff-currency", "currencies differ")
        need(all(body.get("zone", self.plain["zone"]) == self.plain["zone"] for body in bodies), "tariff-currency", "zones differ")

    def price(self, name, instant):
        """The price of a series at an instant, or None; the record that holds it is one of the bill's."""
        records = self.prices.get(name, [])
        last = bisect_right(records, instant, key=lambda record: record.payload["from"]) - 1
        if last < 0:
            return None
        one = records[last]
        index = (instant - one.payload["from"]) // one.payload["step"]
        if index >= len(one.payload["nano"]):
            return None
        self.priced.add(one.leaf)
        return one.payload["nano"][index]

    def lines(self):
        """The lines of all charges: tariffs as they first come into force, each one's charges in their order."""
        return [line for tariff in self.in_order for line in Charges(self, tariff).found]

    def missing(self):
        """The spans of the period that no used day covers."""
        edges = [self.begin, *(edge for day in self.days for edge in (day.plain["from"], day.plain["to"])), self.end]
        return [[a, b] for a, b in zip(edges[::2], edges[1::2]) if a < b]

    def counts(self):
        """The counts of slots; total is their sum."""
        letters = Counter(letter for day in self.days for letter in day.plain["quality"])
        counts = {name: sum(letters[letter] for letter in kinds) for name, kinds in COUNTS.items()}
        counts["missing"] = sum((b - a + 899) // 900 for a, b in self.missing())
        return counts | {"total": sum(counts.values())}

    def compare(self, line, plain, back, code):
        """Compare days, n and a plaintext with what was computed again, after the lines `back`."""
        lines, body = back + self.lines(), self.forces[0].payload["body"]
        need(abs(sum(one["amount"] for one in lines)) <= MAX, "money-range", "total")
        found = {"from": self.begin, "to": self.end, "currency": body["currency"], "minor": body["minor"],
                 "offsets": self.offsets, "lines": lines, "total": sum(one["amount"] for one in lines),
                 "missing": self.missing(), "slots": self.counts(),
                 "used": [[to_b64url(day.record.leaf), sum(day.plain["wh"])] for day in self.days]}
        for name, value in found.items():
            need(plain[name] == value, code, f"{name} is {plain[name]}, computed {value}")
        need(line["n"] == len(self.days), code, "n")
        need(b64url(line["days"]) == Tree(day.record.leaf for day in self.days).root(), code, "days")

    def check(self):
        """Compare line 1 and the plaintext with what was computed again."""
        self.compare(self.line, self.plain, [], "bill-differs")
        known = sorted({one.leaf for one in self.in_order} | self.priced, key=self.places.get)
        need(self.line["tariffs"] == list(map(to_b64url, known)), "bill-differs", "tariffs")


def check_bill(chain, record, plain, days):
    """Recompute a bill. Codes schema, pad, bill-differs, bill-period, tariff-none, tariff-body, tariff-currency, bill-zone, price-none, money-range."""
    need(is_bill(plain), "schema", "members")
    check_pad(plain, 0, "pad")
    need(point_of(plain) == record.payload["point"], "bill-differs", "opening is not that of the point")
    within_calendar("bill-differs", lambda: Bill(chain, record, plain, days).check())


def within_calendar(code, check):
    """Run a check; what the calendar does not hold differs."""
    try:
        check()
    except (OverflowError, ValueError) as error:
        raise Fault(code, f"beyond the calendar: {error}") from error
    except Fault as fault:
        fault.code = code if fault.code == "zone" else fault.code
        raise


def check_credit(chain, record, plain, days, bill, credits):
    """Recompute a credit of a bill (record, plaintext), after the plaintexts of its credits before. Code credit-differs, and a bill's."""
    need(is_bill(plain), "schema", "members")
    check_pad(plain, 0, "pad")
    need(bill, "credit-differs", "its bill is not opened")
    for name in ("meter", "opening", "zone", "from", "to", "offsets"):
        need(plain[name] == bill[1][name], "credit-differs", f"{name} is not the bill's")
    need(plain["no"] == f"{bill[1]['no']}-c{len(credits) + 1}", "credit-differs", "no")
    lines = bill[1]["lines"]
    for one in credits:
        lines = one["lines"][len(lines):]
    back = [line | {"qty": -line["qty"], "amount": -line["amount"]} for line in lines]
    within_calendar("credit-differs", lambda: Bill(chain, *bill, days).compare(record.payload, plain, back, "credit-differs"))


def check_payment(plain):
    """The form of a payment. Codes schema, pad."""
    need(is_payment(plain), "schema", "members")
    check_pad(plain, 0, "pad")
