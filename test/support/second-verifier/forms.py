"""Bytes and types: canonical JSON, base64, keys, ES256 (section 1), and the form of records (sections 2 and 4)."""
import base64
import hashlib
import json
import re
from collections import namedtuple
from datetime import date
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

MAX = 2 ** 53 - 1


class Fault(Exception):
    """A broken rule: its code, and where it was found (height, position in the log, leaf) as far as known."""
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message
        self.height = self.record = self.leaf = None


def need(condition, code, message):
    """Refuse with the code unless the condition holds."""
    if not condition:
        raise Fault(code, message)


# ---- Canonical JSON and base64 ------------------------------------------------------------------------------------

class Odd:
    """A JSON value that canonical JSON cannot write: a fraction, an exponent, an object with a name twice."""


def sha(*parts):
    """SHA-256 of the concatenation."""
    return hashlib.sha256(b"".join(parts)).digest()


def read_json(raw):
    """Parse bytes as JSON, keeping what canonical JSON forbids recognizable. Codes utf8, json, canonical."""
    def constant(name):
        raise Fault("json", f"{name} is not JSON")

    def pairs(items):
        return dict(items) if len(dict(items)) == len(items) else Odd()
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=constant, object_pairs_hook=pairs,
                          parse_float=lambda _: Odd(), parse_int=lambda text: int(text) if len(text) < 4000 else Odd())
    except UnicodeDecodeError as error:
        raise Fault("utf8", "not UTF-8") from error
    except RecursionError as error:
        raise Fault("canonical", "nested too deep") from error
    except ValueError as error:
        raise Fault("json", f"not JSON: {error}") from error


def write(value, level=0):
    """The canonical text of a value inside `level` arrays and objects."""
    if type(value) is int:
        need(abs(value) <= MAX, "canonical", "integer out of range")
        return str(value)
    if type(value) is str:
        need(not re.search("[\0-\x1f\ud800-\udfff]", value), "canonical", "control character or lone surrogate")
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    need(type(value) in (list, dict) and level < 32, "canonical", "nested too deep, or no value of canonical JSON")
    if type(value) is list:
        return "[" + ",".join(write(item, level + 1) for item in value) + "]"
    need(all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in value), "canonical", "member name")
    return "{" + ",".join(f'"{name}":{write(value[name], level + 1)}' for name in sorted(value)) + "}"


def canonical(value):
    """The canonical bytes of a value."""
    return write(value).encode()


def read_canonical(raw):
    """Parse bytes that must be canonical JSON."""
    value = read_json(raw)
    need(canonical(value) == raw, "canonical", "not canonical JSON")
    return value


def b64url(text, size=None, code="base64"):
    """Decode base64url without padding; only the one text of its bytes is taken."""
    need(isinstance(text, str) and re.fullmatch("[A-Za-z0-9_-]*", text) and len(text) % 4 != 1, code, "not base64url")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(to_b64url(raw) == text, code, "not the one base64url text of its bytes")
    need(size in (None, len(raw)), code, f"not {size} bytes")
    return raw


