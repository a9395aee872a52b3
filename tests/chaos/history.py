"""Did the network keep every promise it made to its clients?

Input are the operations that the clients wrote down (tests/chaos/client.h) and the ledgers that the
nodes ended with. The ledger is one serial order with a place for everything, so each promise is
checked by looking it up; the order in real time is one sweep over sorted times, O(n log n).

    lost, moved     acknowledged as committed: in the ledger exactly once, at that place, with that
                    result, in that block
    resurrected     refused for good, never sent, or expired: in no ledger
    stranger        in the ledger: some client sent it
    order           begun after another operation had ended: behind all that one was told of
    balance, record, block, status
                    what a read answered was true at the height that it named
    height          at or above the height that was asked for, and never beyond the ledger's end
    backwards       no node answers from a lower height than it had answered from before
    diverged        all ledgers are equal
    replay          a second implementation executes the ledger to the same results

An operation is one dictionary:

    op        submit, balance, record, block, status
    client, node, invoke, return (ns)
    outcome   submit: ok, rejected, expired, unknown; reads: ok, none, unknown
    submit    txid, what; if ok: height, entry, code, block
    balance   account, asset, min_height, at_height; if ok: height, value
    record    owner, key, min_height; if ok: height, version, value; if none: height
    block     at_height; if ok: height, hash, txids
    status    txid; if ok: status, ledger_height; if that is committed: height, entry, code, block
"""
import json
from collections import Counter
from dataclasses import dataclass

OPS = {"submit", "balance", "record", "block", "status"}
OUTCOMES = {"ok", "rejected", "expired", "unknown", "none"}
INFINITE = float("inf")


@dataclass
class Finding:
    rule: str
    text: str

    def __str__(self):
        return f"{self.rule}: {self.text}"


def read_lines(path):
    """The operations of a file, and how many lines could not be read: at most a last, torn one."""
    operations, bad = [], 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                operations.append(json.loads(line))
            except ValueError:
                bad += 1
    return operations, bad


def name(op):
    return f"client {op['client']} at node {op['node'] + 1}, {op['invoke'] / 1e9:.3f} s"


