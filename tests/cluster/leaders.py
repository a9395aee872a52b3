#!/usr/bin/env python3
"""leaders.py WITAN NETWORK kill|stop TIMES -- ends the leader of a network under load, again and again.

Each time: finds out who leads, ends that process (SIGKILL, or SIGTERM and its clean stop), measures
until a block of the next leader's is committed on another node, starts the process again and waits
until it follows. Prints a line for each, and `gap p50 N ms, max N ms, best N ms`. Exit 1 if writes
did not go on within ten seconds.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time

PATIENCE_S = 10


class Node:
    def __init__(self, number, port):
        self.number = number
        self.port = port
        self.connection = None

    def status(self):
        """What node_status says, or None."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "node_status"})
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
            self.connection.request("POST", "/rpc", body, {"Content-Type": "application/json"})
            return json.loads(self.connection.getresponse().read())["result"]
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return None


class Network:
    def __init__(self, witan, folder):
        self.witan = witan
        self.folder = folder
        self.nodes = [Node(i + 1, n["rpc_port"]) for i, n in enumerate(self.document()["nodes"])]

    def document(self):
        with open(os.path.join(self.folder, "testnet.json"), encoding="utf-8") as file:
            return json.load(file)

    def leader(self):
        """The node that all of them name, with its status; and its height is level with theirs."""
        end = time.monotonic() + 3 * PATIENCE_S
        while time.monotonic() < end:
            states = [node.status() for node in self.nodes]
            if all(states):
                named = {s["consensus"]["leader"] for s in states}
                connected = all(s["consensus"]["validators_connected"] == len(states) for s in states)
                heights = [s["ledger"]["height"] for s in states]
                own = [s["node"]["validator"] for s in states]
                name = named.pop()
                if not named and name in own and connected and max(heights) - min(heights) < 50:
                    return self.nodes[own.index(name)], states[own.index(name)]
            time.sleep(0.02)
        sys.exit("the nodes do not agree on a leader")

    def end(self, node, number):
        pid = self.document()["nodes"][node.number - 1]["pid"]
        began = time.monotonic()
        os.kill(pid, number)
        return began

    def restart(self, node):
        for _ in range(20):
            done = subprocess.run([self.witan, "testnet", "restart", str(node.number), "--dir",
                                   self.folder], capture_output=True, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        sys.exit("node %d does not start again: %s" % (node.number, done.stderr.decode()))


def gap_ms(others, term, began):
    """Until one of the others has a block that a later term's leader has brought; None: too long."""
    base = {}
    while time.monotonic() < began + PATIENCE_S:
        for node in others:
            state = node.status()
            if not state or state["consensus"]["view"] <= term or not state["consensus"]["leader"]:
                continue
            height = state["ledger"]["height"]
            if height > base.setdefault(node.number, height):
                return (time.monotonic() - began) * 1000
        time.sleep(0.003)
    return None


def main():
    witan, folder, how, times = sys.argv[1:5]
    number = signal.SIGKILL if how == "kill" else signal.SIGTERM
    network = Network(witan, folder)
    gaps = []
    for i in range(int(times)):
        node, state = network.leader()
        others = [other for other in network.nodes if other is not node]
        gap = gap_ms(others, state["consensus"]["view"], network.end(node, number))
        if gap is None:
            sys.exit("%s %d: no block within %d s" % (how, i + 1, PATIENCE_S))
        gaps.append(gap)
        print("%s %d: node %d led term %d; %.0f ms" %
              (how, i + 1, node.number, state["consensus"]["view"], gap))
        network.restart(node)
    network.leader()
    gaps.sort()
    print("gap p50 %.0f ms, max %.0f ms, best %.0f ms" % (gaps[len(gaps) // 2], gaps[-1], gaps[0]))


main()