def to_b64url(raw):
    """Encode as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64(text, size=None):
    """Decode standard base64 with padding; only the one text of its bytes is taken."""
    need(re.fullmatch("[A-Za-z0-9+/]*={0,2}", text) and len(text) % 4 == 0, "base64", "not base64")
    raw = base64.b64decode(text)
    need(base64.b64encode(raw).decode() == text and size in (None, len(raw)), "base64", "not the one base64 text of its bytes")
    return raw


def decimal(text):
    """A natural number in decimal, in the one way to write it."""
    need(re.fullmatch("0|[1-9][0-9]{0,15}", text) and int(text) <= MAX, "form", "not a decimal number")
    return int(text)


# ---- Types: each answers whether a value has the type ---------------------------------------------------------------

def is_h(value):
    """H: 32 bytes in base64url."""
    try:
        return len(b64url(value)) == 32
    except Fault:
        return False


def is_date(value):
    """D: a calendar date."""
    try:
        return re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None and date.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False


def is_int(value):
    """int (not a Boolean, which Python counts among them)."""
    return type(value) is int


def between(least, most):
    """An integer within bounds."""
    return lambda value: type(value) is int and least <= value <= most


is_n = between(0, MAX)


def matches(pattern):
    """A string that the whole pattern fits."""
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


def one_of(*values):
    """One of some strings or integers."""
    return lambda value: type(value) in (str, int) and value in values


def list_of(check, least=0, most=MAX):
    """An array of least to most values of one type."""
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(check, value))


def tuple_of(*checks, optional=0):
    """An array with one value for each check; the last `optional` ones may be absent."""
    return lambda value: (isinstance(value, list) and len(checks) - optional <= len(value) <= len(checks)
                          and all(check(item) for check, item in zip(checks, value)))


def object_of(**members):
    """An object with exactly these members; a name ending in _q may be absent (the page's question mark)."""
    table = {name.removesuffix("_q"): check for name, check in members.items()}
    required = {name for name in members if not name.endswith("_q")}
    return lambda value: (isinstance(value, dict) and required <= value.keys() <= table.keys()
                          and all(table[name](item) for name, item in value.items()))


def is_object(value):
    """An object, whatever its members."""
    return isinstance(value, dict)


def ascending(values):
    """Is each value greater than the one before?"""
    return all(a < b for a, b in zip(values, values[1:]))


# J: judged by its form only; what it holds is judged by the rule that uses it.
is_j = matches(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
is_text, is_c, is_s = matches(".*"), matches("[a-z0-9-]{1,32}"), matches(".{1,200}")
is_x25519 = object_of(crv=one_of("X25519"), kty=one_of("OKP"), x=is_h)
is_p256 = object_of(crv=one_of("P-256"), kty=one_of("EC"), x=is_h, y=is_h)

# ---- P-256 keys and ES256 -----------------------------------------------------------------------------------------

P256 = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def coordinates(jwk):
    """The two integers of a P-256 key."""
    return tuple(int.from_bytes(b64url(jwk[name]), "big") for name in "xy")


def on_curve(jwk):
    """Is a P-256 key a point on its curve? (The point at infinity has no coordinates.)"""
    x, y = coordinates(jwk)
    return x < P256 and y < P256 and (y * y - x * x * x + 3 * x - B256) % P256 == 0


def thumbprint(jwk):
    """RFC 7638 thumbprint, raw."""
    return sha(canonical(jwk))


def es256(jwk, signature, message):
    """Does the ES256 signature hold, with low s?"""
    return es256_holds(coordinates(jwk), signature, message)


@lru_cache(maxsize=65536)
def es256_holds(point, signature, message):
    """es256 on integers; answers are kept, because many dumps of one chain may be read in one run."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not 1 <= r < N256 or not 1 <= s <= (N256 - 1) // 2:
        return False
    try:
        key = ec.EllipticCurvePublicNumbers(*point, ec.SECP256R1()).public_key()
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- Sections 2 and 4: records and their tables --------------------------------------------------------------------

RESERVED = "member params rotate erase".split()
ROLES = ("authority", "biller", "gateway", "registrar")
Jws = namedtuple("Jws", "kid typ payload signature signed leaf")
is_member = object_of(key=is_p256, note_q=is_h, name=is_c, roles=list_of(one_of(*ROLES), 1, 4))
is_params = object_of(bits=between(0, 2 ** 32 - 1), max_records=between(1, 16384), max_bytes=between(65535, 16777216),
                      formats=list_of(is_n, 1, 16))
is_origin = matches(r"(?!eyJ|cosignature/|wattproof-)[!-*,-~]{1,200}")
SPAN, LINE2 = {"from": is_n, "to": is_n}, {"ct": is_h, "pt": is_h}
TABLES = {
    "genesis": {"origin": is_origin, "zone": matches("[0-9]{3}"), "time": is_n, "salt": is_h, "quorum": between(1, MAX),
                "members": list_of(is_member, 1, 256), "params": is_params},
    "enrol": {"key": is_p256, "point": is_h, "req_q": is_j,
              "to": list_of(object_of(key=is_x25519, use=one_of("utility", "customer")), 1, 4)},
    "day": {**LINE2, **SPAN},
    "revoke": {"kid": is_h, "last": is_n, "reason": is_c},
    "event": {**LINE2, "at": is_n},
    "correction": {**LINE2, **SPAN, "point": is_h, "of_q": is_h},
    "exchange": {**LINE2, "point": is_h, "old": is_h, "new": is_h, "at": is_n},
    "tariff": {"id": is_c, "ver": between(1, MAX), "body": lambda v: is_object(v) and len(canonical(v)) <= 16384},
    "price": {"id": is_c, "from": is_n, "step": between(1, MAX), "nano": list_of(is_int, 1)},
    "payment": {**LINE2, "point": is_h, "bill_q": is_h},
    "assign": {"point": is_h, "tariff": is_c, "from": is_n, "to_q": is_n},
    "bill": {**LINE2, **SPAN, "point": is_h, "tariffs": list_of(is_h), "days": is_h, "n": is_n},
    "credit": {**LINE2, "bill": is_h, "days": is_h, "n": is_n},
    "evidence": {"a": is_j, "b": is_j},
}
HAS_LINE2 = ("day", "event", "correction", "exchange", "bill", "credit", "payment")
BY_METER = ("day", "event")


def printable(value):
    """Are all strings in here printable ASCII?"""
    if isinstance(value, (dict, list)):
        return all(map(printable, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, str) or re.fullmatch("[ -~]*", value) is not None


def leaf_of(line):
    """The leaf of a line 1."""
    return sha(b"\0", line.encode())


def parse_jws(line):
    """Take a compact JWS apart: size, form, header, base64url, JSON, newer, canonical. The type is judged by the caller."""
    need(len(line.encode()) <= 65535, "size", "record too long")
    need(line.isascii() and line.count(".") == 2, "form", "not three parts")
    header, payload, signature = map(b64url, line.split("."))
    try:
        head = read_canonical(header)
    except Fault as fault:
        raise Fault("form", f"header: {fault.message}") from fault
    shape = object_of(alg=one_of("ES256"), kid=is_h, typ=matches(r"wattproof-[a-z0-9-]+\+jws"))
    need(shape(head) and len(signature) == 64, "form", "header, or length of the signature")
    typ = head["typ"][10:-4]
    need(typ not in BY_METER or len(line) <= 4096, "size", "a meter's record too long")
    value = read_json(payload)
    need(not (is_object(value) and is_int(value.get("v")) and value["v"] > 1), "newer", "a newer format")
    need(canonical(value) == payload, "canonical", "payload is not canonical")
    return Jws(b64url(head["kid"]), typ, value, signature, line.rpartition(".")[0].encode(), leaf_of(line))


def rule_c1(line):
    """Rule C1: everything about a record that needs no state."""
    record = parse_jws(line)
    need(record.typ not in RESERVED, "unsupported", f"type {record.typ}")
    need(record.typ in TABLES, "typ", f"type {record.typ}")
    table = object_of(v=one_of(1), seq=between(1, MAX), prev=is_h, **TABLES[record.typ])
    need(table(record.payload), "schema", "members are not those of the table")
    plain = {name: value for name, value in record.payload.items() if (record.typ, name) != ("tariff", "body")}
    need(printable(plain), "schema", "a string that is not printable ASCII")
    return record
