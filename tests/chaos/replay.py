"""A ledger read from its file and executed again by the second implementation in Python.

`read_file` takes blocks and entries as they stand in ledger.db. `Replay` executes each transaction
with tests/reference/execution.py, which shares nothing with the node but the written formats, and
compares result and effects. What comes out answers what a balance or a record was at any height.
"""
import bisect
import heapq
import os
import sqlite3
import sys
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reference"))

import execution  # noqa: E402
import formats  # noqa: E402

WORDS = {code: word for word, code in execution.RESULTS.items()}


@dataclass
class Entry:
    txid: str
    data: bytes
    code: int
    at: int
    effects: bytes


@dataclass
class Block:
    height: int
    hash: str
    header: bytes
    entries: list


def read_file(path):
    """(genesis bytes, blocks by height)"""
    database = sqlite3.connect(path)
    try:
        (genesis,) = database.execute("SELECT genesis FROM ledger").fetchone()
        blocks = [
            Block(height, digest.hex(), header, [])
            for height, digest, header in database.execute(
                "SELECT height, hash, header FROM block ORDER BY height"
            )
        ]
        rows = database.execute(
            "SELECT position, id, data, code, at, effects FROM entry ORDER BY position"
        )
        for position, txid, data, code, at, effects in rows:
            height, number = position >> 24, position >> 8 & 0xFFFF
            block = blocks[height]
            if block.height != height or len(block.entries) != number:
                raise ValueError(f"{path}: entry {height}.{number} is not where it belongs")
            block.entries.append(Entry(txid.hex(), data, code, at, effects))
        return genesis, blocks
    finally:
        database.close()


class Machine(execution.Chain):
    """The state machine, without the tree of every block, and with a sweep that knows its next."""

    def __init__(self, genesis):
        self.due = []
        super().__init__(genesis)

    def state_root(self):
        return execution.ZERO32

    def full_root(self):
        return super().state_root()

    def sweep(self, horizon_ms):
        count = self.params["window_sweep_max"]
        while count > 0 and self.due and self.due[0][0] < horizon_ms:
            _, _, key = heapq.heappop(self.due)
            del self.state[execution.WINDOW, key]
            count -= 1


class Replay:
    """problems: what the execution disagrees with."""

    def __init__(self, genesis, blocks):
        self.machine = Machine(genesis)
        self.blocks = blocks
        self.problems = []
        self.places = {}  # txid: (height, entry, word, block hash)
        self.balances = {}  # (account, asset): [(height, posted)]
        self.records = {}  # (owner, key): [(height, version, value)]; version 0: there is none
        self.sources = {}  # (source, client_ref): txid
        for block in blocks[1:]:
            self.execute(block)
        if len(blocks) > 1 and not self.problems:
            wanted = formats.decode_header(blocks[-1].header)["state_root"]
            if self.machine.full_root().hex() != wanted:
                self.problems.append(f"the state after block {blocks[-1].height} has another root")

    def execute(self, block):
        machine = self.machine
        header = formats.decode_header(block.header)
        parent = self.blocks[block.height - 1].hash
        if formats.header_hash(block.header).hex() != block.hash or header["parent_hash"] != parent:
            self.problems.append(f"block {block.height} does not follow its parent")
        for number, entry in enumerate(block.entries):
            place = f"entry {block.height}.{number}"
            try:
                tx, body, signatures = formats.decode_transaction(entry.data)
            except formats.Refused as refused:
                self.problems.append(f"{place} is no transaction: {refused}")
                continue
            self.execute_entry(place, block, number, entry, tx, body, signatures, header)
        machine.height, machine.time_ms = block.height, header["time_ms"]
        machine.horizon_ms = header["window_horizon_ms"]
        machine.sweep(machine.horizon_ms)

    def execute_entry(self, place, block, number, entry, tx, body, signatures, header):
        machine = self.machine
        txid = formats.txid(body)
        if txid.hex() != entry.txid:
            self.problems.append(f"{place} has the id of another transaction")
        if entry.txid in self.places:
            self.problems.append(f"{place}: {entry.txid} stands in the ledger twice")
        refusal = machine.refusal(tx, txid, signatures, header["time_ms"])
        if refusal:
            self.problems.append(f"{place} should have been skipped: {refusal}")
        word, at, effects = machine.execute(tx, txid, number)
        if (execution.RESULTS[word], at) != (entry.code, entry.at):
            self.problems.append(f"{place} should have ended with {word}")
        elif effects != entry.effects:
            self.problems.append(f"{place} should have had other effects")
        if tx["order"] == "none":
            key = bytes.fromhex(tx["source"]) + bytes.fromhex(tx["client_ref"])
            heapq.heappush(machine.due, (tx["not_after_ms"], txid, key))
        self.places[entry.txid] = (block.height, number, WORDS.get(entry.code, "?"), block.hash)
        if word == "ok":
            self.note_changes(block.height)

    def note_changes(self, height):
        for kind, key in self.machine.before:
            record = self.machine.state.get((kind, key))
            if kind == execution.BALANCE:
                place = (key[:16].hex(), key[16:].hex())
                self.balances.setdefault(place, []).append((height, record["posted"]))
            elif kind == execution.KV:
                now = (record["version"], record["value"].hex()) if record else (0, "")
                place = (key[:16].hex(), key[16:].hex())
                self.records.setdefault(place, []).append((height, *now))

    # -- what was true

    @property
    def height(self):
        return self.blocks[-1].height

    def last_until(self, rows, height):
        at = bisect.bisect_right(rows, height, key=lambda row: row[0])
        return rows[at - 1] if at > 0 else None

    def balance(self, account, asset, height):
        row = self.last_until(self.balances.get((account, asset), []), height)
        return row[1] if row else 0

    def record(self, owner, key, height):
        """(version, value); version 0 if there is none."""
        row = self.last_until(self.records.get((owner, key), []), height)
        return row[1:] if row else (0, "")
