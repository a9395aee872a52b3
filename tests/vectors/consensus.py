#!/usr/bin/env python3
"""Writes consensus.json: proposals, roots, leader orders, attachments and records.

A second implementation of the formats of the folder consensus, from docs/maintainers/
formats-consensus.md and not from the C code. Only the standard library. Signatures are bytes that
count up: these vectors are about layout (certificate.json has real ones)."""

import hashlib
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def tagged(tag, data):
    return hashlib.sha256(tag.encode() + b"\0" + data).digest()


def u8(x): return struct.pack("<B", x)
def u16(x): return struct.pack("<H", x)
def u32(x): return struct.pack("<I", x)
def u64(x): return struct.pack("<Q", x)


def header(p):
    return (u64(p["index"]) + u64(p["view"]) + u64(p["parent_view"]) + bytes.fromhex(p["parent"]) +
            bytes.fromhex(p["batch"]))


def digest(p):
    return tagged("witan/proposal/v1", header(p))


def statement(kind, index, view, aux, digest):
    return u8(kind) + u64(index) + u64(view) + u64(aux) + digest


def certificate(kind, index, view, digest, n, signers):
    bitmap = bytearray((n + 7) // 8)
    for s in signers:
        bitmap[s // 8] |= 1 << (s % 8)
    return (u8(kind) + u64(index) + u64(view) + digest + u16(n) + bytes(bitmap) +
            b"".join(bytes([s + 1]) * 64 for s in signers))


def timeouts(view, n, signers, aux, high):
    return (certificate(4, 0, view, bytes(32), n, signers) + b"".join(u64(a) for a in aux) + high)


def warrant(high, tc=None):
    return high + (b"\x01" + tc if tc else b"\x00")


def bytes32(x): return u32(len(x)) + x


def leader_order(chain_id, epoch, n):
    counter, words = 0, []

    def word():
        nonlocal counter, words
        if not words:
            block = tagged("witan/leader/v1", chain_id + u64(epoch) + u64(counter))
            counter += 1
            words = [int.from_bytes(block[i:i + 8], "little") for i in range(0, 32, 8)]
        return words.pop(0)

    order = list(range(n))
    for i in range(n - 1, 0, -1):
        limit = 2**64 // (i + 1) * (i + 1)
        w = word()
        while w >= limit:
            w = word()
        j = w % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def members(voters, learners, old, joint):
    def bitmap(set_):
        bits = bytearray(32)
        for i in set_:
            bits[i // 8] |= 1 << (i % 8)
        return bytes(bits)
    return u8(joint) + bitmap(voters) + bitmap(learners) + bitmap(old)


def raft(b1, b2):
    joint = members([0, 1, 2, 3, 4], [9], [0, 1, 2], 1)
    change = {"index": 3, "view": 4, "parent_view": 2, "parent": digest(b2).hex(),
              "batch": tagged("witan/raft-members/v1", joint).hex()}
    plain = header(b2) + u8(0)
    with_members = header(change) + u8(1) + joint
    first = members([0, 1, 2], [], [], 0)
    proof = u8(1) + u64(1) + u64(1) + digest(b1)
    log = u64(0) + u64(0) + bytes([9]) * 32 + first + u32(2) + header(b1) + u8(0) + plain
    return {
        "members": [{"bytes": joint.hex(), "digest": tagged("witan/raft-members/v1", joint).hex()}],
        "appends": [(u64(1) + u64(1) + u64(7) + u8(0)).hex(),
                    (u64(1) + u64(0) + u64(7) + u8(1) + plain).hex(),
                    (u64(2) + u64(2) + u64(8) + u8(1) + with_members).hex()],
        "appends_refused": [
            {"why": "members that its header does not name",
             "bytes": (u64(1) + u64(0) + u64(7) + u8(1) + header(b2) + u8(1) + joint).hex()},
            {"why": "an entry at index 0",
             "bytes": (u64(1) + u64(0) + u64(7) + u8(1) + header(dict(b2, index=0)) + u8(0)).hex()},
            {"why": "a parent of a later term",
             "bytes": (u64(1) + u64(0) + u64(7) + u8(1) + header(dict(b2, parent_view=3)) +
                       u8(0)).hex()},
            {"why": "a byte too much", "bytes": (u64(1) + u64(1) + u64(7) + u8(0) + u8(0)).hex()}],
        "refusal": (u64(5) + u64(2) + u64(3)).hex(),
        "proof": proof.hex(),
        "proofs_refused": [
            {"why": "another form", "bytes": (u8(2) + proof[1:]).hex()},
            {"why": "another index", "bytes": (u8(1) + u64(2) + proof[9:]).hex()},
            {"why": "another term", "bytes": (proof[:9] + u64(2) + proof[17:]).hex()},
            {"why": "another digest", "bytes": (proof[:17] + digest(b2)).hex()},
            {"why": "cut short", "bytes": proof[:-1].hex()},
            {"why": "empty", "bytes": ""}],
        "records": {
            "term": (b"\x01\x01" + u64(7) + u16(2)).hex(),
            "term_without_vote": (b"\x01\x01" + u64(8) + u16(0xffff)).hex(),
            "entry": (b"\x01\x02" + plain).hex(),
            "entry_members": (b"\x01\x02" + with_members).hex(),
            "commit": (b"\x01\x03" + u64(2)).hex(),
            "log": (b"\x01\x04" + log).hex(),
        },
        "records_refused": [
            {"why": "unknown version", "bytes": (b"\x02\x03" + u64(2)).hex()},
            {"why": "unknown type", "bytes": (b"\x01\x05" + u64(2)).hex()},
            {"why": "a gap in the log",
             "bytes": (b"\x01\x04" + log[:145] + u32(1) + plain).hex()},
            {"why": "more entries than fit", "bytes": (b"\x01\x04" + log[:145] + u32(1024)).hex()},
            {"why": "a byte too much", "bytes": (b"\x01\x03" + u64(2) + u8(0)).hex()},
            {"why": "empty", "bytes": ""}],
    }


def main():
    chain_id = tagged("witan/genesis/v1", b"vectors")
    root = tagged("witan/root/v1", u64(3) + chain_id)
    b1 = {"index": 1, "view": 1, "parent_view": 0, "parent": root.hex(),
          "batch": tagged("witan/batch/v1", b"one").hex()}
    b2 = {"index": 2, "view": 2, "parent_view": 1, "parent": digest(b1).hex(),
          "batch": tagged("witan/batch/v1", b"two").hex()}
    b3 = {"index": 2, "view": 5, "parent_view": 1, "parent": digest(b1).hex(),
          "batch": tagged("witan/batch/v1", b"").hex()}
    b4 = {"index": 3, "view": 3, "parent_view": 2, "parent": digest(b2).hex(),
          "batch": tagged("witan/batch/v1", b"").hex()}
    b5 = {"index": 3, "view": 6, "parent_view": 5, "parent": digest(b3).hex(),
          "batch": tagged("witan/batch/v1", b"").hex()}
    b6 = {"index": 3, "view": 4, "parent_view": 2, "parent": digest(b2).hex(),
          "batch": tagged("witan/batch/v1", b"").hex()}
    b7 = dict(b4, parent_view=1)
    b8 = dict(b4, index=4)
    for p in (b1, b2, b3, b4, b5, b6, b7, b8):
        p["header"] = header(p).hex()
        p["digest"] = digest(p).hex()
    root_certificate = certificate(2, 0, 0, root, 4, [])
    votes1 = certificate(2, 1, 1, digest(b1), 4, [0, 1, 3])
    votes2 = certificate(2, 2, 2, digest(b2), 4, [0, 2, 3])
    votes4 = certificate(2, 3, 3, digest(b4), 4, [0, 1, 3])
    commits1 = certificate(3, 1, 1, digest(b1), 4, [1, 2, 3])
    tc4 = timeouts(4, 4, [0, 1, 2], [1, 0, 1], votes1)
    vote = statement(2, 1, 1, 0, digest(b1))
    document = {
        "chain_id": chain_id.hex(),
        "epoch": 3,
        "root": root.hex(),
        "proposals": [b1, b2, b3, b4],
        "leader_orders": [{"n": n, "order": leader_order(chain_id, 3, n)} for n in (1, 2, 4, 7, 100)],
        "attachments": [
            {"kind": "proposal", "bytes": (header(b1) + warrant(root_certificate)).hex()},
            {"kind": "proposal", "bytes": (header(b3) + warrant(votes1, tc4)).hex()},
            {"kind": "timeout", "bytes": warrant(votes1).hex()},
            {"kind": "timeout", "bytes": warrant(votes1, tc4).hex()},
            {"kind": "sync_info", "bytes": (warrant(votes1, tc4) + bytes32(u8(1) + commits1)).hex()},
            {"kind": "sync_info", "bytes": (warrant(root_certificate) + bytes32(b"")).hex()},
        ],
        "proofs": [
            {"form": 1, "bytes": (u8(1) + commits1).hex(), "index": 1, "view": 1,
             "digest": digest(b1).hex()},
            {"form": 2, "bytes": (u8(2) + header(b2) + votes2).hex(), "index": 1, "view": 1,
             "digest": digest(b1).hex()},
            {"form": 3, "bytes": (u8(3) + header(b2) + header(b4) + votes4).hex(), "index": 1,
             "view": 1, "digest": digest(b1).hex()},
        ],
        "proofs_refused": [
            {"why": "unknown form", "bytes": (u8(4) + commits1).hex()},
            {"why": "form 0", "bytes": (u8(0) + commits1).hex()},
            {"why": "one header for a three-chain", "bytes": (u8(3) + header(b2) + votes2).hex()},
            {"why": "the grandchild is not certified",
             "bytes": (u8(3) + header(b2) + header(b4) + votes2).hex()},
            {"why": "commit votes of the grandchild",
             "bytes": (u8(3) + header(b2) + header(b4) +
                       certificate(3, 3, 3, digest(b4), 4, [0, 1, 3])).hex()},
            {"why": "the grandchild grows from another child",
             "bytes": (u8(3) + header(b3) + header(b4) + votes4).hex()},
            {"why": "the child is not of the next view",
             "bytes": (u8(3) + header(b3) + header(b5) +
                       certificate(2, 3, 6, digest(b5), 4, [0, 1, 2])).hex()},
            {"why": "the grandchild is not of the next view",
             "bytes": (u8(3) + header(b2) + header(b6) +
                       certificate(2, 3, 4, digest(b6), 4, [0, 1, 2])).hex()},
            {"why": "the grandchild names another view of its parent",
             "bytes": (u8(3) + header(b2) + header(b7) +
                       certificate(2, 3, 3, digest(b7), 4, [0, 1, 2])).hex()},
            {"why": "an index is left out",
             "bytes": (u8(3) + header(b2) + header(b8) +
                       certificate(2, 4, 3, digest(b8), 4, [0, 1, 2])).hex()},
            {"why": "votes are not commit votes", "bytes": (u8(1) + votes1).hex()},
            {"why": "the child is another proposal", "bytes": (u8(2) + header(b3) + votes2).hex()},
            {"why": "the child is not of the next view",
             "bytes": (u8(2) + header(b3) + certificate(2, 2, 5, digest(b3), 4, [0, 1, 2])).hex()},
            {"why": "a byte too much", "bytes": (u8(1) + commits1 + b"\0").hex()},
            {"why": "cut short", "bytes": (u8(1) + commits1[:-1]).hex()},
        ],
        "message": (vote + bytes([7]) * 64 + bytes32(b"") + bytes32(b"")).hex(),
        "records": {
            "promise": (b"\x01\x01" + vote + u8(3) + header(b1) + root_certificate +
                        bytes32(b"")).hex(),
            "promise_locking": (b"\x01\x01" + statement(2, 3, 3, 0, digest(b4)) + u8(11) +
                                header(b4) + votes2 + u64(1) + bytes32(b"")).hex(),
            "decided": (b"\x01\x02" + u32(1) + header(b1) + bytes32(u8(1) + commits1)).hex(),
            "certificates": (b"\x01\x03" + u8(6) + votes1 + tc4).hex(),
            "header": (b"\x01\x04" + header(b2)).hex(),
        },
        "records_refused": [
            {"why": "unknown version", "bytes": (b"\x02\x04" + header(b2)).hex()},
            {"why": "unknown type", "bytes": (b"\x01\x05" + header(b2)).hex()},
            {"why": "unknown part", "bytes": (b"\x01\x03" + u8(16)).hex()},
            {"why": "a lock cut short", "bytes": (b"\x01\x03" + u8(8) + u32(1)).hex()},
            {"why": "too many headers", "bytes": (b"\x01\x02" + u32(1025)).hex()},
            {"why": "empty", "bytes": ""},
        ],
        "raft": raft(b1, b2),
    }
    with open(os.path.join(HERE, "consensus.json"), "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


main()
