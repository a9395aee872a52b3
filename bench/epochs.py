#!/usr/bin/env python3
"""epochs.py WITAN [--full] [--engine NAME] [--dir DIR] -- how long writes stand still at a change.

A fresh network of real validators on this machine. Four clients pay all the while, each a loop of
`witan tx transfer`, which waits until its payment is committed and goes to another node when one does
not answer. Meanwhile the members change the network, by proposals and ballots like any others. For
each change the longest time is printed in which no client got an acknowledgement, from the proposal
until a second after every machine has come to the new epoch.

Without --full: a machine added, parameters, the engine, two keys, a machine removed, first as they
are and then with the leader killed (SIGKILL) at the last ballot. With --full: 4 to 5 to 7 and back
to 4 validators, every seal key rotated once, one machine wiped and replaced, and the leader killed
in the middle of every change; besides the clients a file of payments is imported again and again, and
in the end each of its rows must be there once and every ledger must pass the audit.

Prints `figure NAME VALUE UNIT` and lines that begin with #.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE_S = 60
CLIENTS = 4
SETTLE_S = 1.0
PAYMENTS = os.path.join(os.path.dirname(__file__), "..", "tests", "data", "payments.csv")
PAYMENT_ROWS = 600


class Network:
    def __init__(self, witan, folder, engine, validators):
        self.witan, self.folder, self.engine = witan, folder, engine
        self.threads, self.acknowledged, self.ending = [], [], False
        self.witan_run("testnet", "create", "--dir", folder, "--engine", engine, "--validators",
                       str(validators))
        self.witan_run("testnet", "start", "--dir", folder)
        self.ids = [self.made_with(n) for n in range(1, validators + 1)]
        self.members = validators

    # ---- commands and questions ----

    def witan_run(self, *arguments, check=True):
        done = subprocess.run([self.witan, *arguments], capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            sys.exit("epochs: witan %s: exit %d: %s" %
                     (" ".join(arguments), done.returncode, done.stderr))
        return done

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def document(self):
        with open(self.path("testnet.json"), encoding="utf-8") as file:
            return json.load(file)["nodes"]

    def url(self, number):
        return "http://127.0.0.1:%d" % self.document()[number - 1]["rpc_port"]

    def urls(self, first=1):
        count = len(self.ids)
        return ",".join(self.url((first + i - 1) % count + 1) for i in range(count))

    def made_with(self, number):
        with open(self.path(str(number), "config", "seal_key.json"), encoding="utf-8") as file:
            return json.load(file)["id"]

    def call(self, number, method, **params):
        """The result, or None if the node does not answer."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection = http.client.HTTPConnection("127.0.0.1",
                                                self.document()[number - 1]["rpc_port"], timeout=2)
        try:
            connection.request("POST", "/rpc", body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read()).get("result")
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def status(self, number):
        return self.call(number, "node_status")

    def until(self, what, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                sys.exit("epochs: %s: not within %d s; see %s" % (what, PATIENCE_S, self.folder))
            time.sleep(0.02)

    def epoch(self, number):
        status = self.status(number)
        return status["chain"]["epoch"] if status else -1

    def leader(self):
        status = self.status(1) or self.status(2)
        name = status["consensus"]["leader"] if status else None
        return self.ids.index(name) + 1 if name in self.ids else None

    # ---- clients ----

    def begin(self):
        treasury = self.path("keys", "treasury.json")
        bank = ["--key", treasury, "--node", self.url(1)]
        with open(treasury, encoding="utf-8") as file:
            public_key = json.load(file)["public_key"]
        self.witan_run("asset", "create", "EUR", "--scale", "2", *bank)
        names = ["payer-%d" % i for i in range(CLIENTS)] + ["payee"]
        accounts = []
        for name in names:
            done = self.witan_run("account", "create", "--signer", public_key, *bank)
            accounts.append(next(line.split()[1] for line in done.stdout.splitlines()
                                 + done.stderr.splitlines() if line.startswith("account")))
            if name != "payee":
                self.witan_run("asset", "mint", "EUR", "100000.00", "--to", accounts[-1], *bank)
        for i in range(CLIENTS):
            self.thread(self.pay, accounts[i], accounts[-1], i + 1)
        self.until("the first payments", lambda: len(self.acknowledged) > 2 * CLIENTS)

    def thread(self, run, *arguments):
        self.threads.append(threading.Thread(target=run, args=arguments, daemon=True))
        self.threads[-1].start()

    def pay(self, payer, payee, first):
        key = self.path("keys", "treasury.json")
        while not self.ending:
            done = self.witan_run("tx", "transfer", "--source", payer, "--key", key, "--to", payee,
                                  "--asset", "EUR", "--amount", "0.01", "--node", self.urls(first),
                                  "--timeout", "5s", "--json", check=False)
            if done.returncode == 0:
                self.acknowledged.append(time.monotonic())

    def import_payments(self):
        self.sets = 0
        while not self.ending:
            name = "load-%d" % self.sets
            while self.import_set(name, check=False).returncode != 0:
                pass
            self.sets += 1

    def import_set(self, name, check=True):
        return self.witan_run("tx", "import", PAYMENTS, "--set", name, "--from",
                              "customer-{customer}", "--to", "bank-{bank}", "--amount", "amount",
                              "--ref", "order {order}", "--asset", "EUR", "--key",
                              self.path("keys", "treasury.json"), "--accounts-by", "treasury",
                              "--fund", "exact", "--in-flight", "64", "--node", self.urls(),
                              "--quiet", "--json", check=check)

    def end(self):
        self.ending = True
        for thread in self.threads:
            thread.join()
        self.witan_run("testnet", "status", "--dir", self.folder, "--until-level", "60s")

    # ---- changes ----

    def ballot(self, number, member):
        """Members ask whichever node answers; a ballot whose answer was lost is cast again."""
        for _ in range(20):
            done = self.witan_run("gov", "ballot", str(number), "yes", "--key",
                                  self.path("keys", "member-%d.json" % member), "--node",
                                  self.urls(member), "--timeout", "5s", check=False)
            if done.returncode == 0 or "proposal_closed" in done.stderr:
                return
            time.sleep(0.1)
        sys.exit("epochs: ballot of member %d: %s" % (member, done.stderr))

    def enacted(self, number):
        """As one of the nodes says."""
        answers = (self.call(n, "gov_get", proposal=number) for n in range(1, len(self.ids) + 1))
        return any(answer and answer["status"] == "enacted" for answer in answers)

    def change(self, what, propose, kill, proposer=1):
        """The longest time without an acknowledgement, in ms."""
        before = max(self.epoch(n) for n in range(1, len(self.ids) + 1))
        began = time.monotonic()
        done = self.witan_run(*propose)
        number = next(int(line.split()[1].rstrip(",")) for line in (done.stdout + done.stderr)
                      .splitlines() if line.startswith("proposal "))
        yes = self.members * 2 // 3 + 1
        voters = [m for m in range(1, self.members + 1) if m != proposer][:yes - 1]
        for member in voters[:-1]:
            self.ballot(number, member)
        killed = None
        last = threading.Thread(target=self.ballot, args=(number, voters[-1]))
        last.start()
        if kill:
            while not (killed := self.leader()):
                time.sleep(0.01)
            os.kill(self.document()[killed - 1]["pid"], signal.SIGKILL)
        last.join()
        self.until("proposal %d" % number, lambda: self.enacted(number))
        if killed:
            self.until("restart", lambda: self.witan_run(
                "testnet", "restart", str(killed), "--dir", self.folder,
                check=False).returncode == 0)
        self.until(what, lambda: all(self.epoch(n) > before for n in range(1, len(self.ids) + 1)))
        time.sleep(SETTLE_S)
        end = time.monotonic()
        times = [began] + [t for t in list(self.acknowledged) if began < t < end] + [end]
        gap = max(b - a for a, b in zip(times, times[1:])) * 1000
        print("# %-8s epoch %2d  %-34s%s  longest gap %5.0f ms" %
              (self.engine, before + 1, what, "  leader killed" if killed else "", gap), flush=True)
        return gap

    def propose(self, *actions):
        return ["gov", "propose", *actions, "--key", self.path("keys", "member-1.json"), "--node",
                self.urls()]

    def rotate(self, number, kill):
        member = (number - 1) % self.members + 1
        return self.change("key of machine %d" % number,
                           ["key", "rotate", "seal", "--home", self.path(str(number)), "--key",
                            self.path("keys", "member-%d.json" % member)], kill, member)

    def add_machine(self):
        self.witan_run("testnet", "add", "--dir", self.folder)
        number = len(self.document())
        self.ids.append(self.made_with(number))
        return number

    def ready(self, number):
        """The file with the statement that this machine follows."""
        member = (number - 1) % self.members + 1
        with open(self.path("keys", "member-%d.json" % member), encoding="utf-8") as file:
            account = json.load(file)["id"]
        with open(self.path(str(number), "config", "node_key.json"), encoding="utf-8") as file:
            node_key = json.load(file)["public_key"]
        self.until("node %d follows" % number, lambda: any(
            peer["node_key"] == node_key
            for peer in (self.call(1, "peer_list") or {"items": []})["items"]))
        name = self.path("ready-%d.json" % number)
        if os.path.exists(name):
            os.unlink(name)
        self.until("node %d is ready" % number, lambda: self.witan_run(
            "validator", "ready", "--home", self.path(str(number)), "--member", account,
            "--endpoint", "127.0.0.1:%d" % self.document()[number - 1]["peer_port"], "-o", name,
            check=False).returncode == 0)
        return name

    def add(self, kill):
        number = self.add_machine()
        return self.change("machine %d added" % number,
                           self.propose("--add", self.ready(number)), kill)

    def validators(self):
        """The numbers of the machines that vote now, ascending."""
        names = self.call(1, "epoch_list")["items"][-1]["validators"]
        return sorted(self.ids.index(name) + 1 for name in names)

    def remove(self, number, kill):
        return self.change("machine %d removed" % number,
                           self.propose("--remove", self.ids[number - 1]), kill)


def undisturbed(network, seconds=3):
    began = time.monotonic()
    time.sleep(seconds)
    times = [began] + [t for t in list(network.acknowledged) if t > began]
    gap = max(b - a for a, b in zip(times, times[1:])) * 1000
    print("# %-8s without any change: %d payments in %d s, longest gap %.0f ms" %
          (network.engine, len(times) - 1, seconds, gap), flush=True)


def short(network):
    gaps = []
    for kill in (False, True):
        gaps.append(network.add(kill))
        added = len(network.ids)
        gaps.append(network.change("batch_txs_max", network.propose(
            "--set", "batch_txs_max=%d" % (6000 if kill else 5000)), kill))
        if network.engine == "hotstuff":
            gaps.append(network.change("engine's view_ms", network.propose(
                "--engine", "view_ms=%d" % (1000 if kill else 1001)), kill))
        for number in (1, 2):
            gaps.append(network.rotate(number, kill))
        gaps.append(network.remove(added, kill))
    return gaps


def full(network, kill=True):
    network.thread(network.import_payments)
    gaps = [network.add(kill)]
    gaps.append(network.change("batch_txs_max", network.propose("--set", "batch_txs_max=5000"),
                               kill))
    gaps += [network.add(kill) for _ in range(2)]
    for number in range(1, len(network.ids) + 1):
        gaps.append(network.rotate(number, kill))
    gaps.append(replace(network, 3, kill))
    if network.engine == "hotstuff":
        gaps.append(network.change("engine's view_ms", network.propose("--engine", "view_ms=1001"),
                                   kill))
    while len(network.validators()) > network.members:
        gaps.append(network.remove(network.validators()[-1], kill))
    return gaps


def replace(network, number, kill):
    """Everything of a machine is lost; another one comes in its place, in one proposal."""
    os.kill(network.document()[number - 1]["pid"], signal.SIGKILL)
    shutil.rmtree(network.path(str(number), "data"))
    added = network.add_machine()
    actions = network.propose("--remove", network.ids[number - 1], "--add", network.ready(added))
    network.until("restart", lambda: network.witan_run(
        "testnet", "restart", str(number), "--dir", network.folder, check=False).returncode == 0)
    return network.change("machine %d wiped, replaced by %d" % (number, added), actions, kill)


def check_ledgers(network):
    """After the end: each row once, and a clean audit of every ledger."""
    for i in range(network.sets):
        network.import_set("load-%d" % i)
    network.witan_run("testnet", "status", "--dir", network.folder, "--until-level", "60s")
    network.witan_run("testnet", "stop", "--dir", network.folder)
    for number in range(1, len(network.ids) + 1):
        ledger = network.path(str(number), "data", "ledger.db")
        with sqlite3.connect("file:%s?mode=ro" % ledger, uri=True) as db:
            rows = db.execute("SELECT count(*) FROM kv WHERE hex(key) LIKE ?",
                              (b"import/".hex().upper() + "%",)).fetchone()[0]
            epochs = db.execute("SELECT count(*) FROM epoch").fetchone()[0]
        if rows != network.sets * PAYMENT_ROWS:
            sys.exit("epochs: ledger %d has %d payments instead of %d" %
                     (number, rows, network.sets * PAYMENT_ROWS))
        network.witan_run("audit", "verify", "--genesis",
                          network.path("1", "config", "genesis.json"), "--data", ledger)
    print("# %-8s %d imports of %d payments, each once; %d ledgers of %d epochs, audit clean" %
          (network.engine, network.sets, PAYMENT_ROWS, len(network.ids), epochs), flush=True)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def run(arguments, engine, folder):
    network = Network(arguments.witan, folder, engine, 3 if engine == "raft" and
                      not arguments.full else 4)
    try:
        network.begin()
        undisturbed(network)
        gaps = full(network) if arguments.full else short(network)
        network.end()
        if arguments.full:
            check_ledgers(network)
        print("figure epoch_gap_ms_p50_%s %.0f ms" % (engine, percentile(gaps, 0.5)))
        print("figure epoch_gap_ms_p99_%s %.0f ms" % (engine, percentile(gaps, 0.99)), flush=True)
        return gaps
    finally:
        network.ending = True
        network.witan_run("testnet", "stop", "--dir", folder, check=False)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("witan")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--engine", action="append", choices=("hotstuff", "raft"))
    parser.add_argument("--dir")
    arguments = parser.parse_args()
    arguments.witan = os.path.abspath(arguments.witan)
    parent = arguments.dir or tempfile.mkdtemp(prefix="witan-epochs.")
    os.makedirs(parent, exist_ok=True)
    for name in [name for name in os.environ if name.startswith("WITAN_")]:
        del os.environ[name]
    os.environ["HOME"] = parent
    gaps = []
    print("# %d processors, %d clients, load average %.1f" %
          (os.cpu_count(), CLIENTS, os.getloadavg()[0]))
    for engine in arguments.engine or ("hotstuff", "raft"):
        gaps += run(arguments, engine, os.path.join(parent, engine))
    print("figure epoch_changes %d 1" % len(gaps))
    print("figure epoch_gap_ms_p99 %.0f ms" % percentile(gaps, 0.99))
    shutil.rmtree(parent)


main()
