#!/usr/bin/env python3
"""Kills a real node at every system call that changes something, and looks what is left.

    crashpoints.py WITAN [--every N] [--live N] [--jobs J] [--keep]

A scripted run (start, settle a few payments, stop) is done once to count its points: what it
changes below its data directory, and what it says to clients and peers (kill.c). Then it is done
again for every point, killed there with SIGKILL, and started again without the library. Whatever
the client had been told is committed must be in the ledger, at the height and with the result that
it was told; each payment must be there exactly once when all are sent again; the audit must be
clean. --every N takes each Nth point only.

Then the same on one validator of four under load, --live times: killed at point 1, 2, 3 ... of its
life, restarted, compared with the others.

Ends with `figure crash_points`, and, last, `figure lost_acknowledged`.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PAYMENTS = 6


def rpc(port, method, params, timeout=10):
    """The result, or an exception: OSError when nobody (or half an answer) is there."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body,
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            document = json.load(answer)
    except urllib.error.HTTPError as error:
        document = json.load(error)
    except (ValueError, TimeoutError) as error:
        raise OSError(str(error)) from error
    except Exception as error:  # http.client's own: half an answer
        raise OSError(str(error)) from error
    if "error" in document:
        raise RuntimeError(document["error"])
    return document["result"]


class Node:
    """One `witan start`."""

    def __init__(self, witan, home, port, environment=None):
        self.port = port
        self.home = home
        self.log = open(pathlib.Path(home) / "log", "ab")
        self.process = subprocess.Popen([witan, "start", "--home", str(home)], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL,
                                        env=environment or os.environ)

    def alive(self):
        return self.process.poll() is None

    def await_ready(self, seconds=30):
        """True when it answers; False when it has ended before."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self.alive():
                return False
            try:
                rpc(self.port, "node_status", {}, 2)
                return True
            except (OSError, RuntimeError):
                time.sleep(0.005)
        raise TimeoutError("the node neither answers nor ends")

    def end(self, seconds=20):
        """A clean stop; its exit code, or the signal that was faster."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.log.close()
        return code


def settle(port, transactions, acknowledged, alive):
    """Submits each until it is committed or nobody answers any more."""
    for number, transaction in enumerate(transactions):
        while alive():
            try:
                answer = rpc(port, "tx_submit",
                             {"tx": transaction, "wait": "committed", "timeout_ms": 5000})
            except OSError:
                if not alive():
                    return
                continue
            except RuntimeError as error:
                if error.args[0]["data"].get("retry") == "never":
                    raise
                continue
            outcome = outcome_of(answer)
            if outcome:
                acknowledged[number] = outcome
                break


def outcome_of(answer):
    """(txid, height, code) of an answer that says committed, else None."""
    result = answer.get("result") or {}
    if answer.get("status") not in ("committed", "sealed"):
        return None
    return answer["tx_id"], answer["location"]["height"], result.get("code")


def library(directory):
    path = pathlib.Path(directory) / "kill.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(path), str(HERE / "kill.c"), "-ldl"],
                   check=True)
    return path


