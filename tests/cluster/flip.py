#!/usr/bin/env python3
"""Changes every byte of proof files and asks `witan verify` about each copy.

    flip.py WITAN GENESIS FOLDER FILE...

Of every byte its lowest and its highest bit are changed, in text (armour, JSON) the lowest. Each
copy must be refused by a named check; a copy that is verified, or not judged at all, is printed.
Two kinds of changes are no damage. White space for white space in a text leaves the proof as it
was. And what a file says that something is not there, it may show of another thing as well: of
another range of heights, that a statement's lines are all the movements in it; of another key, that
the same empty place in the tree is where it would be. What is said then is another sentence, and
true; only there, and only with another sentence, a copy may be verified.

The last line is "N changes, N accepted, N checks named"; exit 1 if any was accepted.
"""
import collections
import json
import os
import subprocess
import sys

BATCH = 1000
STATE, STATEMENT = 5, 7  # kinds, at offset 10


def verdicts(witan, genesis, folder, names):
    """What witan says about files of the folder, by name; memory is a new one."""
    trust = os.path.join(folder, "trust.json")
    if os.path.exists(trust):
        os.remove(trust)
    line = [witan, "verify", "--json", "--genesis", genesis, "--trust", trust, "--allow-crash"]
    done = subprocess.run(line + names, cwd=folder, capture_output=True, text=True, check=False)
    answers = [json.loads(text) for text in done.stdout.splitlines()]
    if len(answers) != len(names):
        sys.exit(f"{len(names)} files, {len(answers)} answers, exit {done.returncode}: "
                 f"{done.stderr[-500:]}")
    return done.returncode, {answer["file"]: answer for answer in answers}


def claim(content):
    """Offsets of what a proof of absence speaks about."""
    kind = int.from_bytes(content[10:12], "little")
    if kind == STATEMENT:
        return range(76, 92)  # from_height, to_height
    if kind == STATE and content[44] == 2:  # absent
        return range(48, 48 + int.from_bytes(content[46:48], "little"))  # the key
    return range(0)


def copies(content, text):
    """(offset, changed content) of every change that is tried."""
    for offset in range(len(content)):
        for mask in (0x01,) if text else (0x01, 0x80):
            changed = bytearray(content)
            changed[offset] ^= mask
            if text and bytes(changed).split() == content.split():
                continue  # white space for white space
            yield offset, mask, bytes(changed)


def try_file(witan, genesis, folder, path, checks):
    """Number of changes and of those that were accepted."""
    with open(path, "rb") as file:
        content = file.read()
    code, answers = verdicts(witan, genesis, folder, [os.path.abspath(path)])
    if code != 0:
        sys.exit(f"{path} is not verified itself: {answers}")
    whole = next(iter(answers.values()))["sentence"]
    text = not content.startswith(b"WTNPROOF")
    tried = accepted = 0
    batch = {}

    def judge():
        nonlocal accepted
        if not batch:
            return
        for name, changed in batch.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(changed)
        code, answers = verdicts(witan, genesis, folder, list(batch))
        for name in batch:
            answer = answers[name]
            if answer["verified"]:
                about = not text and int(name.split("-")[0]) in claim(content)
                if about and answer["sentence"] != whole:
                    continue
                accepted += 1
                print(f"  accepted: {path}, change {name}: {answer['sentence']}")
            elif not answer["check"] or not answer["word"]:
                sys.exit(f"{path}, change {name}: no check is named")
            else:
                checks[answer["check"] + " " + answer["word"]] += 1
        for name in batch:
            os.remove(os.path.join(folder, name))
        if code != 7:
            sys.exit(f"{path}: exit {code} instead of 7")
        batch.clear()

    for offset, mask, changed in copies(content, text):
        batch[f"{offset}-{mask:02x}"] = changed
        tried += 1
        if len(batch) == BATCH:
            judge()
    judge()
    return tried, accepted


def main():
    witan, genesis, folder = (os.path.abspath(path) for path in sys.argv[1:4])
    checks = collections.Counter()
    tried = accepted = 0
    for path in sys.argv[4:]:
        one, bad = try_file(witan, genesis, folder, path, checks)
        tried += one
        accepted += bad
    for name, count in sorted(checks.items()):
        print(f"  {count:6} {name}")
    print(f"{tried} changes, {accepted} accepted, {len(checks)} checks named")
    sys.exit(1 if accepted else 0)


if __name__ == "__main__":
    main()
