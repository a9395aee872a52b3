#!/usr/bin/env python3
"""Writes the vectors of the folder genesis: id, params, genesis.

A second implementation of addresses and of the genesis encoding, from the description of the formats
and not from the C code: the C tests read its output. Only the standard library. Run it after a
change of the sample consortiums in genesis/samples; anything else that changes here is a change of
format."""

import calendar
import hashlib
import json
import os
import struct
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "genesis", "samples")
CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32, BECH32M = 1, 0x2BC830A3
MODELS = {"byzantine": 1, "crash": 2}
ENGINES = {"hotstuff": 1, "raft": 2, "pbft": 3, "tendermint": 4, "paxos": 5, "zab": 6}
ROLES = {"registrar": 1, "issuer": 2, "freezer": 4}
WORDS = [w.strip('" ') for w in
         open(os.path.join(HERE, "..", "..", "genesis", "words.c")).read()
         .split("[256][8] = {")[1].split("}")[0].replace("\n", "").split(",") if w.strip()]


def tagged(tag, data):
    return hashlib.sha256(tag.encode() + b"\0" + data).digest()


def polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, g in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            check ^= g if (top >> i) & 1 else 0
    return check


def bech32(prefix, groups, constant=BECH32M):
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    mod = polymod(expanded + groups + [0] * 6) ^ constant
    groups = groups + [(mod >> 5 * (5 - i)) & 31 for i in range(6)]
    return prefix + "1" + "".join(CHARSET[g] for g in groups)


def groups_of(data, filling=0):
    bits = int.from_bytes(data, "big") << 2 | filling
    return [bits >> 5 * (25 - i) & 31 for i in range(26)]


def address(prefix, ident):
    return bech32(prefix, groups_of(ident))


def ident(text):
    bits = 0
    for c in text[4:30]:
        bits = bits << 5 | CHARSET.index(c)
    assert address(text[:3], (bits >> 2).to_bytes(16, "big")) == text
    return (bits >> 2).to_bytes(16, "big")


def u8(v): return struct.pack("<B", v)
def u16(v): return struct.pack("<H", v)
def u32(v): return struct.pack("<I", v)
def u64(v): return struct.pack("<Q", v)


def text8(text):
    data = text.encode()
    return u8(len(data)) + data


def params_bytes(values, engine):
    out = u64(1) + u16(len(values))
    for value in values:
        if isinstance(value, str):
            above, below = value.split("/")
            value = int(above) << 32 | int(below)
        out += u64(value)
    out += u16(len(engine))
    for name in sorted(engine):
        out += text8(name) + u64(engine[name])
    return out


def validators_bytes(model, engine, validators):
    out = u8(MODELS[model]) + u8(ENGINES[engine]) + u16(len(validators))
    for v in validators:
        out += ident(v["id"]) + ident(v["member"]) + bytes.fromhex(v["seal_key"])
    return out


def time_ms(text):
    whole, milli = text[:-1].split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000 + int(milli)


def account_bytes(a):
    out = ident(a["id"]) + u32(sum(ROLES[r] for r in a["roles"]))
    out += u16(a["low"]) + u16(a["medium"]) + u16(a["high"])
    out += bytes.fromhex(a.get("metadata", "00" * 32)) + u8(len(a["signers"]))
    for s in sorted(a["signers"], key=lambda s: s["key"]):
        out += bytes.fromhex(s["key"]) + u8(s["weight"])
    return out


def asset_bytes(a):
    out = ident(a["id"]) + ident(a["issuer"]) + a["code"].encode().ljust(12, b"\0")
    out += u8(a["scale"]) + u8(0) + u64(int(a["max_supply"])) + u64(int(a["supply"]))
    return out + bytes.fromhex(a.get("metadata", "00" * 32))


def by(key):
    return lambda item: ident(item[key])


def genesis_bytes(d):
    validators = sorted(d["validators"], key=by("id"))
    members = sorted(d["members"], key=by("account"))
    out = u16(1) + text8(d["network"]) + u64(time_ms(d["time"]))
    out += u8({"production": 1, "test": 2}[d["purpose"]])
    out += params_bytes(list(d["params"].values()), d["engine_params"])
    out += validators_bytes(d["fault_model"], d["engine"], validators)
    for v in validators:
        out += bytes.fromhex(v["node_key"]) + text8(v["endpoint"]) + bytes.fromhex(v["possession"])
    out += u16(len(members))
    for m in members:
        out += ident(m["account"]) + text8(m["name"])
    out += u32(len(d["accounts"])) + b"".join(map(account_bytes, sorted(d["accounts"], key=by("id"))))
    out += u32(len(d["assets"])) + b"".join(map(asset_bytes, sorted(d["assets"], key=by("id"))))
    out += u32(len(d["balances"]))
    for b in sorted(d["balances"], key=lambda b: ident(b["account"]) + ident(b["asset"])):
        out += ident(b["account"]) + ident(b["asset"]) + u64(int(b["posted"]))
    return out


def samples():
    for name in ("byzantine-4", "crash-3", "development-1"):
        with open(os.path.join(SAMPLES, name + ".json"), encoding="utf-8") as file:
            yield name, json.load(file)


