#!/usr/bin/env python3
"""Tests of what judges a chaos run: good histories pass, each bad one is found for what it is.

A small ledger of real bytes is built with the second implementation, and a history that fits it.
Every test then breaks one promise, in the history or in the ledger, and names the rule that must
find it. Prints each case that fails, then `N passed, M failed`.
"""
import copy
import json
import os
import sys

sys.dont_write_bytecode = True  # A checkout stays as it was.

import availability
import history
import nemesis
import replay
import schedule
from replay import execution, formats

HERE = os.path.dirname(os.path.abspath(__file__))
SECOND = 10**9


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, condition, what):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print("failed:", what)


# --- a ledger of real bytes -----------------------------------------------------------------------


class Builder:
    """Makes blocks as a node would: executes, records, links. Signatures are not checked here, so
    they are made up; whose they are is."""

    def __init__(self):
        with open(os.path.join(HERE, "../vectors/execute.json"), encoding="utf-8") as file:
            self.genesis = bytes.fromhex(json.load(file)["genesis"])
        self.machine = execution.Chain(self.genesis)
        accounts = self.machine.genesis["accounts"]
        account = next(a for a in accounts if self.rich(a))
        self.payer, self.key = account["id"], account["signers"][0][0]
        self.asset = next(s for a, s, _ in self.machine.genesis["balances"] if a == self.payer)
        self.payee = next(a["id"] for a in accounts if a["id"] != self.payer)
        self.blocks = [replay.Block(0, self.machine.hashes[0].hex(), self.machine.header, [])]
        self.references = 0

    def rich(self, account):
        """Has money, and pays with one signature."""
        balances = self.machine.genesis["balances"]
        money = any(a == account["id"] and posted > 1000 for a, _, posted in balances)
        return money and account["signers"][0][1] >= account["medium"]

    def transaction(self, operation, reference=None):
        self.references += 1
        body = formats.encode_body(
            {
                "chain_id": self.machine.chain_id.hex(),
                "source": self.payer.hex(),
                "client_ref": (reference or self.references).to_bytes(16, "little").hex(),
                "not_before_ms": 0,
                "not_after_ms": self.machine.time_ms + 60000,
                "order": "none",
                "lane": 0,
                "seq": "0",
                "memo_hash": "00" * 32,
                "asserts": [],
                "operations": [operation],
            }
        )
        return formats.encode_transaction(body, [(self.key, bytes(64))])

    def payment(self, amount, reference=None):
        return self.transaction(
            {"op": "transfer", "actor": self.payer.hex(), "to": self.payee.hex(),
             "asset": self.asset.hex(), "amount": str(amount)}, reference,
        )  # fmt: skip

    def put(self, key, value):
        return self.transaction(
            {"op": "kv.put", "actor": self.payer.hex(), "key": key, "expect": "any", "version": "0",
             "value": value}
        )  # fmt: skip

    def block(self, *transactions):
        height = self.machine.height + 1
        batch = {"flags": 0, "proposer": "00" * 16, "time_ms": self.machine.time_ms + 1000}
        batch["transactions"] = [transaction.hex() for transaction in transactions]
        outcome = self.machine.execute_batch(formats.encode_batch(batch), height)
        if outcome["kind"] != "block" or outcome["skipped"]:
            raise ValueError(f"the block was not made: {outcome}")
        entries = []
        for e, data in zip(outcome["entries"], transactions):
            code, effects = execution.RESULTS[e["code"]], bytes.fromhex(e["effects"])
            entries.append(replay.Entry(e["id"], data, code, e["at"], effects))
        digest = self.machine.hashes[-1].hex()
        self.blocks.append(replay.Block(height, digest, self.machine.header, entries))