class Template:
    """A network that is set up and stopped, and payments that are signed and not sent."""

    def __init__(self, witan, directory, validators):
        self.witan = witan
        self.net = pathlib.Path(directory)
        self.run("testnet", "create", "--dir", self.net, "--validators", validators)
        self.run("testnet", "start", "--dir", self.net)
        self.ports = [node["rpc_port"] for node in self.document()["nodes"]]
        urls = ",".join(f"http://127.0.0.1:{port}" for port in self.ports)
        treasury = ["--key", self.net / "keys" / "treasury.json", "--node", urls]
        self.run("asset", "create", "EUR", "--scale", "2", *treasury)
        bob = self.net / "keys" / "bob.json"
        self.run("key", "new", bob, "--name", "bob")
        key = json.loads(bob.read_text())
        self.bob = key["id"]
        self.run("account", "create", "--signer", key["public_key"], self.bob, *treasury)
        self.run("asset", "mint", "EUR", "1000.00", "--to", self.document()["treasury"], *treasury)

    def run(self, *arguments):
        subprocess.run([self.witan, *map(str, arguments), "--quiet"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def document(self):
        return json.loads((self.net / "testnet.json").read_text())

    def sign(self, count):
        """Payments of 0.01, as hex."""
        signed = []
        for number in range(count):
            path = self.net / f"payment-{number}"
            path.unlink(missing_ok=True)
            self.run("tx", "transfer", "--key", self.net / "keys" / "treasury.json", "--to",
                     self.bob, "--asset", "EUR", "--amount", "0.01", "--expires", "9m", "--out",
                     path, "--node", f"http://127.0.0.1:{self.ports[-1]}")
            signed.append(path.read_text().strip())
        return signed


def paid(port, bob):
    try:
        balances = rpc(port, "balance_list", {"account": bob})
    except RuntimeError:
        return 0
    rows = balances["items"]
    return int(rows[0]["posted"]) if rows else 0


def compare(port, acknowledged):
    """Acknowledged payments that are not in the ledger as they were acknowledged."""
    lost = 0
    for txid, height, code in acknowledged.values():
        try:
            outcome = outcome_of(rpc(port, "tx_status", {"tx_id": txid}))
        except RuntimeError:
            outcome = None
        if outcome != (txid, height, code):
            lost += 1
    return lost


class Sweep:
    """One validator alone, from a copy of the template, killed at a point."""

    def __init__(self, witan, work, slot):
        self.witan = witan
        self.work = pathlib.Path(work) / f"slot-{slot}"
        self.work.mkdir()
        self.template = Template(witan, self.work / "template", 1)
        self.template.run("testnet", "stop", "--dir", self.template.net)
        self.port = self.template.ports[0]
        self.kill = library(self.work)
        self.payments = None
        self.signed_at = 0.0

    def transactions(self):
        """Signed anew before they expire; signing needs a node that runs."""
        if time.monotonic() - self.signed_at > 300:
            self.template.run("testnet", "start", "--dir", self.template.net)
            self.payments = self.template.sign(PAYMENTS)
            self.template.run("testnet", "stop", "--dir", self.template.net)
            self.signed_at = time.monotonic()
        return self.payments

    def once(self, at):
        """(points of the run, lost, what else is wrong)."""
        payments = self.transactions()
        home = self.work / "run"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.template.net / "1", home)
        before = home / "points"
        environment = dict(os.environ, LD_PRELOAD=str(self.kill), KILL_UNDER=f"{home}/data",
                           KILL_AT=str(at), KILL_LOG=str(before))
        acknowledged = {}
        node = Node(self.witan, home, self.port, environment)
        if node.await_ready():
            settle(self.port, payments, acknowledged, node.alive)
        code = node.end()
        points = len(before.read_text().splitlines())
        if at == 0:
            return points, 0, "" if code == 0 and len(acknowledged) == PAYMENTS else "counting"
        if at <= points and code != -signal.SIGKILL:
            return points, 0, f"ended with {code} instead of the kill"
        return (points, *self.again(home, payments, acknowledged))

    def again(self, home, payments, acknowledged):
        node = Node(self.witan, home, self.port)
        if not node.await_ready():
            return 0, f"does not start again: exit {node.end()}"
        lost = compare(self.port, acknowledged)
        settle(self.port, payments, acknowledged, node.alive)
        lost += compare(self.port, acknowledged)
        count = paid(self.port, self.template.bob)
        code = node.end()
        if code != 0:
            return lost, f"ends with {code}"
        if count != PAYMENTS:
            return lost, f"{count} of {PAYMENTS} payments executed"
        audit = subprocess.run([self.witan, "audit", "verify", "--data", str(home / "data"),
                                "--genesis", str(home / "config" / "genesis.json"), "--quiet"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if audit.returncode != 0:
            return lost, f"the audit ends with {audit.returncode}: {audit.stdout.decode()[:200]}"
        return lost, ""


def sweep_alone(witan, work, every, jobs):
    """Every point of one validator's run; (points, lost, problems)."""
    sweeps = [Sweep(witan, work, slot) for slot in range(jobs)]
    points, _, problem = sweeps[0].once(0)
    if problem:
        sys.exit(f"crashpoints: the run does not work without a kill: {problem}")
    print(f"  one validator: {points} points in a run", flush=True)
    kinds = {}
    for line in (sweeps[0].work / "run" / "points").read_text().splitlines():
        kinds[line.split()[1]] = kinds.get(line.split()[1], 0) + 1
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(kinds.items())), flush=True)
    free = list(sweeps)

    def work_on(at):
        sweep = free.pop()
        try:
            _, lost, problem = sweep.once(at)
        except (TimeoutError, OSError, subprocess.SubprocessError) as error:
            lost, problem = 0, f"{type(error).__name__}: {error}"
        finally:
            free.append(sweep)
        if lost or problem:
            print(f"  FAIL  killed at point {at}: {lost} lost; {problem}", flush=True)
        return lost, problem

    todo = range(1, points + 1, every)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(work_on, todo))
    return len(todo), sum(lost for lost, _ in results), sum(1 for _, problem in results if problem)


