#!/usr/bin/env python3
"""Writes the vectors of the folder crypto: encoding, hash, ed25519, merkle, validators, certificate.

A second implementation of what crypto/ does, in integers and hashlib alone, written from
docs/maintainers/formats-crypto.md. Every value that the C tests compare against comes from here.

    tests/vectors/crypto.py             writes the files next to itself
    tests/vectors/crypto.py --selftest  prints the table of crypto/selftest_cases.c
"""
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# --- Ed25519 ------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def mul(scalar, point):
    result = IDENTITY
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def neg(point):
    return -point[0] % P, point[1]


def encode(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point, reading y modulo p as lenient decoders do; None if there is none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255 % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_1 % P
    if x * x % P != square:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y


def canonical(data):
    return int.from_bytes(data, "little") % 2**255 < P


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
TORSION_8 = decode(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
TORSION = [mul(i, TORSION_8) for i in range(8)]  # TORSION[i] = i * T, of order 8 / gcd(i, 8)
T2, T4, T8 = TORSION[4], TORSION[2], TORSION[1]
assert mul(4, TORSION_8) != IDENTITY and mul(8, TORSION_8) == IDENTITY and mul(L, BASE) == IDENTITY


def sha512(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def scalar_bytes(scalar):
    return scalar.to_bytes(32, "little")


def secret_scalar(seed):
    head = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return (head & (2**254 - 8)) | 2**254


def public_key(seed):
    return encode(mul(secret_scalar(seed), BASE))


def sign(seed, message):
    key, prefix = public_key(seed), hashlib.sha512(seed).digest()[32:]
    r = sha512(prefix, message) % L
    point = encode(mul(r, BASE))
    k = sha512(point, key, message) % L
    return point + scalar_bytes((r + k * secret_scalar(seed)) % L)


def key_valid(key):
    point = decode(key)
    if point is None or not canonical(key) or encode(point) != key:
        return False
    return mul(8, point) != IDENTITY and mul(L, point) == IDENTITY


def equation(key, message, signature, cofactor):
    """Does cofactor * (S*B - k*A - R) vanish?"""
    a, r = decode(key), decode(signature[:32])
    if a is None or r is None:
        return False
    s = int.from_bytes(signature[32:], "little")
    k = sha512(signature[:32], key, message) % L
    difference = add(add(mul(s, BASE), neg(mul(k, a))), neg(r))
    return mul(cofactor, difference) == IDENTITY


def verify(key, message, signature):
    """The rule of the chain."""
    s = int.from_bytes(signature[32:], "little")
    a, r = decode(key), decode(signature[:32])
    if s >= L or a is None or not canonical(key) or mul(8, a) == IDENTITY:
        return False
    if r is not None and mul(8, r) == IDENTITY:
        return False
    k = sha512(signature[:32], key, message) % L
    return encode(add(mul(s, BASE), neg(mul(k, a)))) == signature[:32]


SEED = bytes(range(32))
A_SECRET = secret_scalar(SEED) % L
A_POINT = mul(A_SECRET, BASE)


def crafted(a_torsion, r_torsion, message, r=12345):
    """Key A + a_torsion; a signature with R = rB + r_torsion and S = r + k*a."""
    key = encode(add(A_POINT, a_torsion))
    point = encode(add(mul(r, BASE), r_torsion))
    k = sha512(point, key, message) % L
    return key, point + scalar_bytes((r + k * A_SECRET) % L)


def search(make, wanted):
    """The first message for which the crafted pair does what is wanted."""
    for number in range(1, 65536):
        message = number.to_bytes(2, "little")
        key, signature = make(message)
        if wanted(key, message, signature):
            return key, message, signature
    raise AssertionError("no such message")


def holds(key, message, signature):
    return equation(key, message, signature, 1)


def fails(key, message, signature):
    return not holds(key, message, signature)


RFC_8032 = [
    ("test 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    ("test 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    ("test 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
    ("SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     hashlib.sha512(b"abc").hexdigest()),
]


def ed25519_cases():
    cases = []

    def case(name, key, message, signature, expected):
        assert verify(key, message, signature) == expected, name
        cases.append({"name": name, "public_key": key.hex(), "message": message.hex(),
                      "signature": signature.hex(), "valid": expected,
                      "key_valid": key_valid(key),
                      "equation": holds(key, message, signature),
                      "equation_cofactored": equation(key, message, signature, 8)})

    for name, seed, message in RFC_8032:
        seed, message = bytes.fromhex(seed), bytes.fromhex(message)
        case("RFC 8032 " + name, public_key(seed), message, sign(seed, message), True)

    key, message = public_key(SEED), b"vote"
    good = sign(SEED, message)
    s = int.from_bytes(good[32:], "little")
    case("honest", key, message, good, True)
    case("another message", key, b"Vote", good, False)
    case("another key", public_key(bytes(32)), message, good, False)
    case("bit of R flipped", key, message, bytes([good[0] ^ 1]) + good[1:], False)
    case("sign of R flipped", key, message, good[:31] + bytes([good[31] ^ 128]) + good[32:], False)
    case("bit of S flipped", key, message, good[:32] + bytes([good[32] ^ 1]) + good[33:], False)
    case("S + L", key, message, good[:32] + scalar_bytes(s + L), False)
    case("S + 8 L", key, message, good[:32] + scalar_bytes(s + 8 * L), False)
    case("S = L", key, message, good[:32] + scalar_bytes(L), False)
    case("S all ones", key, message, good[:32] + b"\xff" * 32, False)
    case("S zero", key, message, good[:32] + bytes(32), False)
    case("all zero", bytes(32), b"", bytes(64), False)
    case("signature all zero", key, message, bytes(64), False)

    def small_key(encoded):
        point = encode(mul(12345, BASE))
        return lambda _: (encoded, point + scalar_bytes(12345))

    for i in range(8):
        order = [1, 8, 4, 8, 2, 8, 4, 8][i]
        found = search(small_key(encode(TORSION[i])), holds)
        case(f"A of order {order}, {i} T", *found, False)
    for name, encoded in [
            ("A = 1 with sign", (1 | 1 << 255).to_bytes(32, "little")),
            ("A = p - 1 with sign", (P - 1 | 1 << 255).to_bytes(32, "little")),
            ("A = p, not canonical", P.to_bytes(32, "little")),
            ("A = p with sign, not canonical", (P | 1 << 255).to_bytes(32, "little")),
            ("A = p + 1, not canonical", (P + 1).to_bytes(32, "little")),
            ("A = p + 1 with sign, not canonical", (P + 1 | 1 << 255).to_bytes(32, "little"))]:
        case(name, *search(small_key(encoded), holds), False)
    for y in range(2, 19):
        if decode((P + y).to_bytes(32, "little")) is not None:
            case(f"A = p + {y}, not canonical", (P + y).to_bytes(32, "little"), message, good, False)
            break
    for y in range(2, 19):
        if decode(y.to_bytes(32, "little")) is None:
            case(f"A = {y}, not on the curve", y.to_bytes(32, "little"), message, good, False)
            break

    def small_r(encoded, a_torsion=IDENTITY):
        a = encode(add(A_POINT, a_torsion))

        def make(m):
            k = sha512(encoded, a, m) % L
            return a, encoded + scalar_bytes(k * A_SECRET % L)
        return make

    for i in range(8):
        order = [1, 8, 4, 8, 2, 8, 4, 8][i]
        case(f"R of order {order}, {i} T", *search(small_r(encode(TORSION[i])),
                                                  lambda *_: True), False)
    for i, name in [(4, "2"), (2, "4"), (1, "8")]:
        found = search(small_r(encode(TORSION[i]), TORSION[i]), holds)
        case(f"A mixed and R of order {name}, equation holds", *found, False)
    for name, encoded in [
            ("R = 1 with sign", (1 | 1 << 255).to_bytes(32, "little")),
            ("R = p, not canonical", P.to_bytes(32, "little")),
            ("R = p + 1, not canonical", (P + 1).to_bytes(32, "little")),
            ("R = p + 1 with sign, not canonical", (P + 1 | 1 << 255).to_bytes(32, "little"))]:
        case(name, *search(small_r(encoded), lambda *_: True), False)
    for y in range(2, 19):
        if decode((P + y).to_bytes(32, "little")) is not None:
            case(f"R = p + {y}, not canonical",
                 *search(small_r((P + y).to_bytes(32, "little")), lambda *_: True), False)
            break

    for torsion, name in [(T2, "2"), (T4, "4"), (T8, "8")]:
        def mixed_key(m, t=torsion):
            return crafted(t, IDENTITY, m)

        def mixed_r(m, t=torsion):
            return crafted(IDENTITY, t, m)

        def mixed_both(m, t=torsion):
            return crafted(t, t, m)

        case(f"A + T{name}, equation holds", *search(mixed_key, holds), True)
        case(f"A + T{name}, equation fails", *search(mixed_key, fails), False)
        case(f"R + T{name}", *search(mixed_r, lambda *_: True), False)
        case(f"A + T{name}, R + T{name}, equation holds", *search(mixed_both, holds), True)
        case(f"A + T{name}, R + T{name}, equation fails", *search(mixed_both, fails), False)
    return cases


def print_selftest():
    for c in ed25519_cases():
        print(f'    {{ "{c["name"]}",')
        for field in ("public_key", "message", "signature"):
            text = c[field]
            lines = [text[i:i + 64] for i in range(0, max(len(text), 1), 64)]
            print("\n".join(f'      "{line}"' for line in lines) + ",")
        flags = ", ".join("true" if c[f] else "false" for f in ("valid", "key_valid"))
        print(f"      {flags} }},")


# --- Encoding -----------------------------------------------------------------------------------


def u(value, size):
    return value.to_bytes(size, "little")


def sized(data, size):
    return u(len(data), size) + data


def encoding():
    good, refused = [], []

    def value(kind, text, data):
        good.append({"type": kind, "value": text, "hex": data.hex()})

    for bits in (8, 16, 32, 64):
        for number in (0, 1, 0x7F, 2**bits // 3, 2**(bits - 1), 2**bits - 1):
            value(f"u{bits}", str(number), u(number, bits // 8))
    for number in (0, 1, -1, 2**63 - 1, -2**63, 1234567890123456789):
        value("i64", str(number), number.to_bytes(8, "little", signed=True))
    value("bool", "0", b"\0")
    value("bool", "1", b"\1")
    for size in (1, 2, 4):
        for data in (b"", b"\0", bytes(range(255))):
            value(f"bytes{8 * size}", data.hex(), sized(data, size))
    value("bytes16", (b"w" * 256).hex(), sized(b"w" * 256, 2))
    value("bytes32", (b"w" * 256).hex(), sized(b"w" * 256, 4))
    for text in ("", "witan", "Zürich", "€", "𝄞", "\u07ff\u0800\uffff\U00010000\U0010ffff", "\ud7ff\ue000"):
        value("text8", text, sized(text.encode(), 1))
    value("id", bytes(range(16)).hex(), bytes(range(16)))
    value("digest", bytes(range(32)).hex(), bytes(range(32)))
    value("public_key", public_key(SEED).hex(), public_key(SEED))
    value("signature", sign(SEED, b"").hex(), sign(SEED, b""))

    def refuse(kind, data, status, why, maximum=None):
        entry = {"type": kind, "hex": data.hex(), "status": status, "why": why}
        if maximum is not None:
            entry["max"] = maximum
        refused.append(entry)

    for kind, size in (("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8), ("i64", 8), ("bool", 1),
                       ("id", 16), ("digest", 32), ("public_key", 32), ("signature", 64)):
        refuse(kind, b"\0" * (size - 1), "MALFORMED", "one byte short")
        refuse(kind, b"\0" * (size + 1), "MALFORMED", "one byte left over")
    refuse("bool", b"\2", "MALFORMED", "neither 0 nor 1")
    refuse("bool", b"\xff", "MALFORMED", "neither 0 nor 1")
    for size in (1, 2, 4):
        kind = f"bytes{8 * size}"
        refuse(kind, b"", "MALFORMED", "no length")
        refuse(kind, u(1, size)[:-1] if size > 1 else b"", "MALFORMED", "half a length")
        refuse(kind, u(5, size) + b"four", "MALFORMED", "shorter than its length")
        refuse(kind, u(3, size) + b"four", "MALFORMED", "longer than its length")
        refuse(kind, u(5, size) + b"fives", "TOO_LARGE", "over its limit", 4)
        refuse(kind, u(2**(8 * size) - 1, size), "TOO_LARGE", "largest length, no bytes", 16)
    for data, why in ((b"\0", "NUL"), (b"a\0b", "NUL inside"), (b"\x80", "continuation alone"),
                      (b"\xc0\x80", "overlong NUL"), (b"\xc1\xbf", "overlong"),
                      (b"\xe0\x9f\xbf", "overlong"), (b"\xf0\x8f\xbf\xbf", "overlong"),
                      (b"\xed\xa0\x80", "surrogate"), (b"\xed\xbf\xbf", "surrogate"),
                      (b"\xf4\x90\x80\x80", "above U+10FFFF"), (b"\xf5\x80\x80\x80", "above U+10FFFF"),
                      (b"\xff", "never a byte of UTF-8"), (b"\xc3", "cut"), (b"\xe2\x82", "cut"),
                      (b"\xf0\x9d\x84", "cut"), (b"\xc3(", "bad continuation")):
        refuse("text8", sized(data, 1), "MALFORMED", why)
    return {"values": good, "refused": refused}


# --- Hashes -------------------------------------------------------------------------------------


def tags():
    """The tags as crypto/digest.h lists them."""
    with open(os.path.join(HERE, "../../crypto/digest.h"), encoding="utf-8") as file:
        return re.findall(r'X\([A-Z_]+, "([^"]+)"\)', file.read())


def tagged(tag, data):
    return hashlib.sha256(tag.encode() + b"\0" + data).digest()


def hashes():
    cases = []
    for tag in tags():
        for data in (b"", b"abc", bytes(range(200))):
            cases.append({"tag": tag, "input": data.hex(), "digest": tagged(tag, data).hex()})
    return cases


# --- Merkle trees -------------------------------------------------------------------------------


def leaf(data):
    return hashlib.sha256(b"\0" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count):
    return 1 << (count - 1).bit_length() - 1


def root(data):
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return leaf(data[0])
    k = split(len(data))
    return node(root(data[:k]), root(data[k:]))


def path(index, data):
    if len(data) == 1:
        return []
    k = split(len(data))
    if index < k:
        return path(index, data[:k]) + [root(data[k:])]
    return path(index - k, data[k:]) + [root(data[:k])]


def subproof(older, data, whole):
    if older == len(data):
        return [] if whole else [root(data)]
    k = split(len(data))
    if older <= k:
        return subproof(older, data[:k], whole) + [root(data[k:])]
    return subproof(older - k, data[k:], False) + [root(data[:k])]


def merkle():
    leaves = [tagged("witan/entry/v1", u(i, 8)) for i in range(9)]
    trees = []
    for count in (0, 1, 2, 3, 7, 8, 9):
        data = leaves[:count]
        trees.append({
            "count": count, "root": root(data).hex(),
            "paths": [[h.hex() for h in path(i, data)] for i in range(count)],
            "consistency": [{"older": older, "older_root": root(data[:older]).hex(),
                             "proof": [h.hex() for h in subproof(older, data, True)] if older else []}
                            for older in range(count + 1)]})
    return {"leaves": [h.hex() for h in leaves], "trees": trees}


# --- Committees and certificates ----------------------------------------------------------------


def seed_of(index):
    return hashlib.sha256(b"validator " + bytes([index])).digest()


def committee(count, fault_model=1, engine=1):
    members = []
    for i in range(count):
        members.append((bytes([0x10 + i]) * 16, bytes([0xA0 + i]) * 16, public_key(seed_of(i))))
    data = bytes([fault_model, engine]) + u(count, 2) + b"".join(b"".join(m) for m in members)
    return data, [{"id": i.hex(), "member": m.hex(), "seal_key": k.hex()} for i, m, k in members]


def validators():
    good = []
    for count, fault_model, engine in ((1, 1, 1), (3, 2, 2), (4, 1, 1), (7, 1, 3)):
        data, members = committee(count, fault_model, engine)
        quorum = count // 2 + 1 if fault_model == 2 else -(-2 * count // 3)
        good.append({"fault_model": fault_model, "engine": engine, "validators": members,
                     "quorum": quorum, "hex": data.hex(),
                     "hash": tagged("witan/validators/v1", data).hex()})
    four, _ = committee(4)
    one, two = four[4:68], four[68:132]
    refused = [
        ("no bytes", b"", "MALFORMED"),
        ("fault model 0", b"\0" + four[1:], "UNSUPPORTED"),
        ("fault model 3", b"\3" + four[1:], "UNSUPPORTED"),
        ("engine 0", four[:1] + b"\0" + four[2:], "UNSUPPORTED"),
        ("engine 7", four[:1] + b"\7" + four[2:], "UNSUPPORTED"),
        ("nobody", four[:2] + u(0, 2), "MALFORMED"),
        ("256 validators", four[:2] + u(256, 2) + four[4:], "MALFORMED"),
        ("one byte short", four[:-1], "MALFORMED"),
        ("one byte left over", four + b"\0", "MALFORMED"),
        ("order", four[:2] + u(2, 2) + two + one, "MALFORMED"),
        ("same id twice", four[:2] + u(2, 2) + one + one[:16] + two[16:], "MALFORMED"),
        ("same key twice", four[:2] + u(2, 2) + one + two[:32] + one[32:], "MALFORMED"),
        ("key of small order", four[:2] + u(1, 2) + one[:32] + bytes(32), "BAD_KEY"),
        ("key of mixed order", four[:2] + u(1, 2) + one[:32] + encode(add(A_POINT, T2)), "BAD_KEY"),
        ("key not on the curve", four[:2] + u(1, 2) + one[:32] + u(2, 32), "BAD_KEY"),
    ]
    return {"valid": good, "refused": [{"why": w, "hex": d.hex(), "status": s}
                                       for w, d, s in refused]}


def certificates():
    set_bytes, _ = committee(4)
    chain_id, epoch, engine = tagged("witan/genesis/v1", b"vectors"), 3, 1
    set_hash = tagged("witan/validators/v1", set_bytes)
    kind, index, view, digest = 2, 1042, 77, tagged("witan/proposal/v1", b"vectors")

    def statement(number, aux, what):
        return (chain_id + u(epoch, 8) + set_hash + bytes([engine, number]) + u(index, 8) +
                u(view, 8) + u(aux, 8) + what)

    def signature(signer, data):
        return sign(seed_of(signer), b"witan/engine/v1\0" + data)

    head = bytes([kind]) + u(index, 8) + u(view, 8) + digest
    vote = statement(kind, 0, digest)
    signers = (0, 2, 3)
    certificate = (head + u(4, 2) + bytes([0b1101]) +
                   b"".join(signature(i, vote) for i in signers))
    aux = (70, 76, 64)
    timeout_head = bytes([4]) + u(index, 8) + u(view, 8) + bytes(32)
    timeouts = [statement(4, a, bytes(32)) for a in aux]
    aux_certificate = (timeout_head + u(4, 2) + bytes([0b1101]) +
                       b"".join(signature(i, s) for i, s in zip(signers, timeouts)) +
                       b"".join(u(a, 8) for a in aux))
    tampered = []

    def tamper(why, data, status):
        tampered.append({"why": why, "hex": data.hex(), "status": status})

    tamper("one byte short", certificate[:-1], "MALFORMED")
    tamper("one byte left over", certificate + b"\0", "MALFORMED")
    tamper("a bit beyond n", certificate[:51] + bytes([0b11101]) + certificate[52:], "MALFORMED")
    tamper("256 members", certificate[:49] + u(256, 2) + certificate[51:], "TOO_LARGE")
    tamper("five members", certificate[:49] + u(5, 2) + certificate[51:], "MISMATCH")
    tamper("two signers", certificate[:51] + bytes([0b0101]) + certificate[52:-64], "NO_QUORUM")
    tamper("other signer", certificate[:51] + bytes([0b1011]) + certificate[52:], "BAD_SIGNATURE")
    tamper("a signature twice", certificate[:-64] + certificate[52:116], "BAD_SIGNATURE")
    tamper("other kind", b"\3" + certificate[1:], "BAD_SIGNATURE")
    tamper("other index", certificate[:1] + u(index + 1, 8) + certificate[9:], "BAD_SIGNATURE")
    tamper("other view", certificate[:9] + u(view + 1, 8) + certificate[17:], "BAD_SIGNATURE")
    tamper("other digest", certificate[:17] + bytes(32) + certificate[49:], "BAD_SIGNATURE")
    tamper("S + L", certificate[:-32] + scalar_bytes(
        int.from_bytes(certificate[-32:], "little") + L), "BAD_SIGNATURE")
    block_hash = tagged("witan/header/v1", b"vectors")
    seal = chain_id + u(epoch, 8) + u(1042, 8) + block_hash
    return {
        "chain_id": chain_id.hex(), "epoch": epoch, "engine": engine,
        "validators": set_bytes.hex(), "validators_hash": set_hash.hex(),
        "seeds": [seed_of(i).hex() for i in range(4)],
        "statement": {"kind": kind, "index": index, "view": view, "aux": 0,
                      "digest": digest.hex(), "signed_bytes": vote.hex(),
                      "wire": (bytes([kind]) + u(index, 8) + u(view, 8) + u(0, 8) + digest).hex(),
                      "signatures": [signature(i, vote).hex() for i in range(4)]},
        "certificate": certificate.hex(), "aux_certificate": aux_certificate.hex(), "aux": aux,
        "tampered": tampered,
        "seal": {"height": 1042, "block_hash": block_hash.hex(), "signed_bytes": seal.hex(),
                 "signatures": [sign(seed_of(i), b"witan/seal/v1\0" + seal).hex()
                                for i in range(4)]},
    }


def write(name, document):
    with open(os.path.join(HERE, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        print_selftest()
    else:
        write("encoding", encoding())
        write("hash", hashes())
        write("ed25519", ed25519_cases())
        write("merkle", merkle())
        write("validators", validators())
        write("certificate", certificates())
