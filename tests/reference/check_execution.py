#!/usr/bin/env python3
"""Replays the vectors of the state machine with the second implementation: state_tree, movement,
execute, window, chain.

    tests/reference/check_execution.py [FOLDER]       the folder is tests/vectors by default

Prints each case that fails, then `N passed, M failed`; exit code 1 if one failed.
"""
import json
import os
import sys

sys.dont_write_bytecode = True  # A checkout stays as it was.

import execution
from check_vectors import HERE, Tally


def check_state_tree(tally, vectors):
    for v in vectors["records"]:
        where = "state_tree: " + v["name"]
        key, value = bytes.fromhex(v["key"]), bytes.fromhex(v["value"])
        path = execution.path_of(v["kind"], key, v.get("not_after_ms"))
        hashed = execution.value_hash(v["kind"], key, value)
        tally.check(path.hex() == v["path"], where + ": path")
        tally.check(hashed.hex() == v["value_hash"], where + ": value hash")
        tally.check(execution.leaf_of(path, hashed).hex() == v["leaf"], where + ": leaf")
    for v in vectors["sets"]:
        leaves = [(bytes.fromhex(path), bytes.fromhex(leaf)) for path, leaf in v["leaves"]]
        tally.check(execution.root_of(leaves).hex() == v["root"], "state_tree: " + v["name"])


def check_movement(tally, vectors):
    for i, v in enumerate(vectors["movements"]):
        data = execution.movement_bytes(
            bytes.fromhex(v["entry_id"]),
            int(v["position"]),
            bytes.fromhex(v["account"]),
            bytes.fromhex(v["asset"]),
            int(v["seq"]),
            (v["d_posted"], v["d_held_out"], v["d_held_in"]),
            (v["posted"], v["held_out"], v["held_in"]),
        )
        head = execution.movement_head(bytes.fromhex(v["previous"]), data)
        tally.check(data.hex() == v["bytes"], f"movement {i}: bytes")
        tally.check(head.hex() == v["head"], f"movement {i}: head")


def replay(tally, where, chain, steps):
    for i, step in enumerate(steps):
        place = f"{where}, step {i}"
        batch, sequence = bytes.fromhex(step["batch"]), int(step["sequence"])
        outcome = chain.execute_batch(batch, sequence, int(step.get("epoch", 0)))
        for name in ("kind", "skipped"):
            tally.check(outcome[name] == step[name], f"{place}: {name}")
        if "window" in step:
            window = sorted(
                (record["not_after_ms"], record["txid"].hex())
                for (kind, _), record in chain.state.items()
                if kind == execution.WINDOW
            )
            tally.check([txid for _, txid in window] == step["window"], place + ": window")
        if step["kind"] != "block":
            continue
        tally.check(outcome["entries"] == step["entries"], place + ": entries")
        tally.check(chain.header.hex() == step["header"], place + ": header")
        tally.check(chain.hashes[-1].hex() == step["hash"], place + ": hash")


def check_execute(tally, vectors):
    for case in vectors["cases"]:
        chain = execution.Chain(bytes.fromhex(vectors["genesis"]))
        replay(tally, "execute: " + case["name"], chain, case["steps"])
    for case in vectors["governance"]["cases"]:
        chain = execution.Chain(bytes.fromhex(vectors["governance"]["genesis"]))
        replay(tally, "governance: " + case["name"], chain, case["steps"])
    for case in vectors["holds"]:
        chain = execution.Chain(bytes.fromhex(case["genesis"]))
        replay(tally, "holds: " + case["name"], chain, case["steps"])


def check_window(tally, vectors):
    for v in vectors["chains"]:
        chain = execution.Chain(bytes.fromhex(v["genesis"]))
        replay(tally, "window: " + v["name"], chain, v["steps"])


def check_chain(tally, vectors):
    chain = execution.Chain(bytes.fromhex(vectors["genesis"]))
    tally.check(chain.header.hex() == vectors["header"], "chain: header of block 0")
    replay(tally, "chain", chain, vectors["steps"])
    tally.check(chain.height == 50, "chain: 50 blocks")


CHECKS = {
    "state_tree": check_state_tree,
    "movement": check_movement,
    "execute": check_execute,
    "window": check_window,
    "chain": check_chain,
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
