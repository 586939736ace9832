"""The chain: chain rules (section 3), record types (section 4), blocks (section 5)."""
import struct
from collections import Counter

from forms import (BY_METER, MAX, Fault, ascending, b64url, es256, is_h, is_object, leaf_of, list_of, need, object_of,
                   on_curve, one_of, parse_jws, read_json, rule_c1, sha, is_text, thumbprint, to_b64url)
from effective import Reading, is_void
from proofs import Tree

SIGNERS = {"enrol": {"registrar"}, "revoke": {"registrar"}, "correction": {"registrar"}, "exchange": {"registrar"},
           "credit": {"biller"}, "tariff": {"biller"}, "price": {"biller"}, "payment": {"biller"}, "assign": {"biller"}, "bill": {"biller"},
           "evidence": {"gateway", "registrar"}}
is_block = object_of(header=is_text, nonce=is_text, records=list_of(is_text), seal=is_text)
is_request = object_of(v=one_of(1), chain=is_h, token=is_h)


def target_of(bits):
    """The target of compact bits; only canonical ones are taken."""
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    need(not bits & 0x800000 and exponent <= 34, "bits", "sign bit, or target out of range")
    target = mantissa * 256 ** exponent >> 24
    need(0 < target < 2 ** 256, "bits", "target out of range")
    size = (target.bit_length() + 7) // 8
    leading = (target << 24) >> 8 * size
    size, leading = (size + 1, leading >> 8) if leading & 0x800000 else (size, leading)
    need(bits == size << 24 | leading, "bits", "bits are not canonical")
    return target


def kid_of(line):
    """The kid in a record's header, as far as it can be read before the record is judged."""
    try:
        head = read_json(b64url(line.split(".")[0]))
        return b64url(head["kid"]) if is_object(head) and is_h(head.get("kid")) else None
    except Fault:
        return None


class Member:
    """A key that genesis lists."""
    def __init__(self, entry):
        self.jwk, self.name, self.roles, self.seq, self.leaf = entry["key"], entry["name"], set(entry["roles"]), 0, None
        self.note = b64url(entry["note"]) if "note" in entry else None


class Meter:
    """A meter key that an enrol admitted."""
    def __init__(self, jwk, leaf):
        self.jwk, self.point, self.seq, self.leaf = jwk, None, 0, leaf
        self.frozen, self.last, self.ended, self.to, self.day = False, None, False, [], None


class Stay:
    """The records that one key signed at a point: seq above `after`, up to `last` once it has ended."""
    def __init__(self, kid, after):
        self.kid, self.after, self.last = kid, after, None


class Point:
    """A metering point: who was there in turn, who is there, the `to` keys of its last enrol, its bills, fills, exchanges."""
    def __init__(self):
        self.active, self.last, self.bills, self.to = None, 0, [], []
        self.stays, self.fills, self.exchanged = [], [], set()

    def enter(self, kid, seq):
        """A key comes, its last seq being this one."""
        self.active = kid
        self.stays.append(Stay(kid, seq))

    def leave(self, kid, seq):
        """A key does not occupy the point any more, if it did."""
        if self.active == kid:
            self.active, self.stays[-1].last = None, seq