class World:
    """Five blocks with seven transactions, and the history of those who sent them."""

    def __init__(self):
        b = self.builder = Builder()
        self.payer, self.payee, self.asset = b.payer.hex(), b.payee.hex(), b.asset.hex()
        self.before = b.machine.available(b.payee, b.asset)
        b.block(b.payment(100))
        b.block(b.payment(20), b.payment(3))
        b.block(b.put("01", "aa"))
        b.block(b.payment(2**60), b.put("01", "bb"))
        b.block(b.payment(5))
        self.genesis, self.blocks = b.genesis, b.blocks
        self.ledgers = [[block.hash for block in self.blocks] for _ in range(4)]
        self.ops = []
        self.clock = 0
        for block in self.blocks[1:]:
            for number in range(len(block.entries)):
                self.sent(block.height, number)
        self.reads()

    # -- lines of the history

    def op(self, kind, node=0, client=0, **members):
        self.clock += 2 * SECOND
        line = {"op": kind, "client": client, "node": node, "outcome": "ok"}
        line.update({"invoke": self.clock, "return": self.clock + SECOND})
        self.ops.append(line | members)
        return self.ops[-1]

    def place(self, height, number):
        block = self.blocks[height]
        code = replay.WORDS[block.entries[number].code]
        return {"height": height, "entry": number, "code": code, "block": block.hash}

    def sent(self, height, number):
        """An acknowledged submission. Those of one block are sent at the same time."""
        if number > 0:
            self.clock -= 2 * SECOND
        txid = self.blocks[height].entries[number].txid
        return self.op("submit", what="pay", txid=txid, client=number, **self.place(height, number))

    def balance(self, value, height, **more):
        more.update(account=self.payee, asset=self.asset, value=str(self.before + value))
        return self.op("balance", height=height, **more)

    def record(self, version, value, height, **more):
        more.update(owner=self.payer, key="01", version=version, value=value)
        return self.op("record", height=height, **more)

    def reads(self):
        last = len(self.blocks) - 1
        for height, value in enumerate([0, 100, 123, 123, 123, 128]):
            self.balance(value, height, at_height=height)
        self.balance(128, last, min_height=last)
        self.record(4 << 24 | 1 << 8, "bb", last)
        block = self.blocks[2]
        txids = [entry.txid for entry in block.entries]
        self.op("block", height=2, at_height=2, hash=block.hash, txids=txids)
        txid = block.entries[0].txid
        self.op("status", txid=txid, status="committed", ledger_height=last, **self.place(2, 0))
        self.op("status", txid="ee" * 32, status="unknown", ledger_height=last)
        self.op("submit", txid="dd" * 32, what="forged", outcome="rejected")
        self.op("submit", txid="cc" * 32, what="pay", outcome="unknown")
        self.op("submit", txid="bb" * 32, what="pay", outcome="expired")

    # -- asking the checker

    def rules(self):
        executed = replay.Replay(self.genesis, self.blocks)
        self.checker = history.Checker(self.ops, executed, self.ledgers)
        return {finding.rule for finding in self.checker.check()}

    def submit(self, height, number=0):
        """The submission that was acknowledged at this place."""
        txid = self.blocks[height].entries[number].txid
        return next(op for op in self.ops if op["op"] == "submit" and op["txid"] == txid)

    def read(self, kind, index=-1):
        return [op for op in self.ops if op["op"] == kind][index]


# --- bad histories --------------------------------------------------------------------------------


def acknowledged_but_nowhere(w):
    w.submit(5)["txid"] = "aa" * 32


def acknowledged_at_another_height(w):
    w.submit(2)["height"] = 3


def acknowledged_at_another_entry(w):
    w.submit(2, 1)["entry"] = 0


def acknowledged_with_another_code(w):
    w.submit(4)["code"] = "ok"


def acknowledged_in_another_block(w):
    w.submit(1)["block"] = "00" * 32


def refused_but_present(w):
    op = w.submit(1)
    op["outcome"] = "rejected"


def expired_but_present(w):
    w.submit(1)["outcome"] = "expired"


def expired_once_and_committed_once(w):
    w.op("submit", what="repeat", txid=w.submit(1)["txid"], outcome="expired")


def never_sent(w):
    w.ops.remove(w.submit(1))


def before_what_was_acknowledged(w):
    """Block 3's transaction is sent only after block 5's was acknowledged."""
    late = w.submit(3)
    late["invoke"] = w.submit(5)["return"] + 1
    late["return"] = late["invoke"] + 1


def in_a_block_that_was_read_before(w):
    """Somebody read the balance at height 5 before the transaction in it was sent."""
    w.ops.insert(0, dict(w.read("balance"), invoke=1, **{"return": 2}, client=9, node=3))