def write(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def sample_ids():
    yield bytes(16)
    yield b"\xff" * 16
    yield bytes(range(16))
    yield bytes(15) + b"\1"
    for i in range(4):
        yield hashlib.sha256(b"id %d" % i).digest()[:16]


def refused():
    """Strings that are no addresses of accounts, and why; BIP 350's kinds of mistakes."""
    data = bytes(range(16))
    good = address("acc", data)
    swap = good[:8] + good[9] + good[8] + good[10:]
    yield "", "malformed", "empty"
    yield good[:-1], "malformed", "one character short"
    yield good + "q", "malformed", "one character long"
    yield good.upper(), "malformed", "upper case: BIP 350 allows it, this format has one form only"
    yield good[:20] + good[20:].upper(), "malformed", "mixed case"
    yield good.replace("1", "!", 1), "malformed", "no separator"
    yield good[:10] + "b" + good[11:], "malformed", "b is not in the alphabet"
    yield good[:10] + "i" + good[11:], "malformed", "i is not in the alphabet"
    yield good[:10] + "\u00e9" + good[12:], "malformed", "not ASCII"
    yield good[:-1] + ("q" if good[-1] != "q" else "p"), "malformed", "last character of the checksum"
    yield swap, "malformed", "two neighbours swapped"
    yield bech32("acc", groups_of(data), BECH32), "malformed", "checksum of BIP 173, not BIP 350"
    yield bech32("acc", groups_of(data, 1)), "malformed", "filling bits 01"
    yield bech32("acc", groups_of(data, 2)), "malformed", "filling bits 10"
    yield bech32("acc", groups_of(data)[:25]), "malformed", "25 groups"
    yield bech32("acc", groups_of(data) + [0]), "malformed", "27 groups"
    yield bech32("abc", groups_of(data)), "malformed", "unknown prefix"
    for prefix in ("val", "ast", "hld"):
        yield address(prefix, data), "invalid", "another kind"


def id_vectors():
    ids = list(sample_ids())
    accounts = ids[2:5]
    write("id.json", {
        "about": "Addresses (bech32m of 16 bytes) and derived ids.",
        "addresses": [{"prefix": p, "id": i.hex(), "address": address(p, i)}
                      for p in ("acc", "val", "ast", "hld") for i in ids],
        "refused": [{"address": a, "status": s, "why": w} for a, s, w in refused()],
        "assets": [{"issuer": i.hex(), "code": c,
                    "id": tagged("witan/asset/v1", i + c.encode().ljust(12, b"\0"))[:16].hex()}
                   for i in accounts for c in ("E", "EUR", "ABCDEFGHIJK9")],
        "holds": [{"tx_id": hashlib.sha256(i).hexdigest(), "operation": n,
                   "id": tagged("witan/hold/v1", hashlib.sha256(i).digest() + u8(n))[:16].hex()}
                  for i in accounts for n in (0, 99)],
        "names": [{"source": i.hex(), "set": s, "name": n,
                   "id": tagged("witan/name/v1", i + text8(s) + text8(n))[:16].hex()}
                  for i in accounts
                  for s, n in (("", ""), ("orders", "1"), ("order", "s1"), ("b\u00e4nke", "\u20ac"))],
    })


def params_vectors():
    cases, wrong = [], []
    for name, d in samples():
        data = params_bytes(list(d["params"].values()), d["engine_params"])
        cases.append({"name": name, "params": d["params"], "engine_params": d["engine_params"],
                      "bytes": data.hex(), "hash": tagged("witan/params/v1", data).hex()})
    values = list(d["params"].values())
    head = params_bytes(values, {})[:-2]
    wrong.append({"why": "empty", "bytes": ""})
    wrong.append({"why": "one byte short", "bytes": data[:-1].hex()})
    wrong.append({"why": "20 values", "bytes": params_bytes(values[:-1], {}).hex()})
    wrong.append({"why": "22 values", "bytes": params_bytes(values + [0], {}).hex()})
    wrong.append({"why": "names not ascending", "bytes":
                  (head + u16(2) + text8("b") + u64(1) + text8("a") + u64(1)).hex()})
    wrong.append({"why": "a name twice", "bytes":
                  (head + u16(2) + text8("a") + u64(1) + text8("a") + u64(1)).hex()})
    wrong.append({"why": "empty name", "bytes": (head + u16(1) + text8("") + u64(1)).hex()})
    wrong.append({"why": "upper case", "bytes": (head + u16(1) + text8("A") + u64(1)).hex()})
    wrong.append({"why": "32 characters", "bytes":
                  (head + u16(1) + text8("a" * 32) + u64(1)).hex()})
    names = ["p%02d" % i for i in range(33)]
    wrong.append({"why": "33 engine parameters", "bytes":
                  (head + u16(33) + b"".join(text8(n) + u64(0) for n in names)).hex()})
    write("params.json", {"about": "The parameters record; its hash stands in every header.",
                          "records": cases, "refused": wrong})


def shuffled(d):
    """The same document, told in another order."""
    out = {key: d[key] for key in reversed(list(d))}
    for key in ("members", "validators", "accounts", "assets", "balances"):
        out[key] = [{k: item[k] for k in reversed(list(item))} for item in reversed(d[key])]
    for account in out["accounts"]:
        account["signers"] = list(reversed(account["signers"]))
    for key in ("params", "engine_params"):
        out[key] = {k: d[key][k] for k in reversed(list(d[key]))}
    return out


def genesis_vectors():
    cases = []
    for name, d in samples():
        data = genesis_bytes(d)
        chain = tagged("witan/genesis/v1", data)
        assert genesis_bytes(dict(d, members=list(reversed(d["members"])))) == data
        members = sorted(d["members"], key=by("account"))
        listing = u16(len(members)) + b"".join(ident(m["account"]) + text8(m["name"]) for m in members)
        cases.append({"name": name, "document": d, "same_document": shuffled(d),
                      "bytes": data.hex(), "chain_id": chain.hex(),
                      "members_hash": tagged("witan/members/v1", listing).hex(),
                      "words": " ".join(WORDS[b] for b in chain[:8])})
    write("genesis.json", {"about": "Genesis documents, their canonical bytes and chain ids.",
                           "documents": cases})


if __name__ == "__main__":
    assert len(WORDS) == 256
    id_vectors()
    params_vectors()
    genesis_vectors()
