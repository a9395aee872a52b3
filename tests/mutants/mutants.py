#!/usr/bin/env python3
"""Planted bugs, and whether the tests find them.

    mutants.py list                      names and what is wrong in them
    mutants.py apply NAME DIR            writes the mutated files below DIR, prints names (CMake)
    mutants.py run [-j N] [--cpu S] [--build PREFIX] [--table FILE] [NAME...]

mutants.toml says for each bug which text of which file is replaced by what. A build with
-DWITAN_MUTANT=NAME compiles the mutated copies instead of the files; the sources stay as they are. A
text that is not found exactly once is an error, so the list cannot go stale unseen.

`run` builds each mutant and gives it to the hunters, one after the other, until one of them fails
or the CPU budget (seconds, for all hunters together) is spent. A mutant that survives fails the
run. Before all mutants the unchanged product must pass every hunter.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "mutants"


def load():
    with open(HERE / "mutants.toml", "rb") as file:
        data = tomllib.load(file)
    names = [mutant["name"] for mutant in data["mutant"]]
    if len(set(names)) != len(names):
        sys.exit("mutants.toml: a name stands twice")
    return data["hunter"], data["mutant"]


def find(mutants, name):
    for mutant in mutants:
        if mutant["name"] == name:
            return mutant
    sys.exit(f"no mutant is called {name}")


def mutated(mutant):
    """The changed files: their names and texts."""
    files = {}
    for edit in mutant["edit"]:
        name = edit["file"]
        text = files.get(name) or (ROOT / name).read_text()
        count = text.count(edit["old"])
        if count != 1:
            sys.exit(f"{mutant['name']}: its text stands {count} times in {name}")
        files[name] = text.replace(edit["old"], edit["new"])
    return files


def apply(mutant, directory):
    files = mutated(mutant)
    for name, text in files.items():
        path = pathlib.Path(directory) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    print(";".join(files))


def hunters_of(mutant, hunters):
    """Those for all, and before them the unit test that a mutant names; every one for the product."""
    if not mutant:
        return hunters
    unit = [h for h in hunters if h["name"] == mutant.get("unit")]
    return unit + [h for h in hunters if not h.get("unit")]


def build(directory, name, hunters, log):
    """Configures and builds the mutant (or the product, name empty); whether that worked."""
    configure = ["cmake", "-S", str(ROOT), "-B", str(directory), "-G", "Ninja",
                 "-DCMAKE_BUILD_TYPE=Release", "-DWITAN_WERROR=OFF", f"-DWITAN_MUTANT={name}"]
    make = ["cmake", "--build", str(directory), "--target",
            *{hunter["program"] for hunter in hunters}]
    with open(log, "w") as file:
        return all(subprocess.run(command, stdout=file, stderr=file).returncode == 0
                   for command in (configure, make))


def hunt(directory, hunter, seconds, log):
    """Runs one hunter; (found, what it said, CPU seconds)."""
    words = [word.format(minutes=f"{seconds / 60:.2f}") for word in hunter["arguments"]]
    command = [str(directory / "tests" / hunter["program"]), *words]
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT)
        try:
            # What a mutant lets run for ever is a find, too; on a slow machine that takes longer.
            _, status, usage = wait(process, 4 * seconds + 30)
        except TimeoutError:
            return True, "never ends", seconds
    used = usage.ru_utime + usage.ru_stime
    if os.waitstatus_to_exitcode(status) == 0:
        return False, "", used
    found = re.search(hunter["finding"], pathlib.Path(log).read_text(errors="replace"))
    return True, found.group(1) if found else "crash", used


def wait(process, seconds):
    """os.wait4 with a limit: the usage of this child alone."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = os.wait4(process.pid, os.WNOHANG)
        if answer[0] != 0:
            process.returncode = os.waitstatus_to_exitcode(answer[1])
            return answer
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise TimeoutError


def one(mutant, hunters, slot, budget, prefix):
    directory = ROOT / "build" / f"{prefix}-{slot}"
    logs = ROOT / "build" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    name = mutant["name"] if mutant else ""
    log = logs / f"{prefix}-{name or 'none'}"
    hunters = hunters_of(mutant, hunters)
    if not build(directory, name, hunters, f"{log}-build.log"):
        return name, None, "does not build", 0.0
    spent = 0.0
    for hunter in hunters:
        left = budget - spent if mutant else budget
        found, check, used = hunt(directory, hunter, left, f"{log}-{hunter['name']}.log")
        spent += used
        if found:
            return name, hunter["name"], check, spent
        if mutant and spent >= budget:
            break
    return name, None, "", spent


def run(arguments):
    hunters, mutants = load()
    if arguments.names:
        mutants = [find(mutants, name) for name in arguments.names]
    for mutant in mutants:
        mutated(mutant)
    begun = time.monotonic()
    _, hunter, check, spent = one(None, hunters, 0, arguments.cpu, arguments.build)
    if hunter or check:
        sys.exit(f"the unchanged product fails already: {hunter or 'build'}: {check}")
    print(f"unchanged product: passes every hunter ({spent:.0f} s of CPU)", flush=True)
    slots = list(range(arguments.jobs))
    rows = []

    def work(mutant):
        slot = slots.pop()
        try:
            return mutant, one(mutant, hunters, slot, arguments.cpu, arguments.build)
        finally:
            slots.append(slot)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for mutant, (name, hunter, check, spent) in pool.map(work, mutants):
            state = f"killed by {hunter} ({check})" if hunter else f"SURVIVED {check}"
            print(f"{name:32} {state}, {spent:.1f} s", flush=True)
            rows.append((mutant, hunter, check, spent))
    killed = sum(1 for row in rows if row[1])
    if arguments.table:
        with open(arguments.table, "w") as file:
            file.write("| mutant | what is wrong | killed by | check | CPU s |\n|---|---|---|---|---|\n")
            for mutant, hunter, check, spent in rows:
                file.write(f"| `{mutant['name']}` | {mutant['why']} | {hunter or 'nobody'} | "
                           f"{check} | {spent:.1f} |\n")
    print(f"{killed} of {len(rows)} killed in {time.monotonic() - begun:.0f} s")
    print(f"figure mutants_killed {killed} count")
    print(f"figure mutants_total {len(rows)} count")
    sys.exit(0 if killed == len(rows) else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    applier = commands.add_parser("apply")
    applier.add_argument("name")
    applier.add_argument("directory")
    runner = commands.add_parser("run")
    runner.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    runner.add_argument("--cpu", type=float, default=60)
    runner.add_argument("--build", default="mutant", help="prefix of the build directories and logs")
    runner.add_argument("--table")
    runner.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    _, mutants = load()
    if arguments.command == "list":
        for mutant in mutants:
            print(f"{mutant['name']:32} {mutant['why']}")
    elif arguments.command == "apply":
        apply(find(mutants, arguments.name), arguments.directory)
    else:
        run(arguments)


main()