def in_the_same_block_in_the_wrong_order(w):
    """Entry 0 is sent after entry 1 was acknowledged."""
    w.submit(2, 0)["invoke"] = w.submit(2, 1)["return"] + 1
    w.submit(2, 0)["return"] = w.submit(2, 1)["return"] + 2


def balance_of_the_next_height(w):
    w.read("balance", 1)["value"] = str(w.before + 123)


def balance_of_the_height_before(w):
    w.read("balance", 5)["value"] = str(w.before + 123)


def balance_with_an_uncommitted_payment(w):
    w.read("balance")["value"] = str(w.before + 128 + 2**60)


def record_that_was_replaced(w):
    w.read("record").update(version=3 << 24, value="aa")


def record_with_the_wrong_version(w):
    w.read("record")["version"] += 1


def record_that_is_denied(w):
    w.read("record").update(outcome="none")


def block_with_another_hash(w):
    w.read("block")["hash"] = "11" * 32


def block_without_an_entry(w):
    w.read("block")["txids"].pop()


def block_in_another_order(w):
    w.read("block")["txids"].reverse()


def status_in_another_place(w):
    w.read("status", 0)["entry"] = 1


def status_of_nothing_committed(w):
    w.read("status", 1).update(status="committed", **w.place(2, 0))


def status_expired_of_a_committed_one(w):
    w.read("status", 0)["status"] = "expired"


def status_unknown_of_a_committed_one(w):
    w.read("status", 0)["status"] = "unknown"


def below_the_height_that_was_asked_for(w):
    w.read("balance").update(height=4, value=str(w.before + 123))


def at_another_height_than_asked_for(w):
    w.read("balance", 1).update(height=2, value=str(w.before + 123))


def beyond_the_end_of_the_ledger(w):
    w.read("balance")["height"] = 6


def backwards_on_one_node(w):
    w.balance(123, 4)


def backwards_for_another_client(w):
    w.balance(123, 4, client=7)


def backwards_behind_an_acknowledgement(w):
    op = w.balance(123, 4, client=7, node=2)
    w.ops.remove(op)
    w.submit(5)["node"] = 2
    w.ops.append(op)


def a_node_with_another_block(w):
    w.ledgers[2][3] = "00" * 32


def a_node_that_is_behind(w):
    w.ledgers[3].pop()


def committed_twice(w):
    w.blocks[5].entries.append(copy.copy(w.blocks[1].entries[0]))


def two_under_one_reference(w):
    b = Builder()
    b.block(b.payment(1, reference=7))
    b.block(b.payment(5))
    b.references = 90
    other = b.payment(2, reference=7)
    _, body, _ = formats.decode_transaction(other)
    entry = b.blocks[2].entries[0]
    b.blocks[2].entries = [replay.Entry(formats.txid(body).hex(), other, 0, 0, entry.effects)]
    w.genesis, w.blocks, w.ops = b.genesis, b.blocks, []
    w.ledgers = [[block.hash for block in b.blocks]] * 4


def executed_with_another_result(w):
    w.blocks[4].entries[0].code = 0


def executed_with_other_effects(w):
    effects = bytearray(w.blocks[1].entries[0].effects)
    effects[60] ^= 1
    w.blocks[1].entries[0].effects = bytes(effects)


def a_block_that_does_not_follow(w):
    w.blocks[3].header = w.blocks[2].header


def an_entry_of_other_bytes(w):
    w.blocks[1].entries[0].data = w.blocks[2].entries[0].data


def ends_before_it_begins(w):
    w.ops[0]["return"] = w.ops[0]["invoke"] - 1


def an_outcome_that_does_not_exist(w):
    w.ops[0]["outcome"] = "perhaps"


