#!/usr/bin/env python3
"""Writes the vectors of the folder node: wire (hello, ping, bye, frame) and disk (journal, safety).

A second implementation of those formats, written from docs/maintainers/wire-protocol.md and
journal.md; Ed25519 comes from crypto.py next to it.

    tests/vectors/node.py   writes the files next to itself
"""
import hashlib
import json
import os
import struct

import crypto

HERE = os.path.dirname(os.path.abspath(__file__))


def u8(value):
    return struct.pack("<B", value)


def u16(value):
    return struct.pack("<H", value)


def u32(value):
    return struct.pack("<I", value)


def u64(value):
    return struct.pack("<Q", value)


def text8(text):
    return u8(len(text)) + text.encode()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def hello():
    seed, own, other = b"a" * 32, crypto.public_key(b"a" * 32), crypto.public_key(b"b" * 32)
    chain, validators, params, exporter = b"\1" * 32, b"\2" * 32, b"\3" * 32, b"\xee" * 32
    fields = u16(1) + chain + u64(3) + validators + params + own + u8(1)
    fields += u64(4) + u64(5) + u64(6) + text8("witan 0.1.0")
    statement = chain + u8(0) + own + other + exporter + fields
    signature = crypto.sign(seed, b"witan/hello/v1\0" + statement)
    return {
        "seed": seed.hex(), "other_key": other.hex(), "direction": 0, "exporter": exporter.hex(),
        "chain_id": chain.hex(), "validators_hash": validators.hex(), "params_hash": params.hex(),
        "role": 1, "epoch": 3, "height": 4, "sealed": 5, "time_ms": 6, "software": "witan 0.1.0",
        "statement": statement.hex(), "bytes": (fields + signature).hex(),
    }


def wire():
    ping = u8(1) + u64(7) + u64(3) + u64(4) + u64(5) + u64(6)
    bye = text8("wrong_chain") + text8("aa") + text8("bb")
    return {
        "hello": hello(),
        "ping": {"pong": True, "token": 7, "epoch": 3, "height": 4, "sealed": 5, "time_ms": 6,
                 "bytes": ping.hex()},
        "bye": {"reason": "wrong_chain", "ours": "aa", "yours": "bb", "bytes": bye.hex()},
        "frame": {"kind": 12, "payload": bye.hex(),
                  "bytes": (u32(len(bye)) + u8(12) + bye).hex()},
    }


def records(magic, chain):
    listed = []
    cases = [(1000, 6, b"the fold"), (1000, 1, b""), (1002, 4, bytes(range(20)))]
    for number, (durable_through, kind, payload) in enumerate(cases, 1001):
        body = u32(magic) + u32(len(payload)) + u64(number) + u64(durable_through)
        body += u8(kind) + payload
        chain = hashlib.sha256(chain + body).digest()[:16]
        record = body + u32(crc32c(body)) + chain
        record += b"\0" * (-len(record) % 8)
        listed.append({"number": number, "durable_through": durable_through, "kind": kind,
                       "payload": payload.hex(), "chain": chain.hex(), "bytes": record.hex()})
    return listed


def disk():
    chain_id, chain = b"\3" * 32, b"\x55" * 16
    head = b"WITNJRNL" + u16(1) + chain_id + u64(7) + u64(1001) + chain + u16(0)
    crc = crc32c(head)
    slot = b"WITNSAFE" + u16(1) + b"\5" * 32 + b"\6" * 32 + u64(9) + u64(2)
    for kind in range(16):
        slot += u64(kind) + u64(100 * kind)
    slot += u64(77) + b"\x08" * 32 + u64(1003)
    slot += b"\0" * (508 - len(slot))
    return {
        "segment_head": {"chain_id": chain_id.hex(), "segment": 7, "first_record": 1001,
                         "chain": chain.hex(), "crc": crc, "bytes": (head + u32(crc)).hex()},
        "records": records(crc, chain),
        "safety_slot": {"seal_key": (b"\5" * 32).hex(), "chain_id": (b"\6" * 32).hex(),
                        "counter": 9, "epoch": 2, "sealed_height": 77,
                        "sealed_hash": (b"\x08" * 32).hex(), "journal_record": 1003,
                        "bytes": (slot + u32(crc32c(slot))).hex()},
    }


def write(name, document):
    with open(os.path.join(HERE, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    write("wire", wire())
    write("disk", disk())
