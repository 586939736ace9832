"""Bills: their plaintexts (section 11) and how they are computed again (section 12)."""
from bisect import bisect_right
from collections import Counter
from datetime import date

from forms import (MAX, Fault, b64url, between, is_c, is_h, is_int, is_n, is_s, list_of, matches, need, object_of, one_of, sha,
                   to_b64url, tuple_of)
from proofs import Tree
from readings import HEAD, beginnings, check_pad, divide, is_span, offsets_between, slots_of, zone_of

COUNTS = {"measured": "MIE", "partial": "mie", "recovered": "R", "substituted": "S", "gap": "G"}
is_currency, is_minor = matches("[A-Z]{3}"), between(0, 4)
is_line = object_of(code=is_c, label=is_s, qty=is_int, unit=is_c, nano=is_int, amount=is_int)
is_bill = object_of(
    **HEAD, no=is_s, opening=is_h, offsets=list_of(tuple_of(is_n, is_int)), currency=is_currency, minor=is_minor,
    lines=list_of(is_line), total=is_int, used=list_of(tuple_of(is_h, is_n)), missing=list_of(is_span),
    slots=object_of(total=is_n, missing=is_n, **{name: is_n for name in COUNTS}))

CHARGE = {"code": is_c, "label": is_s, "nano": is_int}
is_energy = object_of(kind=one_of("energy"), recovered_q=is_int, **CHARGE)
is_standing = object_of(kind=one_of("standing"), per=one_of("day", "month"), **CHARGE)
has_members = object_of(v=one_of(1), name=is_s, currency=is_currency, minor=is_minor, zone_q=is_s, from_q=is_n, to_q=is_n,
                        charges=list_of(lambda value: is_energy(value) or is_standing(value)))


def is_body(body):
    """Is it a tariff body that version 1 computes with?"""
    return has_members(body) and len({charge["code"] for charge in body["charges"]}) == len(body["charges"])


def covers(span, instant):
    """Does an object with from? and to? cover the instant?"""
    return span.get("from", 0) <= instant < span.get("to", MAX + 1)


def point_of(plain):
    """The point that a bill's opening and meter show."""
    return to_b64url(sha(b"wattproof-point/v1\n", plain["meter"].encode(), b64url(plain["opening"])))


def month_of(number):
    """Months since year 0 of a day counted from 1970."""
    day = date.fromordinal(number + date(1970, 1, 1).toordinal())
    return day.year * 12 + day.month