BAD = {
    acknowledged_but_nowhere: {"lost", "stranger"},
    acknowledged_at_another_height: {"moved"},
    acknowledged_at_another_entry: {"moved"},
    acknowledged_with_another_code: {"moved"},
    acknowledged_in_another_block: {"moved"},
    refused_but_present: {"resurrected"},
    expired_but_present: {"resurrected"},
    expired_once_and_committed_once: {"resurrected"},
    never_sent: {"stranger"},
    before_what_was_acknowledged: {"order"},
    in_a_block_that_was_read_before: {"order"},
    in_the_same_block_in_the_wrong_order: {"order"},
    balance_of_the_next_height: {"balance"},
    balance_of_the_height_before: {"balance"},
    balance_with_an_uncommitted_payment: {"balance"},
    record_that_was_replaced: {"record"},
    record_with_the_wrong_version: {"record"},
    record_that_is_denied: {"record"},
    block_with_another_hash: {"block"},
    block_without_an_entry: {"block"},
    block_in_another_order: {"block"},
    status_in_another_place: {"moved"},
    status_of_nothing_committed: {"lost"},
    status_expired_of_a_committed_one: {"status"},
    status_unknown_of_a_committed_one: {"status"},
    below_the_height_that_was_asked_for: {"height"},
    at_another_height_than_asked_for: {"height"},
    beyond_the_end_of_the_ledger: {"height"},
    backwards_on_one_node: {"backwards"},
    backwards_for_another_client: {"backwards"},
    backwards_behind_an_acknowledgement: {"backwards"},
    a_node_with_another_block: {"diverged"},
    a_node_that_is_behind: {"diverged"},
    committed_twice: {"replay"},
    two_under_one_reference: {"replay"},
    executed_with_another_result: {"replay"},
    executed_with_other_effects: {"replay"},
    a_block_that_does_not_follow: {"replay"},
    an_entry_of_other_bytes: {"replay"},
    ends_before_it_begins: {"shape"},
    an_outcome_that_does_not_exist: {"shape"},
}


# --- good histories -------------------------------------------------------------------------------


def as_it_was(w):
    pass


def nothing_happened(w):
    w.blocks, w.ops = w.blocks[:1], []
    w.ledgers = [[w.blocks[0].hash]] * 4


def unknown_and_committed(w):
    w.submit(5)["outcome"] = "unknown"


def repeated_and_acknowledged_again(w):
    w.op("submit", what="repeat", txid=w.submit(2)["txid"], **w.place(2, 0))


def refused_first_and_committed_later(w):
    """A node that did not know the source yet refuses; the same bytes are good a second later."""
    w.op("submit", what="pay_once", txid=w.submit(1)["txid"], outcome="rejected")


def another_node_is_behind(w):
    w.balance(123, 4, node=2)


def overlapping_and_in_any_order(w):
    """Two that were under way at the same time may stand in either order."""
    a, b = w.submit(2, 0), w.submit(2, 1)
    a["invoke"] = b["invoke"] = min(a["invoke"], b["invoke"])
    a["return"] = b["return"] = max(a["return"], b["return"])


def a_read_of_the_past_after_one_of_the_present(w):
    w.balance(100, 1, at_height=1)


def no_record_yet(w):
    w.op("record", node=3, owner=w.payer, key="01", height=2, outcome="none")


def a_read_that_was_not_answered(w):
    w.op("balance", account=w.payee, asset=w.asset, outcome="unknown")


def pending_before_its_block(w):
    op = w.op("status", node=3, txid=w.submit(5)["txid"], status="pending", ledger_height=4)
    op["invoke"], op["return"] = w.submit(5)["invoke"], w.submit(5)["return"]


GOOD = [
    as_it_was, nothing_happened, unknown_and_committed, repeated_and_acknowledged_again,
    refused_first_and_committed_later, another_node_is_behind, overlapping_and_in_any_order,
    a_read_of_the_past_after_one_of_the_present, no_record_yet, a_read_that_was_not_answered,
    pending_before_its_block,
]  # fmt: skip


# --- the rest -------------------------------------------------------------------------------------


def check_lost(tally):
    """What the last line of a run counts."""
    w = World()
    acknowledged_but_nowhere(w)
    w.rules()
    tally.check(w.checker.lost == {"aa" * 32}, "lost: one transaction is counted")
    w = World()
    acknowledged_at_another_height(w)
    w.rules()
    tally.check(len(w.checker.lost) == 1, "lost: in another place is lost, too")
    w = World()
    w.rules()
    tally.check(not w.checker.lost, "lost: nothing in a good history")


