"""What gateways prove: Ed25519 (section 1), the Merkle tree (section 6), checkpoints and receipts (section 7)."""
import hashlib
import re
from functools import lru_cache

from forms import Fault, b64, decimal, need, sha

# ---- Ed25519 on plain integers, in extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z ----------------

Q = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D, IDENTITY = -121665 * pow(121666, -1, Q) % Q, (0, 1, 1, 0)


def ed_add(a, b):
    """The sum of two points (complete formula)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % Q, (a[1] + a[0]) * (b[1] + b[0]) % Q
    g, h = 2 * a[3] * b[3] * D % Q, 2 * a[2] * b[2] % Q
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % Q, g * h % Q, f * g % Q, e * h % Q


def ed_times(factor, point):
    """factor times a point."""
    total = IDENTITY
    while factor:
        total = ed_add(total, point) if factor & 1 else total
        point, factor = ed_add(point, point), factor >> 1
    return total


def ed_encode(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], -1, Q)
    return (point[1] * inverse % Q | (point[0] * inverse % Q & 1) << 255).to_bytes(32, "little")


def ed_decode(raw):
    """The point of 32 bytes, or None if they are no canonical encoding."""
    sign, y = int.from_bytes(raw, "little") >> 255, int.from_bytes(raw, "little") & (2 ** 255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    x = x if (x * x - square) % Q == 0 else x * pow(2, (Q - 1) // 4, Q) % Q
    if y >= Q or (x * x - square) % Q or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else Q - x
    return x, y, 1, x * y % Q


BASE = ed_decode((4 * pow(5, -1, Q) % Q).to_bytes(32, "little"))


@lru_cache(maxsize=1024)
def ed_public(public):
    """The point of a public key, or None if it is not canonical, the identity, or outside the prime-order subgroup."""
    point, identity = ed_decode(public), ed_encode(IDENTITY)
    good = point is not None and public != identity and ed_encode(ed_times(L, point)) == identity
    return point if good else None


@lru_cache(maxsize=65536)
def ed25519(public, signature, message):
    """Does the Ed25519 signature hold, without cofactor, under the strict rules of section 1?"""
    point = ed_public(public)
    if point is None or len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    minus = (Q - point[0], point[1], 1, Q - point[3])
    return s < L and r != ed_encode(IDENTITY) and ed_encode(ed_add(ed_times(s, BASE), ed_times(k, minus))) == r


# ---- Section 6: the log --------------------------------------------------------------------------------------------

def node(left, right):
    """The parent of two tree nodes."""
    return sha(b"\1", left, right)


class Tree:
    """The compact range of a growing Merkle tree."""
    def __init__(self, leaves=()):
        self.size, self.peaks = 0, []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf):
        """Append a leaf."""
        self.size, rest = self.size + 1, self.size
        while rest & 1:
            leaf, rest = node(self.peaks.pop(), leaf), rest >> 1
        self.peaks.append(leaf)

    def root(self):
        """RFC 6962 root."""
        root = self.peaks[-1] if self.peaks else sha()
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root


def climb(fn, sn, path, first, second):
    """The walk common to RFC 9162 sections 2.1.3.2 and 2.1.4.2: the older and the newer tree's root; None if it fails."""
    for step in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            first, second = node(step, first), node(step, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node(second, step)
        fn, sn = fn >> 1, sn >> 1
    return (first, second) if sn == 0 else None


def inclusion_holds(leaf, index, size, path, root):
    """Is the leaf at that index of the tree?"""
    found = climb(index, size - 1, path, leaf, leaf) if index < size else None
    return found is not None and found[1] == root


def consistency_holds(old, old_root, size, root, path):
    """Does the tree begin with the older one? From size 0 and from the size itself the path is empty."""
    if old in (0, size) or old > size or not path:
        return not path and (old == 0 or (old, old_root) == (size, root))
    first, *path = path if old & (old - 1) else [old_root, *path]
    shift = (~(old - 1) & old).bit_length() - 1
    return climb(old - 1 >> shift, size - 1 >> shift, path, first, first) == (old_root, root)


# ---- Section 7: checkpoints and receipts ---------------------------------------------------------------------------

def quorum_of(gateways):
    """Q: how many of n gateways have to sign."""
    return gateways - (gateways - 1) // 3


def read_checkpoint(text, origin, gateways):
    """(size, root) of a checkpoint with good signatures of enough gateways; `gateways`: note keys by name."""
    form = re.fullmatch("(([^\n]+)\n([^\n]+)\n([^\n]+)\n)\n((?:— [^\\s+]{1,200} [^\\s]+\n){0,64})", text)
    need(form and form[2] == origin, "checkpoint", "form or origin")
    try:
        size, root, good = decimal(form[3]), b64(form[4], 32), set()
        lines = [(line.split(" ")[1], b64(line.split(" ")[2])) for line in form[5].split("\n")[:-1]]
    except Fault as fault:
        raise Fault("checkpoint", fault.message) from fault
    for name, signature in lines:
        need(len(signature) > 4, "checkpoint", "signature line without a signature")
        if name in gateways and signature[:4] == sha(name.encode(), b"\n\1", gateways[name])[:4]:
            need(ed25519(gateways[name], signature[4:], form[1].encode()), "checkpoint", f"signature of {name}")
            good.add(name)
    need(len(good) >= quorum_of(len(gateways)), "checkpoint", "too few signatures")
    return size, root


def read_receipt(text):
    """(old size, consistency path, position, inclusion path, checkpoint text) of a receipt."""
    lines = "((?:[^\n]+\n)*)"
    form = re.fullmatch(f"old ([^\n]+)\n{lines}\nc2sp\\.org/tlog-proof@v1\nindex ([^\n]+)\n{lines}\n(.*)", text, re.DOTALL)
    need(form, "receipt", "form")
    try:
        consistency, inclusion = ([b64(line, 32) for line in form[part].split("\n")[:-1]] for part in (2, 4))
        return decimal(form[1]), consistency, decimal(form[3]), inclusion, form[5]
    except Fault as fault:
        raise Fault("receipt", fault.message) from fault


def check_receipt(text, leaf, known, origin, gateways):
    """A receipt of a leaf for a reader who verified `known` = (size, root); returns the checkpoint's (size, root)."""
    old, consistency, index, inclusion, note = read_receipt(text)
    size, root = read_checkpoint(note, origin, gateways)
    need(known[0] == old, "receipt-old", "not from the size that the reader verified")
    need(inclusion_holds(leaf, index, size, inclusion, root), "proof", "inclusion")
    need(consistency_holds(*known, size, root, consistency), "proof", "consistency")
    return size, root
