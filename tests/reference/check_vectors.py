#!/usr/bin/env python3
"""Replays the vectors of the ledger's byte formats with the second implementation.

    tests/reference/check_vectors.py [FOLDER]       the folder is tests/vectors by default

Prints each case that fails, then `N passed, M failed`; exit code 1 if one failed.
"""
import json
import os
import sys

sys.dont_write_bytecode = True  # A checkout stays as it was.

import formats

HERE = os.path.dirname(os.path.abspath(__file__))


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, condition, where):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print("failed:", where)


def refused(function, *arguments):
    try:
        function(*arguments)
    except formats.Refused:
        return True
    return False


def same(function, argument, expected):
    try:
        return function(argument) == expected
    except formats.Refused:
        return False


def check_transaction(tally, vectors):
    for v in vectors:
        where = "transaction: " + v["name"]
        data = bytes.fromhex(v["bytes"])
        body = formats.encode_body(v["fields"])
        tally.check(body.hex() == v["body"], where + ": body")
        tally.check(formats.txid(body).hex() == v["txid"], where + ": txid")
        tally.check(formats.signed_hash(data).hex() == v["signed_hash"], where + ": signed hash")
        try:
            fields, decoded_body, signatures = formats.decode_transaction(data)
        except formats.Refused as rule:
            tally.check(False, f"{where}: {rule}")
            continue
        tally.check(fields == v["fields"], where + ": fields")
        tally.check(len(signatures) == len(v["seeds"]), where + ": signatures")
        again = formats.encode_transaction(decoded_body, signatures)
        tally.check(again == data, where + ": encodes to the same bytes")


def check_refused(tally, vectors):
    for v in vectors:
        data = bytes.fromhex(v["bytes"])
        tally.check(refused(formats.decode_transaction, data), "transaction_refused: " + v["name"])


def first_error(v):
    data = bytes.fromhex(v["bytes"])
    if len(data) > v["tx_bytes_max"]:
        return "tx_too_large"
    try:
        fields, _, _ = formats.decode_transaction(data)
    except formats.Refused:
        return "tx_malformed"
    if fields["chain_id"] != v["chain_id"]:
        return "tx_wrong_chain"
    return "none"


def check_order(tally, vectors):
    for v in vectors:
        if v["part"] != "S":
            continue
        expected = "none" if v["code"] == "tx_bad_signature" else v["code"]
        tally.check(first_error(v) == expected, "admission_order: " + v["name"])


def check_batch(tally, vectors):
    for v in vectors["valid"]:
        where = "batch: " + v["name"]
        data = bytes.fromhex(v["bytes"])
        tally.check(formats.encode_batch(v["fields"]) == data, where + ": bytes")
        tally.check(formats.batch_digest(data).hex() == v["digest"], where + ": digest")
        tally.check(formats.decode_batch(data, v) == v["fields"], where + ": fields")
        tally.check(formats.check_batch(data, v, v["chain_id"]) == v["txids"], where + ": txids")
    for v in vectors["refused"]:
        where = "batch: " + v["name"]
        data = bytes.fromhex(v["bytes"])
        tally.check(refused(formats.decode_batch, data, v) == (v["decode"] != "OK"), where)
        if v["check"] != "BAD_SIGNATURE":
            tally.check(refused(formats.check_batch, data, v, v["chain_id"]), where + ": check")


def check_header(tally, vectors):
    for v in vectors["headers"]:
        where = "header: " + v["name"]
        data = bytes.fromhex(v["bytes"])
        tally.check(formats.encode_header(v["fields"]) == data, where + ": bytes")
        tally.check(same(formats.decode_header, data, v["fields"]), where + ": fields")
        tally.check(formats.header_hash(data).hex() == v["hash"], where + ": hash")
    for v in vectors["refused"]:
        tally.check(refused(formats.decode_header, bytes.fromhex(v["bytes"])), v["name"])
    for v in vectors["entries"]:
        where = "entry: " + v["name"]
        data = bytes.fromhex(v["bytes"])
        tally.check(formats.encode_entry(v["fields"]) == data, where + ": bytes")
        tally.check(same(formats.decode_entry, data, v["fields"]), where + ": fields")
        tally.check(formats.entry_hash(data).hex() == v["hash"], where + ": hash")


def check_seal(tally, vectors):
    for v in vectors["checked"]:
        where = "seal: " + v["name"]
        data = bytes.fromhex(v["bytes"])
        header = bytes.fromhex(v["header"])
        validators = bytes.fromhex(v["validators"])
        tally.check(formats.encode_seal(v["fields"]) == data, where + ": bytes")
        tally.check(same(formats.decode_seal, data, v["fields"]), where + ": fields")
        expected = "OK" if v["status"] == "BAD_SIGNATURE" else v["status"]
        result = formats.check_seal(v["fields"], header, validators)
        tally.check(result == expected, where + ": status")
        needed = formats.quorum(*formats.decode_validators(validators))
        tally.check(needed == v["quorum"], where + ": quorum")
    for v in vectors["malformed"]:
        tally.check(refused(formats.decode_seal, bytes.fromhex(v["bytes"])), "seal: " + v["name"])


CHECKS = {
    "transaction": check_transaction,
    "transaction_refused": check_refused,
    "admission_order": check_order,
    "batch": check_batch,
    "header": check_header,
    "seal": check_seal,
}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "vectors")
    tally = Tally()
    for name, check in CHECKS.items():
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
            check(tally, json.load(file))
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