class Checker:
    """replay: of one ledger (replay.Replay). ledgers: the block hashes of all nodes."""

    def __init__(self, operations, replay, ledgers):
        self.operations = operations
        self.replay = replay
        self.ledgers = ledgers
        self.findings = []
        self.lost = set()

    def find(self, rule, text):
        self.findings.append(Finding(rule, text))

    def check(self):
        self.check_shape()
        if self.findings:
            return self.findings  # Nothing can be said about what cannot be read.
        self.check_ledgers()
        self.check_submissions()
        self.check_strangers()
        self.check_order()
        for op in self.operations:
            if op["op"] != "submit":
                self.check_read(op)
        self.check_backwards()
        return self.findings

    def check_shape(self):
        for op in self.operations:
            if op.get("op") not in OPS or op.get("outcome") not in OUTCOMES:
                self.find("shape", f"no such operation or outcome: {op}")
            elif not op["invoke"] <= op["return"]:
                self.find("shape", f"ends before it begins: {op}")

    # -- ledgers

    def check_ledgers(self):
        first = self.ledgers[0]
        for number, other in enumerate(self.ledgers[1:], 2):
            if len(other) != len(first):
                ends = f"ends at height {len(other) - 1}, node 1 at {len(first) - 1}"
                self.find("diverged", f"node {number} {ends}")
            for height, (a, b) in enumerate(zip(first, other)):
                if a != b:
                    self.find("diverged", f"node {number} has another block {height} than node 1")
                    break
        if [block.hash for block in self.replay.blocks] != list(first):
            self.find("diverged", "the ledger that was replayed is not node 1's")
        for problem in self.replay.problems:
            self.find("replay", problem)

    # -- submissions

    def check_place(self, op):
        """What was said to be committed is there, exactly so."""
        place = self.replay.places.get(op["txid"])
        if place is None:
            self.lost.add(op["txid"])
            told = f"was committed in block {op['height']}"
            self.find("lost", f"{name(op)}: {op['txid']} {told}, and is nowhere")
            return
        told = (op["height"], op["entry"], op["code"], op["block"])
        if told != place:
            if told[:2] != place[:2]:
                self.lost.add(op["txid"])
            self.find("moved", f"{name(op)}: {op['txid']} was told {told}, but is {place}")

    def check_submissions(self):
        """Refused bytes may be accepted when they are sent again, so the last word on a transaction
        is that of all its submissions: nowhere only if every one of them said so."""
        by_txid = {}
        for op in self.operations:
            if op["op"] == "submit":
                by_txid.setdefault(op["txid"], []).append(op)
                if op["outcome"] == "ok":
                    self.check_place(op)
        for txid, ops in by_txid.items():
            place = self.replay.places.get(txid)
            if not place:
                continue
            for op in ops:
                if op["outcome"] == "expired":
                    self.find("resurrected", f"{name(op)}: {txid} had expired, but is {place}")
            if all(op["outcome"] == "rejected" for op in ops):
                self.find("resurrected", f"{name(ops[0])}: {txid} was refused, but is {place}")

    def check_strangers(self):
        sent = {op["txid"] for op in self.operations if op["op"] == "submit"}
        for txid, place in self.replay.places.items():
            if txid not in sent:
                self.find("stranger", f"nobody sent {txid}, which is {place}")

    # -- real time

    def known_place(self, op):
        """How far the ledger had come when this operation ended, as far as it was told: a place, or
        a whole block."""
        if op["op"] in ("submit", "status") and op["outcome"] == "ok" and "entry" in op:
            return (op["height"], op["entry"])
        if op["op"] != "submit" and op["outcome"] in ("ok", "none") and "height" in op:
            return (op["height"], INFINITE)
        return None

    def check_order(self):
        """Every transaction stands behind everything that was known before it was first sent."""
        first = {}
        for op in self.operations:
            if op["op"] == "submit" and op["txid"] in self.replay.places:
                if op["txid"] not in first or op["invoke"] < first[op["txid"]]["invoke"]:
                    first[op["txid"]] = op
        places = [(op["return"], self.known_place(op), op) for op in self.operations]
        known = sorted((row for row in places if row[1]), key=lambda row: row[0])
        at, highest, witness = 0, (-1, -1), None
        for op in sorted(first.values(), key=lambda op: op["invoke"]):
            while at < len(known) and known[at][0] < op["invoke"]:
                if known[at][1] > highest:
                    _, highest, witness = known[at]
                at += 1
            place = self.replay.places[op["txid"]][:2]
            if place <= highest:
                self.find(
                    "order",
                    f"{name(op)}: {op['txid']} is at {place}, "
                    f"but {name(witness)} knew of {highest} before",
                )

    # -- reads

    def check_read(self, op):
        if op["outcome"] == "unknown":
            return
        kind = op["op"]
        height = op["ledger_height"] if kind == "status" else op["height"]
        if height > self.replay.height:
            answer = f"an answer from height {height}"
            self.find("height", f"{name(op)}: {answer}; the ledger ends at {self.replay.height}")
            return
        if height < op.get("min_height", 0):
            wanted = f"asked for {op['min_height']} or later"
            self.find("height", f"{name(op)}: {wanted}, answered from {height}")
        if op.get("at_height", height) != height:
            wanted = f"asked for height {op['at_height']}"
            self.find("height", f"{name(op)}: {wanted}, answered from {height}")
        getattr(self, "check_" + kind)(op)

    def check_balance(self, op):
        true = self.replay.balance(op["account"], op["asset"], op["height"])
        if int(op["value"]) != true:
            had = f"{op['account']} had {true} at height {op['height']}"
            self.find("balance", f"{name(op)}: {had}, not {op['value']}")

    def check_record(self, op):
        told = (op["version"], op["value"]) if op["outcome"] == "ok" else (0, "")
        true = self.replay.record(op["owner"], op["key"], op["height"])
        if told != true:
            was = f"record {op['key']} was {true} at height {op['height']}"
            self.find("record", f"{name(op)}: {was}, not {told}")

    def check_block(self, op):
        block = self.replay.blocks[op["height"]]
        told = (op["hash"], op["txids"])
        if told != (block.hash, [entry.txid for entry in block.entries]):
            self.find("block", f"{name(op)}: block {op['height']} is another one")

    def check_status(self, op):
        place = self.replay.places.get(op["txid"])
        if op["status"] == "committed":
            self.check_place(op)
        elif op["status"] == "expired" and place:
            self.find("status", f"{name(op)}: {op['txid']} was expired, but is {place}")
        elif op["status"] in ("unknown", "pending") and place and place[0] <= op["ledger_height"]:
            was = f"was {op['status']} at height {op['ledger_height']}"
            self.find("status", f"{name(op)}: {op['txid']} {was}, but is {place}")

    # -- the heights of one node

    def own_height(self, op):
        """The height that the answering node had certainly reached; of reads of the present, the
        one that it answered from."""
        if op["op"] == "status" and op["outcome"] == "ok":
            return op["ledger_height"]
        if op["op"] == "submit" and op["outcome"] == "ok":
            return op["height"]
        return op.get("height") if op["outcome"] in ("ok", "none") else None

    def is_present(self, op):
        return op["op"] != "submit" and "at_height" not in op

    def check_backwards(self):
        """Per node, over all clients, restarts included: what is committed is final."""
        by_node = {}
        for op in self.operations:
            if self.own_height(op) is not None:
                by_node.setdefault(op["node"], []).append(op)
        for ops in by_node.values():
            ended = sorted(ops, key=lambda op: op["return"])
            at, highest, witness = 0, -1, None
            for op in sorted(ops, key=lambda op: op["invoke"]):
                while at < len(ended) and ended[at]["return"] < op["invoke"]:
                    if self.own_height(ended[at]) > highest:
                        highest, witness = self.own_height(ended[at]), ended[at]
                    at += 1
                if self.is_present(op) and self.own_height(op) < highest:
                    self.find(
                        "backwards",
                        f"{name(op)}: answered from height {self.own_height(op)}, "
                        f"but had told {name(witness)} of {highest}",
                    )


def summary(operations):
    """Counter of "what: outcome"."""
    return Counter(f"{op.get('what', op['op'])}: {op['outcome']}" for op in operations)


def commit_times(operations):
    """When each transaction was first acknowledged, in seconds, ascending."""
    first = {}
    for op in operations:
        if op["op"] == "submit" and op["outcome"] == "ok":
            first[op["txid"]] = min(op["return"], first.get(op["txid"], op["return"]))
    return sorted(when / 1e9 for when in first.values())
