"""Carries out a schedule, and keeps an eye on the processes meanwhile.

The nemesis knows what it has done to each node, so it also knows which nodes are healthy: that is
written down, for the availability report. A process that ends by itself is a failure, unless its
disk was full; it is started again all the same, so that one failure does not hide the next.
"""
import heapq
import itertools
import time

DISK_EXITS = (74, 71)  # docs/reference/cli.md: a write failed; a limit of the operating system
STOP_SECONDS = 20
TICK_SECONDS = 0.02
REFILL_SECONDS = 0.2


class Nemesis:
    def __init__(self, cluster, links, faults, say):
        self.cluster = cluster
        self.nodes = cluster.nodes
        self.links = links
        self.faults = faults
        self.say = say
        self.failures = []
        self.injected = {}
        self.reasons = [set() for _ in self.nodes]  # why a node is not healthy
        self.health = []  # (monotonic seconds, node, healthy)
        self.queue = []
        self.numbers = itertools.count()
        self.refilled = 0.0
        for node in self.nodes:
            self.note(node.index)

    # -- health

    def note(self, index):
        self.health.append((time.monotonic(), index, not self.reasons[index]))

    def hurt(self, nodes, reason):
        for index in nodes:
            self.reasons[index].add(reason)
            self.note(index)

    def cure(self, nodes, reason):
        for index in nodes:
            self.reasons[index].discard(reason)
            self.note(index)

    # -- the clockwork

    def at(self, when, action):
        heapq.heappush(self.queue, (when, next(self.numbers), action))

    def play(self):
        """All of the schedule; returns when the last fault has been taken back."""
        begun = time.monotonic()
        for fault in self.faults:
            self.at(begun + fault.start, lambda fault=fault: self.begin(fault))
        while self.queue:
            when, _, action = self.queue[0]
            if when > time.monotonic():
                self.watch()
                time.sleep(max(0.0, min(TICK_SECONDS, when - time.monotonic())))
                continue
            heapq.heappop(self.queue)
            action()

    def idle(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.watch()
            time.sleep(TICK_SECONDS)

    def begin(self, fault):
        self.say(str(fault))
        self.injected[fault.kind] = self.injected.get(fault.kind, 0) + 1
        end = getattr(self, "do_" + fault.kind)(fault)
        if end:
            self.at(time.monotonic() + fault.seconds, end)

    def watch(self):
        for node in self.nodes:
            if node.wanted and not node.runs():
                self.ended(node)
        if time.monotonic() - self.refilled > REFILL_SECONDS:
            self.refilled = time.monotonic()
            for node in self.nodes:
                if node.filled:
                    node.fill(0)

    def ended(self, node):
        code = node.process.returncode
        node.wanted = False
        if node.was_filled and code in DISK_EXITS:
            self.say(f"          node {node.index + 1} stopped for its disk, exit {code}")
            if not node.filled:
                self.cluster.start(node)
            return
        self.failures.append(f"node {node.index + 1} ended by itself with exit code {code}")
        self.say(f"FAILURE   {self.failures[-1]}")
        self.cluster.start(node)

    # -- processes

    def start(self, indexes):
        for index in indexes:
            if not self.nodes[index].runs():
                self.cluster.start(self.nodes[index])

    def do_kill(self, fault):
        self.hurt(fault.nodes, "process")
        for index in fault.nodes:
            self.nodes[index].kill()

        def end():
            self.start(fault.nodes)
            self.cure(fault.nodes, "process")

        return end

    def do_kill_all(self, fault):
        return self.do_kill(fault)

    def do_pause(self, fault):
        self.hurt(fault.nodes, "process")
        for index in fault.nodes:
            self.nodes[index].pause()

        def end():
            for index in fault.nodes:
                self.nodes[index].resume()
            self.cure(fault.nodes, "process")

        return end

    def do_restart(self, fault):
        self.hurt(fault.nodes, "process")
        for index in fault.nodes:
            self.nodes[index].ask_to_stop()

        def end():
            for index in fault.nodes:
                self.stopped(self.nodes[index])
            self.start(fault.nodes)
            self.cure(fault.nodes, "process")

        return end

    def stopped(self, node):
        code = node.await_end(STOP_SECONDS)
        if code is None:
            self.failures.append(f"node {node.index + 1} does not stop within {STOP_SECONDS} s")
            node.kill()
        elif code != 0 and not (node.was_filled and code in DISK_EXITS):
            self.failures.append(f"node {node.index + 1} stopped with exit code {code}")

    def do_disk(self, fault):
        self.hurt(fault.nodes, "disk")
        for index in fault.nodes:
            self.nodes[index].fill(fault.more["leave_kib"] * 1024)

        def end():
            for index in fault.nodes:
                self.nodes[index].free()
            self.watch()
            self.start(fault.nodes)
            self.cure(fault.nodes, "disk")

        return end

    def do_clock(self, fault):
        self.hurt(fault.nodes, "clock")
        for index in fault.nodes:
            self.nodes[index].shift_clock(fault.more["ms"])

        def end():
            for index in fault.nodes:
                self.nodes[index].shift_clock(0)
            self.cure(fault.nodes, "clock")

        return end

    # -- the network

    def heal_links(self, nodes):
        def end():
            self.links.heal()
            self.cure(nodes, "links")

        return end

    def others(self, nodes):
        return [i for i in range(len(self.nodes)) if i not in nodes]

    def into(self, nodes):
        return [(other, node) for node in nodes for other in self.others([node])]

    def out_of(self, nodes):
        return [(target, source) for source, target in self.into(nodes)]

    def do_partition(self, fault):
        """These on one side, the rest on the other. Which side is hurt is a matter of size."""
        rest = self.others(fault.nodes)
        pairs = [(a, b) for a in fault.nodes for b in rest]
        self.links.drop(pairs + [(b, a) for a, b in pairs])
        hurt = self.without_quorum([fault.nodes, rest])
        self.hurt(hurt, "links")
        return self.heal_links(hurt)

    def without_quorum(self, sides):
        quorum = (2 * len(self.nodes) + 2) // 3
        return [index for side in sides if len(side) < quorum for index in side]

    def do_bridge(self, fault):
        """Two halves that do not see each other, and one node that sees both."""
        rest = fault.nodes[1:]
        halves = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        pairs = [(a, b) for a in halves[0] for b in halves[1]]
        self.links.drop(pairs + [(b, a) for a, b in pairs])
        self.hurt(fault.nodes, "links")
        return self.heal_links(fault.nodes)

    def do_unplug(self, fault):
        self.hurt(fault.nodes, "links")
        for index in fault.nodes:
            self.links.plug(index, False)
        return self.heal_links(fault.nodes)

    def do_deaf(self, fault):
        """Heard by all, hearing none."""
        self.hurt(fault.nodes, "links")
        self.links.drop(self.into(fault.nodes))
        return self.heal_links(fault.nodes)

    def do_mute(self, fault):
        self.hurt(fault.nodes, "links")
        self.links.drop(self.out_of(fault.nodes))
        return self.heal_links(fault.nodes)

    def do_loss(self, fault):
        self.hurt(fault.nodes, "links")
        pairs = self.into(fault.nodes) + self.out_of(fault.nodes)
        self.links.drop(pairs, fault.more["percent"])
        return self.heal_links(fault.nodes)

    def do_reset(self, fault):
        self.hurt(fault.nodes, "links")
        self.links.reset(self.into(fault.nodes) + self.out_of(fault.nodes))
        return self.heal_links(fault.nodes)

    def do_slow(self, fault):
        self.hurt(fault.nodes, "links")
        self.links.shape(fault.nodes, fault.more["delay_ms"], fault.more["jitter_ms"])
        return self.heal_links(fault.nodes)

    def do_damage(self, fault):
        self.hurt(fault.nodes, "links")
        self.links.shape(fault.nodes, 1, 1, fault.more["duplicate"], fault.more["corrupt"])
        return self.heal_links(fault.nodes)

    def do_flap(self, fault):
        self.hurt(fault.nodes, "links")
        over = time.monotonic() + fault.seconds

        def turn(up):
            now = time.monotonic()
            if now + fault.more["every"] >= over:
                up = True
            for index in fault.nodes:
                self.links.plug(index, up)
            if now + fault.more["every"] < over:
                self.at(now + fault.more["every"], lambda: turn(not up))

        turn(False)
        return self.heal_links(fault.nodes)

    # -- the end

    def heal(self):
        """Everything, whatever was going on."""
        self.queue = []
        self.links.heal()
        for node in self.nodes:
            node.free()
            node.shift_clock(0)
            node.resume()
        self.watch()
        self.start(range(len(self.nodes)))
        for reason in ("process", "disk", "clock", "links"):
            self.cure(range(len(self.nodes)), reason)