def check_lines(tally):
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"witan-history-{os.getpid()}")
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"op":"submit"}\n{"op":"bal')
        operations, bad = history.read_lines(path)
        tally.check(len(operations) == 1 and bad == 1, "lines: a torn last line is seen")
    finally:
        os.unlink(path)


def check_availability(tally):
    healthy = [(0.0, node, True) for node in range(4)]
    spans = availability.settled_spans(healthy, 4, 60.0)
    tally.check(spans == [(15.0, 60.0)], "availability: settled after 15 s")
    one = healthy + [(20.0, 3, False), (25.0, 3, True)]
    spans = availability.settled_spans(one, 4, 60.0)
    tally.check(spans == [(15.0, 60.0)], "availability: one may be down")
    two = healthy + [(20.0, 2, False), (21.0, 3, False), (30.0, 2, True), (30.0, 3, True)]
    spans = availability.settled_spans(two, 4, 60.0)
    wanted = [(15.0, 21.0), (45.0, 60.0)]
    tally.check(spans == wanted, "availability: two may not, and have to settle again")
    short = healthy + [(10.0, 2, False), (11.0, 3, False)]
    tally.check(availability.settled_spans(short, 4, 60.0) == [], "availability: never settled")
    steady = [float(second) for second in range(60)]
    result = availability.report(healthy, 4, 60.0, steady)
    numbers = (result["longest_gap"], result["commits"])
    tally.check(numbers == (1.0, 45), "availability: a commit each second")
    silent = [float(second) for second in range(60) if not 30 < second < 50]
    result = availability.report(healthy, 4, 60.0, silent)
    numbers = (result["longest_gap"], result["gap_at"])
    tally.check(numbers == (20.0, 30.0), "availability: a gap of 20 s")
    result = availability.report(healthy, 4, 60.0, [])
    tally.check(result["longest_gap"] == 45.0, "availability: no commit at all")
    result = availability.report(two, 4, 60.0, [s for s in steady if not 21 < s < 45])
    tally.check(result["longest_gap"] <= 1.0, "availability: without a quorum nothing is expected")


def check_schedule(tally):
    five = schedule.schedule(5, 120, 4)
    tally.check(five == schedule.schedule(5, 120, 4), "schedule: a seed is a course")
    tally.check(five != schedule.schedule(6, 120, 4), "schedule: another seed is another")
    seen = set()
    for seed in range(200):
        count = 4 if seed % 2 else 7
        faults = schedule.schedule(seed, 120, count)
        seen.update(fault.kind for fault in faults)
        within = all(fault.end <= 120 and fault.seconds >= 0 for fault in faults)
        nodes = all(0 <= node < count for fault in faults for node in fault.nodes)
        tally.check(within and nodes, f"schedule: seed {seed} stays within its bounds")
        tracks = [schedule.PROCESS_KINDS, schedule.NETWORK_KINDS + ("bridge",)]
        for kinds in tracks:
            mine = [fault for fault in faults if fault.kind in kinds]
            apart = all(a.end <= b.start for a, b in zip(mine, mine[1:]))
            tally.check(apart, f"schedule: seed {seed}: no two faults of one track overlap")
    never = set(schedule.KINDS) - seen
    tally.check(not never, f"schedule: every kind comes up, but {never}")
    for kind in schedule.KINDS:
        some = [fault for seed in range(20) for fault in schedule.schedule(seed, 120, 4, (kind,))]
        only = {fault.kind for fault in some} <= {kind, "restart"}
        tally.check(only, f"schedule: with --only {kind} there is only that")
    missing = [kind for kind in schedule.KINDS if not hasattr(nemesis.Nemesis, "do_" + kind)]
    tally.check(not missing, f"schedule: the nemesis cannot do {missing}")


def main():
    tally = Tally()
    for change in GOOD:
        world = World()
        change(world)
        rules = world.rules()
        tally.check(not rules, f"good: {change.__name__} is found bad: {rules}")
    for change, wanted in BAD.items():
        world = World()
        change(world)
        rules = world.rules()
        found = f"{rules or 'nothing'} instead of {wanted}"
        tally.check(wanted <= rules, f"bad: {change.__name__}: {found}")
    check_lost(tally)
    check_lines(tally)
    check_availability(tally)
    check_schedule(tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
