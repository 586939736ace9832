"""Days: the form of line 2 (section 10), local days, plaintexts of days (section 11) and their rows (section 8)."""
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from effective import repeated
from forms import (BY_METER, Fault, b64url, canonical, is_c, is_date, is_h, is_int, is_n, is_s, is_text, is_x25519, list_of, matches,
                   need, object_of, one_of, read_canonical, to_b64url, tuple_of)

# ---- Section 10: line 2 ---------------------------------------------------------------------------------------------

is_recipient = object_of(encrypted_key=is_text, header=object_of(apv=is_h, epk=is_x25519, kid=is_h))
is_line2 = object_of(ciphertext=is_text, iv=is_text, protected=is_text, recipients=list_of(is_recipient, 1, 4), tag=is_text)


def check_line2(raw, record, plain_size, to):
    """The form of a line 2 beside its record, and that it is sealed to exactly the key ids `to`. Code jwe-form."""
    need(len(raw) <= (24576 if record.typ in BY_METER else 65535), "jwe-form", "too long")
    value = read_canonical(raw)
    need(is_line2(value), "jwe-form", "members")
    need(len(b64url(value["ciphertext"])) == plain_size // 16 * 16 + 16, "jwe-form", "not the ciphertext of that plaintext")
    b64url(value["iv"], 16), b64url(value["tag"], 32)
    head = {"alg": "ECDH-ES+A256KW", "apu": to_b64url(record.kid), "enc": "A256CBC-HS512", "typ": f"wattproof-{record.typ}+jwe"}
    need(b64url(value["protected"]) == canonical(head), "jwe-form", "protected header")
    for recipient in value["recipients"]:
        b64url(recipient["encrypted_key"], 72)
        need(recipient["header"]["apv"] == recipient["header"]["kid"], "jwe-form", "apv and kid")
    kids = [recipient["header"]["kid"] for recipient in value["recipients"]]
    need(all(a < b for a, b in zip(kids, kids[1:])), "jwe-form", "recipients are not in ascending order")
    need(len({recipient["header"]["epk"]["x"] for recipient in value["recipients"]}) == len(kids), "jwe-form", "an epk twice")
    need(kids == to, "jwe-form", "not sealed to the keys of its point")


# ---- Local time -----------------------------------------------------------------------------------------------------

@lru_cache(maxsize=None)
def zone_names():
    """The names of the IANA data that this machine has."""
    return available_timezones()


@lru_cache(maxsize=None)
def zone_of(name):
    """The IANA zone of that name."""
    need(name in zone_names(), "zone", f"no zone {name}")
    return ZoneInfo(name)


def local(zone, instant):
    """The local date and time of an instant."""
    need(-10 ** 9 < instant < 250_000_000_000, "zone", "an instant beyond the calendar")
    return datetime.fromtimestamp(instant, zone)


def offset(zone, instant):
    """The zone's offset from UTC at an instant, in seconds."""
    return int(local(zone, instant).utcoffset().total_seconds())


def change(zone, low, high):
    """The first instant after low with another offset than low's; high has another one."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
    return high


@lru_cache(maxsize=4096)
def offsets_between(zone, begin, end):
    """((begin, the offset then), then (instant, offset) of every change after begin and before end)."""
    found, instant = [(begin, offset(zone, begin))], begin
    while instant < end - 1:
        after = min(instant + 3600, end - 1)
        if offset(zone, after) != found[-1][1]:
            after = change(zone, instant, after)
            found.append((after, offset(zone, after)))
        instant = after
    return tuple(found)


def beginnings(offsets, end):
    """(first instant, days since 1970) of each local day that begins after offsets[0] and before end.

    A day begins at the first instant at which the clock, by the offsets, shows its date or a later one; of days that
    begin together only the last, the one that the clock shows, is told.
    """
    seen = (offsets[0][0] + offsets[0][1]) // 86400
    for (start, seconds), after in zip(offsets, [*(entry[0] for entry in offsets[1:]), end]):
        if (start + seconds) // 86400 > seen:
            seen = (start + seconds) // 86400
            yield start, seen
        while (seen + 1) * 86400 - seconds < after:
            seen += 1
            yield seen * 86400 - seconds, seen


@lru_cache(maxsize=4096)
def day_bounds(zone, day):
    """The first instants of a local day and of the next one that exists; None if the zone skips the day."""
    number = date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
    middle = number * 86400
    found = list(beginnings(offsets_between(zone, middle - 3 * 86400, middle + 5 * 86400), middle + 5 * 86400))
    at = next((i for i, (_, shown) in enumerate(found) if shown == number), None)
    return None if at is None else (found[at][0], found[at + 1][0])


# ---- Section 11: days ---------------------------------------------------------------------------------------------------

is_span, is_list_n = tuple_of(is_n, is_n), list_of(is_n)
naturals, integers = tuple_of(is_n, is_n, is_n), tuple_of(is_int, is_int, is_int)
HEAD = {"v": one_of(1), "meter": matches("[0-9]{9}"), "salt": is_h, "pad": matches("0*"), "from": is_n, "to": is_n, "zone": is_s}
DAY = dict(
    **HEAD, day=is_date, tz=is_s, step=one_of(0, 60, 300, 600, 900, 1800, 3600), wh=is_list_n, register=is_span, out_q=object_of(wh=is_list_n, register=is_span), current_q=list_of(naturals, 1, 3),
    voltage_q=list_of(naturals, 1, 3), temperature_q=integers, humidity_q=naturals, location_q=tuple_of(is_int, is_int),
    events=list_of(tuple_of(is_n, is_c, is_s, optional=1)), clock=list_of(tuple_of(is_n, is_n, is_c, is_int)), fw=is_h, cal_q=is_h)
is_day = object_of(**DAY, quality=matches("[MIEmieRG]*"))
is_correction = object_of(**DAY, quality=matches("[MIEmieRSG]*"), reason=is_c)


def check_pad(plain, slots, code):
    """The shortest pad to a multiple of 512 bytes and to the least size."""
    size = len(canonical(plain))
    rest = size - len(plain["pad"])
    need(size == max(4096 if slots > 200 else 1024, (rest + 511) // 512 * 512), code, "pad")


def slots_of(plain):
    """(first instant, Wh, quality letter) of each slot of a day."""
    return [(plain["from"] + i * plain["step"], *slot) for i, slot in enumerate(zip(plain["wh"], plain["quality"]))]


def check_day(plain, record):
    """What a day or correction must hold by itself to count. Code unusable."""
    is_own = record.typ == "day"
    need((is_day if is_own else is_correction)(plain), "unusable", "members")
    begin, end, step, wh = plain["from"], plain["to"], plain["step"], plain["wh"]
    need((begin, end) == (record.payload["from"], record.payload["to"]), "unusable", "from and to are not line 1's")
    bounds = day_bounds(zone_of(plain["zone"]), plain["day"])
    need(bounds and bounds[0] <= begin and end <= bounds[1], "unusable", "not within the local day")
    need(step == 0 or (begin % step == 0 and end % step == 0), "unusable", "step does not divide from and to")
    count, length = ((end - begin) // step, step) if step else (1, end - begin)
    need(len(wh) == len(plain["quality"]) == count, "unusable", "number of slots")
    for _, energy, letter in slots_of(plain):
        need(letter == "R" or energy * 3600 <= 100_000 * length, "unusable", "more than 100 kW")
    for side in [plain] + ([plain["out"]] if "out" in plain else []):
        need(len(side["wh"]) == count, "unusable", "number of slots")
        need(not is_own or side["register"][1] - side["register"][0] == sum(side["wh"]), "unusable", "register")
        need(all(letter != "G" or energy == 0 for energy, letter in zip(side["wh"], plain["quality"])), "unusable", "a gap with energy")
    check_pad(plain, count, "unusable")
    check_values(plain)


def check_values(plain):
    """The rules for what was measured beside energy, events and clock of a day."""
    triples = [plain[name] for name in ("temperature", "humidity") if name in plain]
    triples += plain.get("current", []) + plain.get("voltage", [])
    need(all(least <= mean <= greatest for mean, least, greatest in triples), "unusable", "a mean outside its range")
    need("humidity" not in plain or max(plain["humidity"]) <= 10_000, "unusable", "humidity")
    need("temperature" not in plain or min(plain["temperature"]) >= -273_150, "unusable", "temperature")
    latitude, longitude = plain.get("location", (0, 0))
    need(abs(latitude) <= 900_000_000 and abs(longitude) <= 1_800_000_000, "unusable", "location")
    need(all(plain["from"] <= event[0] <= plain["to"] for event in plain["events"]), "unusable", "event outside the day")
    order = [entry[0] for entry in plain["clock"]]
    need(order == sorted(order) and all(slot < len(plain["wh"]) for slot in order), "unusable", "clock entries")


def goes_on(plain, before):
    """Do a day's registers begin where those of the same key's previous day, if any, ended?"""
    pairs = [(before, plain)] if before else []
    pairs += [(before["out"], plain["out"])] if before and "out" in before and "out" in plain else []
    return all(old["register"][1] == new["register"][0] for old, new in pairs)


def judge(reading, known, before, blob, to, meter):
    """Is an opened reading sound, and usable? `before`: the reading that is the key's previous day; blob and meter as far as known."""
    plain = reading.plain
    try:
        check_day(plain, reading.record)
        need(meter in (None, plain["meter"]), "unusable", "not the meter of the point's opening")
        if blob is not None:
            check_line2(blob, reading.record, len(canonical(plain)), to)
    except (Fault, OverflowError, ValueError):
        return
    reading.sound = True
    if reading.is_day:
        reading.usable = goes_on(plain, before.plain if before and before.sound else None)
    else:
        reading.usable = repeats(plain, repeated(reading, known))


def repeats(plain, other):
    """Does a correction have the registers of what it corrects?"""
    if other is None:
        return True
    if other == "fill":
        return all(side["register"] == [0, 0] for side in (plain, plain.get("out", plain)))
    return plain["register"] == other["register"] and (
        plain.get("out", {}).get("register") == other.get("out", {}).get("register"))


is_exchange = object_of(v=one_of(1), meter=matches("[0-9]{9}"), salt=is_h, pad=matches("0*"), final=is_n, first=is_n, unmetered=is_n,
                        reason=is_c)


def check_exchange(plain):
    """The form of an exchange. Codes schema, pad."""
    need(is_exchange(plain), "schema", "members")
    check_pad(plain, 0, "pad")


def shows_registers(payload, plain, days):
    """Are an exchange's registers those of the devices' days? `days`: those of the point that are not void, in log order."""
    old, new = b64url(payload["old"]), b64url(payload["new"])
    last = next((day for day in reversed(days) if day.kid == old and day.end <= payload["at"]), None)
    first = next((day for day in days if day.kid == new), None)
    return ((not last or not last.sound or last.plain["register"][1] == plain["final"])
            and (not first or not first.sound or first.plain["register"][0] == plain["first"]))


is_event = object_of(v=one_of(1), meter=matches("[0-9]{9}"), salt=is_h, pad=matches("0*"), at=is_n, code=is_c, before_q=is_s,
                     after_q=is_s)


def event_counts(plain, record, blob, to, meter):
    """The rules of an event; blob and meter as far as known."""
    try:
        need(is_event(plain), "unusable", "members")
        need(plain["at"] == record.payload["at"], "unusable", "at is not line 1's")
        need(meter in (None, plain["meter"]), "unusable", "not the meter of the point's opening")
        check_pad(plain, 0, "unusable")
        if blob is not None:
            check_line2(blob, record, len(canonical(plain)), to)
        return True
    except Fault:
        return False


# ---- Section 8: rows of opened days -------------------------------------------------------------------------------------

COLUMNS = "meter_id location timestamp energy_kwh current_a voltage_v temperature_c humidity_pct".split()


def divide(numerator, denominator):
    """The quotient rounded half away from zero."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


def two_decimals(value, digits):
    """value / 10^digits with two decimals, rounded half away from zero."""
    hundredths = divide(value * 100, 10 ** digits)
    return f"{'-' if hundredths < 0 else ''}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def degrees(value):
    """value / 10^7 without trailing zeros."""
    whole, rest = divmod(abs(value), 10 ** 7)
    return f"{'-' if value < 0 else ''}{whole}" + f".{rest:07d}".rstrip("0").rstrip(".")


def row_of(plain):
    """The texts of a day's row, without the columns that were not measured."""
    row = {"meter_id": plain["meter"], "energy_kwh": two_decimals(sum(plain["wh"]), 3)}
    row["timestamp"] = local(zone_of(plain["zone"]), plain["from"]).strftime("%Y-%m-%d %H:%M:%S")
    if "location" in plain:
        row["location"] = ",".join(map(degrees, plain["location"]))
    for column, name, digits in (("current_a", "current", 3), ("voltage_v", "voltage", 3)):
        row |= {column: two_decimals(plain[name][0][0], digits)} if name in plain else {}
    for column, name, digits in (("temperature_c", "temperature", 3), ("humidity_pct", "humidity", 2)):
        row |= {column: two_decimals(plain[name][0], digits)} if name in plain else {}
    return row
