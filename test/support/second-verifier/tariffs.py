"""Tariff bodies (section 12): which ones version 1 computes with, and where their rules hold."""
from datetime import date

from forms import MAX, ascending, between, is_c, is_int, is_n, is_s, list_of, matches, object_of, one_of, tuple_of

is_currency, is_minor = matches("[A-Z]{3}"), between(0, 4)


# ---- Forms ----------------------------------------------------------------------------------------------------------

MONTH_DAY = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
# Dates are judged by their form: one that no year has is never reached.
is_month_day, is_holiday = matches(MONTH_DAY), matches("[0-9]{4}-" + MONTH_DAY)


def is_hours(value):
    """[a, b) in minutes of the day."""
    return tuple_of(between(0, 1440), between(0, 1440))(value) and value[0] < value[1]


has_rule = object_of(months_q=list_of(between(1, 12), 1, 12), weekdays_q=list_of(between(1, 8), 1, 8),
                     dates_q=list_of(tuple_of(is_month_day, is_month_day), 1, 24), hours_q=list_of(is_hours, 1, 48))
is_when = list_of(lambda value: has_rule(value) and len(value) > 0, 1, 48)
has_steps = list_of(object_of(upto_q=between(1, MAX), nano=is_int), 1, 16)


def is_steps(value):
    """Steps: upto strictly ascending, absent exactly in the last."""
    return (has_steps(value) and "upto" not in value[-1] and all("upto" in step for step in value[:-1])
            and ascending([step["upto"] for step in value[:-1]]))


by_nano, by_steps = {"nano": is_int}, {"steps": is_steps, "per": one_of("month", "day")}


def any_of(*checks):
    """A value of one of some types."""
    return lambda value: any(check(value) for check in checks)


BAND = {"code": is_c, "label": matches(".{1,60}"), "when_q": is_when}
is_band = any_of(*(object_of(**BAND, **rate) for rate in (by_nano, by_steps)))


def is_bands(value):
    """Bands: every one but the last has `when`."""
    return list_of(is_band, 1, 48)(value) and all(("when" in band) == (band is not value[-1]) for band in value)


RATES = (by_nano, by_steps, {"bands": is_bands}, {"series": is_c, "add_q": is_int})
CHARGE = {"code": is_c, "label": matches(".{1,100}")}
is_charge = any_of(
    *(object_of(kind=one_of("energy"), recovered_q=is_int, **CHARGE, **rate) for rate in RATES),
    *(object_of(kind=one_of("export"), **CHARGE, **rate) for rate in RATES),
    object_of(kind=one_of("standing"), per=one_of("day", "month", "bill"), **CHARGE, **by_nano),
    object_of(kind=one_of("demand"), when_q=is_when, **CHARGE, **by_nano),
    object_of(kind=one_of("minimum"), per=one_of("day", "month"), **CHARGE, **by_nano),
    object_of(kind=one_of("tax"), on_q=list_of(is_c, 1, 64), **CHARGE, **by_nano))
has_members = object_of(v=one_of(1), name=is_s, currency=is_currency, minor=is_minor, zone_q=is_s, from_q=is_n, to_q=is_n,
                        holidays_q=list_of(is_holiday, 1, 1000), charges=list_of(is_charge, 1, 64))


def codes_of(charge):
    """The codes of a charge's lines."""
    codes = [band["code"] for band in charge.get("bands", [])]
    return codes + [charge["code"]] if not codes or "recovered" in charge else codes


def is_body(body):
    """Is it a tariff body that version 1 computes with?"""
    if not (has_members(body) and ascending(body.get("holidays", [])) and body.get("to", MAX) > body.get("from", 0)):
        return False
    codes = []
    for charge in body["charges"]:
        if not set(charge.get("on", [])) <= set(codes):
            return False
        codes += codes_of(charge)
    return len(set(codes)) == len(codes)


# ---- Where a rule holds ---------------------------------------------------------------------------------------------

def within_dates(day, first, end):
    """Is MM-DD in [first, end), over the end of the year if first is not before end?"""
    return first <= day < end if first < end else day >= first or day < end


def holds(when, holidays, seconds):
    """Does one of the rules hold at local time, given in seconds since 1970 as if it were UTC?"""
    number, rest = divmod(seconds, 86400)
    day = date.fromordinal(number + date(1970, 1, 1).toordinal())
    minute, text = rest // 60, day.isoformat()
    weekday = 8 if text in holidays else day.isoweekday()

    def rule_holds(rule):
        return (day.month in rule.get("months", [day.month]) and weekday in rule.get("weekdays", [weekday])
                and any(within_dates(text[5:], a, b) for a, b in rule.get("dates", [("01-01", "01-01")]))
                and any(a <= minute < b for a, b in rule.get("hours", [(0, 1440)])))
    return any(map(rule_holds, when))