def sweep_live(witan, work, times):
    """One of four, killed at point 1, 2, ... of its life while the others go on."""
    if times == 0:
        return 0, 0, 0
    template = Template(witan, pathlib.Path(work) / "live", 4)
    kill = library(template.net)
    home = template.net / "1"
    template.run("testnet", "kill", "1", "--dir", template.net)
    problems, lost, acknowledged, sent = 0, 0, {}, 0
    node = None
    for at in range(1, times + 1):
        environment = dict(os.environ, LD_PRELOAD=str(kill), KILL_UNDER=f"{home}/data",
                           KILL_AT=str(at), KILL_LOG=str(template.net / "points"))
        node = Node(witan, home, template.ports[0], environment)
        answers = node.await_ready()
        told = {}
        while answers and node.alive():
            batch = template.sign(2)
            sent += len(batch)
            part = {}
            settle(template.ports[0], batch, part, node.alive)
            settle(template.ports[1], batch, part, lambda: True)
            told.update({f"{at}-{len(told) + i}": value for i, value in enumerate(part.values())})
        code = node.end()
        if code != -signal.SIGKILL:
            problems += 1
            print(f"  FAIL  point {at} of one of four: ended with {code}", flush=True)
        acknowledged.update(told)
    node = Node(witan, home, template.ports[0])
    if not node.await_ready():
        return times, lost, problems + 1
    # Level by events: the node is asked for what the others have acknowledged until it has it.
    until = time.monotonic() + 60
    while paid(template.ports[0], template.bob) != sent and time.monotonic() < until:
        time.sleep(0.02)
    lost += compare(template.ports[0], acknowledged)
    for port in template.ports:
        if paid(port, template.bob) != sent:
            problems += 1
            print(f"  FAIL  port {port}: {paid(port, template.bob)} of {sent} payments", flush=True)
    if node.end() != 0:
        problems += 1
    template.run("testnet", "stop", "--dir", template.net)
    print(f"  one of four: killed {times} times, {sent} payments", flush=True)
    return times, lost, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("witan", type=os.path.abspath)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--live", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(prefix="witan-crashpoints.")
    os.environ["HOME"] = work
    begun = time.monotonic()
    totals = [0, 0, 0]
    try:
        for part in (sweep_alone(arguments.witan, work, arguments.every, arguments.jobs),
                     sweep_live(arguments.witan, work, arguments.live)):
            totals = [a + b for a, b in zip(totals, part)]
    finally:
        for document in list(pathlib.Path(work).rglob("testnet.json")):
            subprocess.run([arguments.witan, "testnet", "clean", "--dir", str(document.parent)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not arguments.keep:
            shutil.rmtree(work, ignore_errors=True)
    points, lost, problems = totals
    seconds = time.monotonic() - begun
    print(f"crashpoints: {points - problems} passed, {problems} failed, {seconds:.0f} s")
    print(f"figure crash_points {points} count")
    print(f"figure lost_acknowledged {lost} count")
    sys.exit(0 if lost == 0 and problems == 0 else 1)


main()
