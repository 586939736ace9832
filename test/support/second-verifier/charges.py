"""The lines of one tariff's charges (section 12)."""
from bisect import bisect_right
from calendar import monthrange
from collections import Counter, namedtuple
from datetime import date, datetime, timedelta

from forms import MAX, need
from readings import beginnings, divide
from tariffs import holds

# A slot: first instant, seconds, step (0 for the one slot of a day without slots), Wh, exported Wh, letter, where its gap begins.
Slot = namedtuple("Slot", "start length step wh out letter gap")


def walk(days):
    """All slots of the used days, in order."""
    gap = days[0].plain["from"] if days else 0
    for day in days:
        plain, step = day.plain, day.plain["step"]
        length = step or plain["to"] - plain["from"]
        out = plain["out"]["wh"] if "out" in plain else [0] * len(plain["wh"])
        for i, values in enumerate(zip(plain["wh"], out, plain["quality"])):
            start = plain["from"] + i * step
            yield Slot(start, length, step, *values, gap)
            gap = gap if values[2] == "G" else start + length


def moments(slot, cheapest):
    """The instants at which a slot's price is looked for: of its own beginning, and of its gap where the cheapest counts."""
    return [slot.start, *(range(slot.gap, slot.start, 900) if cheapest else [])]


def month_of(seconds):
    """Months since year 0 at a local time."""
    day = date.fromordinal(seconds // 86400 + date(1970, 1, 1).toordinal())
    return day.year * 12 + day.month - 1


def kwh(value):
    """Wh in kWh, as an exact decimal without trailing zeros."""
    return f"{value // 1000}.{value % 1000:03d}".rstrip("0").rstrip(".")


class Charges:
    """The lines of one tariff in a bill. The bill knows its period, slots, offsets, tariffs in force and prices."""
    def __init__(self, bill, tariff):
        self.bill, self.tariff, self.body, self.found = bill, tariff, tariff.payload["body"], []
        self.starts = [instant for instant, _ in bill.offsets]
        self.slots = [slot for slot in bill.slots if bill.in_force(slot.start) is tariff]
        for charge in self.body["charges"]:
            self.found += getattr(self, "lines_of_" + charge["kind"])(charge)

    # ---- Time
    def local(self, instant):
        """The local time in seconds since 1970 as if it were UTC."""
        return instant + self.bill.offsets[bisect_right(self.starts, instant) - 1][1]

    def month(self, instant):
        """The local month of an instant."""
        return month_of(self.local(instant))

    def in_when(self, when, instant):
        """Does `when` hold at an instant?"""
        return holds(when, self.body.get("holidays", []), self.local(instant))

    def days_begun(self):
        """The month of each local day that begins within the period while the tariff is in force."""
        return Counter(month_of(number * 86400) for instant, number in beginnings(self.bill.offsets, self.bill.end)
                       if instant >= self.bill.begin and self.bill.in_force(instant) is self.tariff)

    def count(self, per):
        """How many local days or months begin within the period while the tariff is in force."""
        if per == "day":
            return sum(self.days_begun().values())
        found, month = 0, self.month(self.starts[0])
        for instant, number in beginnings(self.bill.offsets, self.bill.end):
            fresh, month = month_of(number * 86400) > month, max(month, month_of(number * 86400))
            found += fresh and instant >= self.bill.begin and self.bill.in_force(instant) is self.tariff
        return found

    # ---- Lines
    def line(self, code, label, qty, unit, nano, exact=None):
        """A line with its amount; exact is the sum of Wh times price of a line of unit wh-mean."""
        scale = 10 ** self.body["minor"]
        if unit == "tax":
            amount = divide(qty * nano, 10 ** 9)
        elif unit == "wh-mean":
            amount = divide(exact * scale, 10 ** 12)
        else:
            amount = divide(qty * nano * scale, 10 ** 12 if unit in ("wh", "w") else 10 ** 9)
        need(all(abs(value) <= MAX for value in (qty, nano, amount)), "money-range", f"a number of line {code}")
        return {"code": code, "label": label, "qty": qty, "unit": unit, "nano": nano, "amount": amount}

    def lines_of_energy(self, charge):
        """Energy: by its rate, recovered Wh at a price of their own or at the cheapest one of their gap."""
        apart = "recovered" in charge
        pairs = [(slot, slot.wh) for slot in self.slots if not (apart and slot.letter == "R")]
        lines = self.by_rate(charge, pairs, 1)
        late = sum(slot.wh for slot in self.slots if slot.letter == "R")
        if apart and late:
            lines.append(self.line(charge["code"], charge["label"] + ", recovered", late, "wh", charge["recovered"]))
        return lines

    def lines_of_export(self, charge):
        """Export: by its rate, negated."""
        return self.by_rate(charge, [(slot, slot.out) for slot in self.slots], -1)

    def by_rate(self, charge, pairs, sign):
        """The lines of (slot, Wh) by a RATE."""
        code, label = charge["code"], charge["label"]
        if "series" in charge:
            return self.by_series(charge, pairs, sign)
        if "nano" in charge:
            return [self.line(code, label, sum(wh for _, wh in pairs), "wh", sign * charge["nano"])]
        if "steps" in charge:
            lines = self.by_steps(charge, label, pairs, sign)
        else:
            lines, bands = [], charge["bands"]
            placed = [(self.band_of(bands, slot, sign), slot, wh) for slot, wh in pairs if wh]
            for index, band in enumerate(bands):
                name, own = f"{label}, {band['label']}", [(slot, wh) for at, slot, wh in placed if at == index]
                if "steps" in band:
                    lines += self.by_steps(band, name, own, sign)
                else:
                    lines.append(self.line(band["code"], name, sum(wh for _, wh in own), "wh", sign * band["nano"]))
        return [line for line in lines if line["qty"]] or lines[:1]

    def band_of(self, bands, slot, sign):
        """The index of a slot's band."""
        def at(instant):
            return next((i for i, band in enumerate(bands[:-1]) if self.in_when(band["when"], instant)), len(bands) - 1)

        def price(index):
            return bands[index]["steps"][0]["nano"] if "steps" in bands[index] else bands[index]["nano"]
        return min(map(at, moments(slot, sign > 0 and slot.letter == "R")), key=price)

    def by_steps(self, rate, label, pairs, sign):
        """The lines of steps, month by month."""
        energy, begun, lines = Counter(), self.days_begun(), []
        for slot, wh in pairs:
            energy[self.month(slot.start)] += wh
        for month, wh in sorted(energy.items()):
            low = 0
            length = monthrange(month // 12, month % 12 + 1)[1] if rate["per"] == "month" else 1
            for step in rate["steps"] if wh else []:
                high = step["upto"] * begun[month] // length if "upto" in step else None
                qty = max(0, (wh if high is None else min(wh, high)) - low)
                if high is None:
                    name = f"{label}, above {kwh(low)} kWh"
                else:
                    name = f"{label}, {kwh(low)} kWh to {kwh(high)} kWh" if low else f"{label}, first {kwh(high)} kWh"
                lines.append(self.line(rate["code"], name, qty, "wh", sign * step["nano"]))
                low = high
        return lines

    def by_series(self, charge, pairs, sign):
        """The lines of a price series."""
        energy = Counter()
        for slot, wh in pairs:
            if wh:
                prices = [self.bill.price(charge["series"], at) for at in moments(slot, sign > 0 and slot.letter == "R")]
                need(prices[0] is not None, "price-none", f"no price of {charge['series']} at {slot.start}")
                energy[min(price for price in prices if price is not None) + charge.get("add", 0)] += wh
        code, label = charge["code"], charge["label"]
        if len(energy) > 24:
            qty, exact = sum(energy.values()), sign * sum(wh * price for price, wh in energy.items())
            return [self.line(code, label, qty, "wh-mean", divide(exact, qty), exact)]
        prices = sorted(energy.items()) or [(0, 0)]
        return [self.line(code, label, wh, "wh", sign * price) for price, wh in prices]

    def lines_of_standing(self, charge):
        """Standing: by days, months, or once a bill."""
        if charge["per"] == "bill":
            first = self.bill.in_force(self.bill.begin) is self.tariff
            return [self.line(charge["code"], charge["label"], 1, "each", charge["nano"])] if first else []
        return [self.line(charge["code"], charge["label"], self.count(charge["per"]), charge["per"], charge["nano"])]

    def lines_of_demand(self, charge):
        """Demand: the highest quarter of an hour of each month."""
        watts = Counter()
        for slot in self.slots:
            if slot.letter == "R" or slot.step == 0:
                continue
            end = slot.start + slot.length
            for window in range(slot.start // 900 * 900, end, 900):
                overlap = min(end, window + 900) - max(slot.start, window)
                watts[self.month(slot.start), window] += slot.wh * 4 * overlap // slot.length
        best = {}
        for (month, window), value in sorted(watts.items()):
            if value > best.get(month, (0, 0))[0] and ("when" not in charge or self.in_when(charge["when"], window)):
                best[month] = value, window
        lines = []
        for _, (value, window) in sorted(best.items()):
            time = datetime(1970, 1, 1) + timedelta(seconds=self.local(window))
            lines.append(self.line(charge["code"], f"{charge['label']}, {time:%Y-%m-%d %H:%M}", value, "w", charge["nano"]))
        return lines

    def lines_of_minimum(self, charge):
        """Minimum: what is missing to it."""
        least = self.line("", "", self.count(charge["per"]), charge["per"], charge["nano"])["amount"]
        lack = least - sum(line["amount"] for line in self.found)
        return [self.line(charge["code"], charge["label"], lack, "each", 10 ** (9 - self.body["minor"]))] if lack > 0 else []

    def lines_of_tax(self, charge):
        """Tax: on lines before it."""
        base = sum(line["amount"] for line in self.found
                   if (line["code"] in charge["on"] if "on" in charge else line["unit"] != "tax"))
        return [self.line(charge["code"], charge["label"], base, "tax", charge["nano"])]