class Chain:
    """The state that records and block headers build, and the rules that guard it."""
    def __init__(self):
        self.id = self.params = self.origin = self.tip = None
        self.members, self.meters, self.points, self.tokens = {}, {}, {}, set()
        self.versions, self.tariffs, self.assigns, self.sealed, self.day_before = {}, [], [], {}, {}
        self.series, self.prices, self.bill_points = {}, [], {}
        self.readings, self.revoked = {}, {}
        self.tree, self.position, self.roots, self.entries = Tree(), {}, {}, []
        self.heights, self.height, self.time = [], -1, 0

    # Section 3
    def take_record(self, line, time):
        """Rules C1 to C6 for one record in a block of that time, then its effect."""
        record = rule_c1(line)
        if record.typ == "genesis":
            self.rules_of_genesis(record)
            raise Fault("genesis", "genesis is the log's first record only")
        need(record.payload["v"] in self.params["formats"], "version", "format is not in the chain's formats")
        key = self.rule_c3(record)
        self.rules_c4_c5(record, key, key.leaf or self.id)
        getattr(self, "type_" + record.typ)(record, key, time)
        self.log(record, key)

    def rule_c3(self, record):
        """The signer: known, not frozen, and with the role of the type."""
        key = self.members.get(record.kid) or self.meters.get(record.kid)
        need(key, "unknown-key", "kid is not known")
        need(isinstance(key, Member) or not key.frozen, "frozen", "key is frozen")
        need(isinstance(key, Member) or record.kid not in self.revoked, "inactive-key", "key is revoked")
        may = record.typ in (*BY_METER, "correction") if isinstance(key, Meter) else key.roles & SIGNERS.get(record.typ, set())
        need(may, "role", f"key may not sign {record.typ}")
        return key

    @staticmethod
    def rules_c4_c5(record, key, prev):
        """The record is next in its key's chain, and signed."""
        need(record.payload["seq"] == key.seq + 1, "seq", f"seq {record.payload['seq']} after {key.seq}")
        need(b64url(record.payload["prev"]) == prev, "prev", "prev is not the key's last record")
        need(es256(key.jwk, record.signature, record.signed), "signature", "record's signature")

    def log(self, record, key):
        """Append a record to its key's chain and to the log."""
        key.seq, key.leaf, self.position[record.leaf] = key.seq + 1, record.leaf, len(self.entries)
        self.entries.append(record)
        self.heights.append(self.height)
        self.tree.add(record.leaf)

    # Section 4
    def take_genesis(self, line, time):
        """The first record of block 0."""
        record = rule_c1(line)
        need(record.typ == "genesis", "genesis", "the first record is not genesis")
        members, signer = self.rules_of_genesis(record)
        payload = record.payload
        self.check_genesis(payload, time)
        self.id, self.params, self.origin, self.members = record.leaf, payload["params"], payload["origin"], members
        self.log(record, signer)

    def rules_of_genesis(self, record):
        """C2 to C5 of a genesis record, by the members that it lists itself: these by kid, and its signer."""
        payload = record.payload
        members = {thumbprint(entry["key"]): Member(entry) for entry in payload["members"]}
        signer = next((one for one in members.values() if "authority" in one.roles), None)
        need(signer, "genesis", "no authority")
        need(signer is members.get(record.kid), "role", "not signed by the first authority")
        self.rules_c4_c5(record, signer, bytes(32))
        return members, signer

    @staticmethod
    def check_genesis(payload, time):
        """The column of rules in genesis' table."""
        members, params = payload["members"], payload["params"]
        need(payload["time"] == time, "genesis", "time is not that of block 0")
        need(len({thumbprint(entry["key"]) for entry in members}) == len(members), "genesis", "keys are not distinct")
        need(all(on_curve(entry["key"]) for entry in members), "key-off-curve", "a member's key")
        need(len({entry["name"] for entry in members}) == len(members), "genesis", "names are not distinct")
        need(all(ascending(entry["roles"]) for entry in members), "genesis", "roles are not sorted")
        need(all(("note" in entry) == ("gateway" in entry["roles"]) for entry in members), "genesis", "note is for gateways")
        notes = [entry["note"] for entry in members if "note" in entry]
        need(len(set(notes)) == len(notes), "genesis", "note keys are not distinct")
        counts = Counter(role for entry in members for role in entry["roles"])
        need(counts["gateway"] and payload["quorum"] <= counts["authority"], "genesis", "gateway, authority or quorum")
        formats = params["formats"]
        need(1 in formats and ascending(formats), "params", "formats")
        need(2 ** 256 // (target_of(params["bits"]) + 1) <= 2 ** 48, "params", "work of bits")

    def type_enrol(self, record, _key, _time):
        """enrol: a new meter key, or a new point or new recipients of an active one."""
        payload, name = record.payload, record.payload["point"]
        kid, to = thumbprint(payload["key"]), [to_b64url(thumbprint(entry["key"])) for entry in payload["to"]]
        need(kid not in self.members, "known-key", "the key is a member's")
        need(ascending(to) and any(entry["use"] == "utility" for entry in payload["to"]), "recipients", "order, or no utility")
        meter, point = self.meters.get(kid), self.points.get(name) or Point()
        need(not (meter and (meter.frozen or kid in self.revoked)), "known-key", "the key is known and not active")
        need(point.active in (None, kid), "point", "another key is active at the point")
        need(("req" in payload) == (meter is None), "request", "req is there for a new key only")
        if meter is None:
            need(on_curve(payload["key"]), "key-off-curve", "the meter's key")
            self.tokens.add(self.check_request(payload["req"], kid, payload["key"]))
            meter = self.meters[kid] = Meter(payload["key"], record.leaf)
        if meter.point != name:
            if meter.point is not None:
                self.points[meter.point].leave(kid, meter.seq)
            meter.point, meter.last, meter.ended = name, None, False
            point.enter(kid, meter.seq)
        self.points[name], point.to, meter.to = point, to, to

    def check_request(self, line, kid, jwk):
        """The request inside an enrol; returns its token."""
        try:
            request = parse_jws(line)
        except Fault as fault:
            raise Fault("request", f"request: {fault.message}") from fault
        need(request.typ == "request" and request.kid == kid, "request", "type or kid of the request")
        need(is_request(request.payload), "request", "members of the request")
        need(b64url(request.payload["chain"]) == self.id, "chain", "request for another chain")
        need(es256(jwk, request.signature, request.signed), "request", "request's signature")
        need(request.payload["token"] not in self.tokens, "token", "token was used before")
        return request.payload["token"]

    def type_day(self, record, meter, time):
        """day: its five rules."""
        start, end, point = record.payload["from"], record.payload["to"], self.points[meter.point]
        need(start < end <= start + 100800, "period", "from and to")
        need(meter.last in (None, start), "period", "not from the end of the key's previous day")
        need(start >= point.last, "overlap", "before the end of the point's last day")
        need(end <= time + 600, "future", "later than the block")
        need(not meter.ended, "period", "the key's final day was before")
        meter.ended = meter.last is not None and end - start < 72000
        meter.last = point.last = end
        self.sealed[record.leaf] = meter.point, meter.to
        self.day_before[record.leaf], meter.day = meter.day, record.leaf
        self.readings[record.leaf] = Reading(record, len(self.entries), meter.point)

    def type_revoke(self, record, _key, _time):
        """revoke: a meter key signs nothing more, and what it signed after `last` is void."""
        kid, last = b64url(record.payload["kid"]), record.payload["last"]
        meter = self.meters.get(kid)
        need(meter, "reference", "no meter key")
        need(kid not in self.revoked, "inactive-key", "revoked before")
        need(last <= meter.seq, "reference", "last is beyond the key's records")
        self.points[meter.point].leave(kid, meter.seq)
        self.revoked[kid] = last, len(self.entries)
        for name in {one.point for one in self.days_of(kid)}:
            standing = [one.end for one in self.days_at(name) if not is_void(one, self.readings, self.revoked)]
            self.points[name].last = max(standing, default=0)

    def days_of(self, kid):
        """The days that a key signed."""
        return [one for one in self.readings.values() if one.is_day and one.kid == kid]

    def days_at(self, name):
        """The days logged at a point."""
        return [one for one in self.readings.values() if one.is_day and one.point == name]

    def type_correction(self, record, key, _time):
        """correction: in the place of another reading, or of none."""
        payload, point = record.payload, self.points.get(record.payload["point"])
        begin, end = span = payload["from"], payload["to"]
        need(point, "point", "the point was not enrolled")
        need(begin < end <= begin + 100800, "period", "from and to")
        if "of" in payload:
            other = self.readings.get(b64url(payload["of"]))
            need(other and not is_void(other, self.readings, self.revoked), "reference", "no reading, or a void one")
            need((other.begin, other.end) == span and other.point == payload["point"], "reference", "another time or point")
            need(isinstance(key, Member) or other.kid == record.kid, "reference", "somebody else's reading")
        else:
            need(isinstance(key, Member), "role", "a meter key fills nothing")
            days = [one for one in self.days_at(payload["point"]) if not is_void(one, self.readings, self.revoked)]
            spans = [(one.begin, one.end) for one in days] + point.fills
            need(all(b <= begin or end <= a for a, b in spans), "overlap", "there is a day or a fill")
            point.fills.append(span)
        self.sealed[record.leaf] = payload["point"], point.to
        self.readings[record.leaf] = Reading(record, len(self.entries), payload["point"])

    def type_exchange(self, record, _key, _time):
        """exchange: two keys that followed each other at a point, once."""
        payload, point = record.payload, self.points.get(record.payload["point"])
        need(point, "point", "the point was not enrolled")
        pair = b64url(payload["old"]), b64url(payload["new"])
        kids = [stay.kid for stay in point.stays]
        need(pair in zip(kids, kids[1:]) and pair not in point.exchanged, "exchange", "no such pair, or exchanged before")
        point.exchanged.add(pair)
        self.sealed[record.leaf] = payload["point"], point.to

    def type_credit(self, record, _key, _time):
        """credit: of a bill."""
        need(record.payload["bill"] in self.bill_points, "reference", "no bill")

    def type_event(self, record, meter, time):
        """event: it happened before the block."""
        need(record.payload["at"] <= time + 600, "future", "later than the block")
        self.sealed[record.leaf] = meter.point, meter.to

    def type_tariff(self, record, _key, _time):
        """tariff: versions count from 1."""
        name, version = record.payload["id"], record.payload["ver"]
        need(version == self.versions.get(name, 0) + 1, "tariff", "tariff's version")
        self.versions[name] = version
        self.tariffs.append((len(self.entries), record))

    def type_price(self, record, _key, _time):
        """price: a series goes on where it ended."""
        payload = record.payload
        end = payload["from"] + payload["step"] * len(payload["nano"])
        need(payload["from"] >= self.series.get(payload["id"], 0) and end <= MAX, "period", "prices set already, or beyond time")
        self.series[payload["id"]] = end
        self.prices.append((len(self.entries), record))

    def type_payment(self, record, _key, _time):
        """payment: for a point, or one of its bills."""
        payload, point = record.payload, self.points.get(record.payload["point"])
        need(point, "point", "the point was not enrolled")
        need("bill" not in payload or self.bill_points.get(payload["bill"]) == payload["point"], "reference", "no bill of the point")

    def type_assign(self, record, _key, _time):
        """assign: a tariff for a point from some instant on."""
        payload, point = record.payload, self.points.get(record.payload["point"])
        need(point, "point", "the point was not enrolled")
        need(payload["tariff"] in self.versions, "tariff", "the tariff was not logged")
        need(payload.get("to", MAX + 1) > payload["from"], "period", "from and to")
        need(all(payload["from"] >= end for _, end in point.bills), "period", "the point was billed beyond this")
        self.assigns.append((len(self.entries), payload))

    def type_bill(self, record, _key, _time):
        """bill: a point's period, once."""
        payload, point = record.payload, self.points.get(record.payload["point"])
        need(point, "point", "the point was not enrolled")
        need(payload["from"] < payload["to"], "period", "from and to")
        known = {to_b64url(one.leaf): position for position, one in self.tariffs + self.prices}
        order = [known.get(leaf, -1) for leaf in payload["tariffs"]]
        need(-1 not in order and ascending(order), "reference", "tariffs unknown or not in log order")
        need(all(payload["to"] <= start or end <= payload["from"] for start, end in point.bills), "overlap", "billed before")
        point.bills.append((payload["from"], payload["to"]))
        self.bill_points[to_b64url(record.leaf)] = payload["point"]

    def type_evidence(self, record, _key, _time):
        """evidence: two records of one meter key in one place freeze it."""
        try:
            a, b = rule_c1(record.payload["a"]), rule_c1(record.payload["b"])
        except Fault as fault:
            raise Fault("evidence", f"evidence: {fault.code}, {fault.message}") from fault
        meter = self.meters.get(a.kid)
        need(a.kid == b.kid and meter and not meter.frozen, "evidence", "not one meter key that is not frozen")
        same = all(a.payload[name] == b.payload[name] for name in ("seq", "prev"))
        need(same and a.leaf != b.leaf, "evidence", "not two in one place")
        need(all(es256(meter.jwk, one.signature, one.signed) for one in (a, b)), "evidence", "a signature")
        meter.frozen = True
        self.points[meter.point].leave(a.kid, meter.seq)

    # Section 5
    def gateways(self):
        """The members that seal blocks and sign checkpoints: note keys by name."""
        return {member.name: member.note for member in self.members.values() if "gateway" in member.roles}

    def take_block(self, line):
        """A block on the tip, by rules 1 to 6."""
        need(is_block(line), "dump", "members of a block line")
        header, nonce, seal = (b64url(line[name], code="dump") for name in ("header", "nonce", "seal"))
        records, before = line["records"], len(self.entries)
        need((len(header), len(nonce), len(seal)) == (156, 32, 64), "length", "header, nonce or seal")
        version, height, prev, records_root, size, log_root, time, bits, gateway = struct.unpack(">II32s32sQ32sQI32s", header)
        need(max(size, time) <= MAX, "length", "logSize or time is no N")
        need(version == 1, "header", "version")
        need(height == self.height + 1, "height", "height is not the parent's plus one")
        need(prev == (self.tip or bytes(32)), "parent", "not on its parent")
        need(time >= self.time, "time", "time goes back")
        self.height = height
        if height == 0:
            self.judge(self.take_genesis, "".join(records[:1]), time)
        tip = sha(sha(header), nonce)
        need(int.from_bytes(tip, "big") <= target_of(bits), "work", "hash is above the target")
        need(bits == self.params["bits"], "bits", "bits are not those of the chain")
        sealer = self.members.get(gateway)
        need(sealer and "gateway" in sealer.roles, "seal", "sealed by no gateway")
        need(es256(sealer.jwk, seal, b"wattproof-block/v1\n" + tip), "seal", "seal")
        self.rule_4(records)
        for record in records[height == 0:]:
            self.judge(self.take_record, record, time)
        added = Tree(record.leaf for record in self.entries[before:])
        need(records_root == added.root(), "root", "recordsRoot")
        need(size == len(self.entries), "root", "logSize")
        need(log_root == self.tree.root(), "root", "logRoot")
        self.tip, self.time, self.roots[size] = tip, time, log_root

    def rule_4(self, records):
        """How many records a block may have, how long, and how many of one meter key."""
        need(len(records) <= self.params["max_records"], "limit", "too many records")
        need(sum(len(record.encode()) for record in records) <= self.params["max_bytes"], "limit", "records too long")
        counts = Counter(kid for kid in map(kid_of, records) if kid and kid not in self.members)
        need(max(counts.values(), default=0) <= 64, "limit", "too many records of a meter key")

    def judge(self, take, line, time):
        """Take a record; a fault is told with its position in the log and its leaf."""
        try:
            take(line, time)
        except Fault as fault:
            fault.record, fault.leaf = len(self.entries), to_b64url(leaf_of(line))
            raise