class Bill:
    """The recomputation of one bill from the chain and the usable days that stand before it."""
    def __init__(self, chain, record, plain, days):
        self.line, self.plain, before = record.payload, plain, chain.position[record.leaf]
        self.begin, self.end = self.line["from"], self.line["to"]
        need(self.end - self.begin <= 3653 * 86400, "bill-period", "longer than 3,653 days")
        point = self.line["point"]
        self.assigns = [one for position, one in chain.assigns if position < before and one["point"] == point]
        names = {one["tariff"] for one in self.assigns}
        self.tariffs = [one for position, one in chain.tariffs if position < before and one.payload["id"] in names]
        need(all(is_body(one.payload["body"]) for one in self.tariffs), "tariff-body", "version 1 cannot compute with a body")
        self.days = sorted((day for day in days if chain.position[day.record.leaf] < before and day.point == point
                            and self.begin <= day.plain["from"] and day.plain["to"] <= self.end),
                           key=lambda day: day.plain["from"])
        self.cuts, self.forces = self.timeline()
        self.in_order = list({one.leaf: one for one in self.forces}.values())
        self.check_currency()

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

    def offsets(self):
        """The zone's UTC offsets from a day before the period to its end."""
        return [list(entry) for entry in offsets_between(zone_of(self.plain["zone"]), self.begin - 86400, self.end)]

    def standing(self, tariff, per):
        """How many local days or months begin within the period while the tariff is in force."""
        offsets, count = self.offsets(), 0
        month = month_of(sum(offsets[0]) // 86400)
        for instant, number in beginnings(offsets, self.end):
            fresh, month = per == "day" or month_of(number) > month, max(month, month_of(number))
            count += fresh and instant >= self.begin and self.in_force(instant) is tariff
        return count

    def lines(self):
        """The lines of all charges: tariffs as they first come into force, each one's charges in their order."""
        energy, found = Counter(), []
        for day in self.days:
            for instant, wh, letter in slots_of(day.plain):
                energy[self.in_force(instant).leaf, letter == "R"] += wh
        for tariff in self.in_order:
            for charge in tariff.payload["body"]["charges"]:
                if charge["kind"] == "standing":
                    qty = self.standing(tariff, charge["per"])
                    found.append(self.one_line(charge, charge["label"], qty, charge["per"], charge["nano"]))
                    continue
                plain, late = energy[tariff.leaf, False], energy[tariff.leaf, True]
                split = "recovered" in charge
                found.append(self.one_line(charge, charge["label"], plain if split else plain + late, "wh", charge["nano"]))
                if split and late:
                    found.append(self.one_line(charge, charge["label"] + ", recovered", late, "wh", charge["recovered"]))
        return found

    def one_line(self, charge, label, qty, unit, nano):
        """A line with its amount."""
        minor = self.forces[0].payload["body"]["minor"]
        amount = divide(qty * nano * 10 ** minor, 10 ** 9 * (1000 if unit == "wh" else 1))
        return {"code": charge["code"], "label": label, "qty": qty, "unit": unit, "nano": nano, "amount": amount}

    def missing(self):
        """The spans of the period that no used day covers."""
        edges = [self.begin, *(edge for day in self.days for edge in (day.plain["from"], day.plain["to"])), self.end]
        return [[a, b] for a, b in zip(edges[::2], edges[1::2]) if a < b]

    def slots(self):
        """The counts of slots; total is their sum."""
        letters = Counter(letter for day in self.days for letter in day.plain["quality"])
        counts = {name: sum(letters[letter] for letter in kinds) for name, kinds in COUNTS.items()}
        counts["missing"] = sum((b - a + 899) // 900 for a, b in self.missing())
        return counts | {"total": sum(counts.values())}

    def check(self):
        """Compare line 1 and the plaintext with what was computed again."""
        line, plain, lines, body = self.line, self.plain, self.lines(), self.forces[0].payload["body"]
        found = {"from": self.begin, "to": self.end, "currency": body["currency"], "minor": body["minor"],
                 "offsets": self.offsets(), "lines": lines, "total": sum(one["amount"] for one in lines),
                 "missing": self.missing(), "slots": self.slots(),
                 "used": [[to_b64url(day.record.leaf), sum(day.plain["wh"])] for day in self.days]}
        for name, value in found.items():
            need(plain[name] == value, "bill-differs", f"{name} is {plain[name]}, computed {value}")
        need(line["n"] == len(self.days), "bill-differs", "n")
        need(b64url(line["days"]) == Tree(day.record.leaf for day in self.days).root(), "bill-differs", "days")
        known = {one.leaf for one in self.in_order}
        tariffs = [to_b64url(one.leaf) for one in self.tariffs if one.leaf in known]
        need(line["tariffs"] == tariffs, "bill-differs", "tariffs")


def check_bill(chain, record, plain, days):
    """Recompute a bill. Codes bill-differs, bill-period, tariff-none, tariff-body, tariff-currency."""
    need(is_bill(plain), "bill-differs", "members")
    need(point_of(plain) == record.payload["point"], "bill-differs", "opening is not that of the point")
    check_pad(plain, 0, "bill-differs")
    try:
        Bill(chain, record, plain, days).check()
    except (OverflowError, ValueError) as error:
        raise Fault("bill-differs", f"beyond the calendar: {error}") from error
    except Fault as fault:
        fault.code = "bill-differs" if fault.code == "zone" else fault.code
        raise
