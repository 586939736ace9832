"""Which readings of a point count (sections 4 and 11)."""
from forms import MAX, b64url


class Reading:
    """A day or correction record; `plain` if it was opened, `sound` if it keeps the rules that look at it alone, `usable` if all."""
    def __init__(self, record, position, point):
        payload = record.payload
        self.record, self.leaf, self.position, self.point = record, record.leaf, position, point
        self.kid, self.seq, self.is_day = record.kid, payload["seq"], record.typ == "day"
        self.begin, self.end = payload["from"], payload["to"]
        self.of = b64url(payload["of"]) if "of" in payload else None
        self.plain, self.sound, self.usable = None, False, False


def way(reading, known):
    """The reading and all that following `of` from it leads to, as far as known; the last is the root."""
    found = [reading]
    while found[-1].of in known:
        found.append(known[found[-1].of])
    return found


def is_void(reading, known, revoked, position=MAX + 1):
    """Do revocations below the position make it void, by its own key or by that of the day at its root?"""
    root = way(reading, known)[-1]
    for one in (reading, root):
        last, place = revoked.get(one.kid, (MAX, MAX))
        if one.seq > last and place < position and (one is reading or one.is_day):
            return True
    return False


def counting(known, revoked, point, position):
    """The readings of a point that count below a position, by their beginning."""
    latest = {}
    for one in known.values():
        if one.point == point and one.position < position and one.usable and not is_void(one, known, revoked, position):
            root = way(one, known)[-1]
            other = latest.get(root.leaf, (root, one))[1]
            latest[root.leaf] = root, max(one, other, key=lambda reading: reading.position)
    stay = [one for root, one in latest.values() if root.is_day or not is_replaced(root, latest)]
    return sorted(stay, key=lambda reading: reading.begin)


def is_replaced(fill, latest):
    """Does what stays of another root stand after the fill and overlap it?"""
    return any(root.leaf != fill.leaf and one.position > fill.position and one.begin < fill.end and fill.begin < one.end
               for root, one in latest.values())


def repeated(reading, known):
    """What a correction's registers repeat: "fill", a plaintext, or None where that is not known."""
    others = way(reading, known)[1:]
    root = others[-1] if others else reading
    if not root.is_day and root.of is None:
        return "fill"
    if others and root.is_day and root.sound:
        return root.plain
    return next((one.plain for one in others if not one.is_day and one.usable), None)
