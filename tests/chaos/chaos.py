#!/usr/bin/env python3
"""tests/chaos/chaos.py WITAN TOOLS [FLAGS]: breaks a real network and checks its history.

    --minutes N        how long in all; default 2. Longer than --run-seconds: several runs, each on
                       a fresh network with the next seed
    --seed S           of the first run; default: from the clock
    --validators N     4 or 7; default: drawn, mostly 4
    --links KIND       emulator or bridge; default: drawn; bridge where the kernel has netem
    --run-seconds N    of faults in one run; default 120
    --clients N        default 12
    --pace MS          mean pause of a client between two operations; default 60
    --only KIND,...    only these kinds of faults
    --no-faults        none: what the network does when it is left alone
    --keep             keep the folder of a run that was good, too
    --list             print the schedule and do nothing

WITAN is the program under test, TOOLS the folder of chaos_netemu, chaos_client and chaos_clock.so.
Exit code 0: everything promised was kept; 1: something was not; 2: it cannot run here.
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # A checkout stays as it was.

import availability  # noqa: E402
import cluster  # noqa: E402
import history  # noqa: E402
import host  # noqa: E402
import nemesis  # noqa: E402
import network  # noqa: E402
import replay  # noqa: E402
import schedule  # noqa: E402

PROGRAMS = ("ip", "nft", "tc", "nsenter", "mount", "umount")
START_SECONDS = 60
READY_SECONDS = 60
AFTER_SECONDS = 5  # of load on the healed network
DRAIN_SECONDS = 60
AGREE_SECONDS = 60
STOP_SECONDS = 30
AUDIT_SECONDS = 600
GAP_MAX = 10.0  # without a commit, while a quorum had been healthy for longer than that
FINDINGS_SHOWN = 20


def say(text):
    print(text, flush=True)


def options_of(seed, arguments):
    """What a run draws besides its schedule."""
    draw = random.Random(f"chaos options {seed}")
    drawn = {
        "validators": draw.choice([4, 4, 4, 7]),
        "links": draw.choice(["emulator", "emulator", "bridge"]),
        "disk_mib": draw.choice([96, 160, 256]),
        "disk_critical": draw.choice(["0B", "0B", "1MiB", "4MiB"]),
        "checkpoint_blocks": draw.choice([50, 200, 1000]),
        "segment_mib": draw.choice([1, 1, 4]),
    }
    if arguments.validators:
        drawn["validators"] = arguments.validators
    if arguments.links:
        drawn["links"] = arguments.links
    return drawn


def kinds_of(links, arguments):
    kinds = [k for k in schedule.KINDS if links.can_delay or k not in ("slow", "damage")]
    return tuple(k for k in kinds if not arguments.only or k in arguments.only)


class Run:
    """One network from its creation to the verdict."""

    def __init__(self, seed, seconds, witan, tools, arguments):
        self.seed, self.seconds = seed, seconds
        self.witan, self.tools, self.arguments = witan, tools, arguments
        self.options = options_of(seed, arguments)
        self.folder = None
        self.links = self.cluster = self.nemesis = self.client = None
        self.failures = []
        self.operations = []
        self.lost = 0
        self.figures = {}

    def fail(self, text):
        self.failures.append(text)
        say(f"FAILURE   {text}")

    # -- the course of it

    def run(self):
        self.folder = tempfile.mkdtemp(prefix=f"{host.PREFIX}{os.getpid()}-")
        os.chmod(self.folder, 0o755)
        try:
            self.start()
            self.play()
            self.finish()
        except (host.HostError, OSError, subprocess.SubprocessError) as error:
            self.fail(f"the run could not go on: {error}")
        finally:
            self.close()

    def tool(self, name):
        return os.path.join(self.tools, name)

    def start(self):
        options = self.options
        say(f"run       seed {self.seed}: " + ", ".join(f"{k} {v}" for k, v in options.items()))
        count, clock = options["validators"], self.tool("chaos_clock.so")
        self.links = network.Network(count, options["links"], self.tool("chaos_netemu"), self.seed)
        self.cluster = cluster.Cluster(self.folder, self.witan, clock, self.links, options)
        faults = []
        if not self.arguments.no_faults:
            kinds = kinds_of(self.links, self.arguments)
            faults = schedule.schedule(self.seed, self.seconds, count, kinds)
        self.nemesis = nemesis.Nemesis(self.cluster, self.links, faults, say)
        for node in self.cluster.nodes:
            self.cluster.start(node)
        if not self.cluster.await_all(lambda s: s.get("node", {}).get("votes"), START_SECONDS):
            raise host.HostError("the network does not start: " + self.folder)
        self.client = host.spawn(
            [self.tool("chaos_client"), self.folder, str(self.seed), str(self.arguments.clients),
             str(self.arguments.pace), self.history_file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        if self.client.stdout.readline() != "ready\n":
            raise host.HostError("the clients cannot prepare their accounts")
        self.began = time.monotonic()

    @property
    def history_file(self):
        return os.path.join(self.folder, "history.ndjson")

    def play(self):
        end = self.began + self.seconds
        self.nemesis.play()
        self.nemesis.heal()
        self.nemesis.idle(max(AFTER_SECONDS, end - time.monotonic()))
        self.ended = time.monotonic()

    def finish(self):
        self.client.stdin.close()
        try:
            code = self.client.wait(timeout=DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        if code != 0:
            self.fail(f"the clients did not end as they should: {code}")
        agreed, heads = self.cluster.await_agreement(AGREE_SECONDS)
        if not agreed:
            self.fail(f"no agreement {AGREE_SECONDS} s after healing: {heads}")
        self.nemesis.watch()
        for node in self.cluster.nodes:
            node.ask_to_stop()
        for node in self.cluster.nodes:
            self.stopped(node)
        self.failures += self.nemesis.failures
        self.check_logs()
        self.audit()
        self.check_history()
        self.check_availability()

    def stopped(self, node):
        code = node.await_end(STOP_SECONDS)
        if code is None:
            node.kill()
        if code != 0:
            self.fail(f"node {node.index + 1} did not stop cleanly in the end: exit {code}")

    # -- the verdict

    def check_logs(self):
        pattern = re.compile(rb"Sanitizer|runtime error:|broken invariant")
        for node in self.cluster.nodes:
            with open(os.path.join(node.home, "log"), "rb") as file:
                for line in file:
                    if pattern.search(line):
                        text = line.decode(errors="replace").strip()
                        self.fail(f"node {node.index + 1} reports: {text}")
                        break

    def audit(self):
        """Each ledger by itself, and all against each other."""
        genesis = os.path.join(self.folder, "1/config/genesis.json")
        command = [self.witan, "audit", "verify", "--genesis", genesis]
        for node in self.cluster.nodes:
            command += ["--data", node.ledger]
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=AUDIT_SECONDS)
        if done.returncode != 0:
            text = (done.stdout + done.stderr).strip()
            self.fail(f"the audit ends with {done.returncode}:\n{text[-2000:]}")
        self.figures["audit_seconds"] = time.monotonic() - begun

    def check_history(self):
        self.operations, bad = history.read_lines(self.history_file)
        if bad:
            self.fail(f"{bad} lines of the history cannot be read")
        files = [replay.read_file(node.ledger) for node in self.cluster.nodes]
        executed = replay.Replay(*files[0])
        ledgers = [[block.hash for block in blocks] for _, blocks in files]
        checker = history.Checker(self.operations, executed, ledgers)
        findings = checker.check()
        self.lost = len(checker.lost)
        for finding in findings[:FINDINGS_SHOWN]:
            self.fail(str(finding))
        if len(findings) > FINDINGS_SHOWN:
            self.fail(f"and {len(findings) - FINDINGS_SHOWN} further findings")
        self.figures["blocks"] = executed.height
        self.figures["entries"] = len(executed.places)

    def check_availability(self):
        count = len(self.cluster.nodes)
        result = availability.report(
            self.nemesis.health, count, self.ended, history.commit_times(self.operations)
        )
        self.figures.update(result)
        if result["longest_gap"] > GAP_MAX:
            after = result["gap_at"] - self.began
            self.fail(
                f"no commit for {result['longest_gap']:.1f} s, {after:.1f} s after the beginning, "
                "though a quorum had been healthy for long"
            )

    def report(self):
        figures = self.figures
        for what, count in sorted(history.summary(self.operations).items()):
            say(f"          {count:7} {what}")
        if "settled_seconds" in figures:
            settled = figures["settled_seconds"]
            rate = figures["commits"] / settled if settled else 0.0
            whole = self.ended - self.began
            say(
                f"          a quorum was settled for {settled:.1f} of {whole:.1f} s: "
                f"{figures['commits']} commits, {rate:.1f}/s, "
                f"longest gap {figures['longest_gap']:.2f} s"
            )
            say(
                f"          {figures['blocks']} blocks, {figures['entries']} entries, "
                f"audited in {figures['audit_seconds']:.1f} s"
            )

    def close(self):
        if self.client and self.client.poll() is None:
            self.client.kill()
            self.client.wait()
        keep = bool(self.failures) or self.arguments.keep
        if self.cluster:
            for node in self.cluster.nodes:
                node.kill()
            if keep:
                self.cluster.keep_data()
            self.cluster.close()
        if self.links:
            self.links.close()
        if keep:
            with open(os.path.join(self.folder, host.KEPT), "w", encoding="utf-8") as file:
                file.writelines(f"{failure}\n" for failure in self.failures)
            say(f"files     {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def parse():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("witan")
    parser.add_argument("tools")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--validators", type=int, choices=[4, 7])
    parser.add_argument("--links", choices=["emulator", "bridge"])
    parser.add_argument("--run-seconds", type=float, default=120.0)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--pace", type=int, default=60)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args()


def can_run():
    if os.geteuid() != 0:
        say("chaos: namespaces, small disks and nftables need root; as root, or: sudo ./dev chaos")
        return False
    missing = host.missing(PROGRAMS)
    if missing:
        say("chaos: missing: " + " ".join(missing))
        say("       apt-get install iproute2 nftables util-linux mount")
        return False
    if not os.path.exists("/dev/net/tun"):
        say("chaos: this kernel has no /dev/net/tun")
        return False
    return True


def raise_exit(number, frame):
    raise SystemExit(128 + number)


def seeds_of(arguments):
    """(seed, seconds) of each run."""
    left = arguments.minutes * 60
    seed = arguments.seed
    while left > 0:
        seconds = min(left, arguments.run_seconds)
        if left - seconds < 20:
            seconds = left
        yield seed, seconds
        left -= seconds
        seed += 1


def total(runs):
    injected = {}
    for run in runs:
        for kind, count in (run.nemesis.injected if run.nemesis else {}).items():
            injected[kind] = injected.get(kind, 0) + count
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(injected.items()))
    say(f"faults    {faults or 'none'}")
    failed = [run for run in runs if run.failures]
    for run in failed:
        say(
            f"again     ./dev chaos --seed {run.seed} --minutes {run.seconds / 60:g} "
            f"--validators {run.options['validators']} --links {run.options['links']}"
        )
    say(f"{len(runs) - len(failed)} runs passed, {len(failed)} failed")
    figures = [run.figures for run in runs]
    say(f"figure chaos_faults {sum(injected.values())} count")
    say(f"figure chaos_settled_seconds {sum(f.get('settled_seconds', 0) for f in figures):.0f} s")
    say(f"figure chaos_longest_gap {max(f.get('longest_gap', 0) for f in figures):.2f} s")
    say(f"figure chaos_operations {sum(len(run.operations) for run in runs)} count")
    say(f"figure lost_acknowledged {sum(run.lost for run in runs)} count")
    return 1 if failed else 0


def main():
    arguments = parse()
    if arguments.list:
        for seed, seconds in seeds_of(arguments):
            options = options_of(seed, arguments)
            for fault in schedule.schedule(seed, seconds, options["validators"]):
                say(f"seed {seed}  {fault}")
        return 0
    if not can_run():
        return 2
    signal.signal(signal.SIGTERM, raise_exit)
    host.sweep()
    witan, tools = os.path.abspath(arguments.witan), os.path.abspath(arguments.tools)
    runs = []
    for seed, seconds in seeds_of(arguments):
        run = Run(seed, seconds, witan, tools, arguments)
        runs.append(run)
        run.run()
        run.report()
    return total(runs)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
