"""The course of a run, drawn from its seed: which faults, on which nodes, when, for how long.

A run is a row of stretches of 10 to 40 seconds:

    few      1 to f nodes, the same for the whole stretch, suffer one fault after the other: the
             rest is a healthy quorum and has to go on
    many     more than f nodes suffer at once, so that nothing can commit, and are healed
    all      every node is killed at once
    rolling  every node is stopped cleanly and started again, one after the other

In a stretch of the first kind two faults may overlap, one of a process and one of the network. The
schedule is made before anything starts and depends on the seed and the options alone.
"""
import random
from dataclasses import dataclass, field

PROCESS_KINDS = ("kill", "pause", "restart", "disk", "clock")
NETWORK_KINDS = ("partition", "unplug", "mute", "deaf", "loss", "reset", "slow", "damage", "flap")
KINDS = PROCESS_KINDS + NETWORK_KINDS + ("kill_all", "bridge")

CALM_AT_END = 8.0


@dataclass
class Fault:
    start: float  # seconds from the beginning of the run
    seconds: float
    kind: str
    nodes: tuple
    more: dict = field(default_factory=dict)

    @property
    def end(self):
        return self.start + self.seconds

    def __str__(self):
        names = ",".join(str(node + 1) for node in self.nodes)
        more = "".join(f" {key}={value}" for key, value in sorted(self.more.items()))
        return f"{self.start:6.1f} s  {self.kind:9} node {names} for {self.seconds:.1f} s{more}"


def log_uniform(draw, low, high):
    return low * (high / low) ** draw.random()


def fault_of(draw, kind, start, nodes, longest):
    """One fault, with its numbers."""
    seconds = min(log_uniform(draw, 0.4, 15.0), longest)
    more = {}
    if kind == "disk":
        seconds = min(max(seconds, 3.0), longest)
        more["leave_kib"] = draw.choice([0, 0, 16, 256])
    elif kind == "clock":
        seconds = min(max(seconds, 2.0), longest)
        more["ms"] = draw.choice([-1, 1]) * int(log_uniform(draw, 300, 86400000))
    elif kind == "loss":
        more["percent"] = draw.choice([2, 5, 10, 20, 40])
    elif kind == "slow":
        more["delay_ms"] = int(log_uniform(draw, 5, 300))
        more["jitter_ms"] = int(more["delay_ms"] * draw.random())
    elif kind == "damage":
        more["duplicate"] = draw.choice([0, 5, 20])
        more["corrupt"] = draw.choice([1, 5])
    elif kind == "flap":
        more["every"] = round(log_uniform(draw, 0.2, 2.0), 2)
    elif kind == "restart":
        seconds = min(seconds, 5.0)
    return Fault(round(start, 2), round(seconds, 2), kind, tuple(sorted(nodes)), more)


def track(draw, kinds, start, end, victims):
    """Faults one after the other on the same few nodes."""
    faults = []
    at = start + log_uniform(draw, 0.3, 4.0)
    while end - at > 1.0:
        nodes = draw.sample(victims, draw.randint(1, len(victims)))
        faults.append(fault_of(draw, draw.choice(kinds), at, nodes, end - at - 0.5))
        at = faults[-1].end + log_uniform(draw, 0.3, 4.0)
    return faults


def few(draw, start, end, count, kinds):
    victims = draw.sample(range(count), draw.randint(1, (count - 1) // 3))
    process = [kind for kind in kinds if kind in PROCESS_KINDS]
    network = [kind for kind in kinds if kind in NETWORK_KINDS]
    tracks = [kinds for kinds in (process, network) if kinds]
    which = draw.sample(tracks, draw.randint(1, len(tracks))) if tracks else []
    return [fault for one in which for fault in track(draw, one, start, end, victims)]


def many(draw, start, end, count, kinds):
    """More than f at once; what follows has until the end of the stretch to recover. A clock stays
    with the few: of a majority's calendar everybody would have to become part."""
    f = (count - 1) // 3
    allowed = [kind for kind in kinds if kind not in ("clock", "kill_all")]
    victims = draw.sample(range(count), draw.randint(f + 1, count - 1))
    if not allowed:
        return []
    kind = draw.choice(allowed)
    if kind == "bridge":
        seconds = round(draw.uniform(2.0, 8.0), 2)
        return [Fault(round(start + 1, 2), seconds, kind, tuple(draw.sample(range(count), count)))]
    return [fault_of(draw, kind, start + 1, victims, 8.0)]


def every(draw, start, count):
    seconds = round(draw.uniform(0.0, 2.0), 2)
    return [Fault(round(start + 1, 2), seconds, "kill_all", tuple(range(count)))]


def rolling(draw, start, end, count):
    order = draw.sample(range(count), count)
    pause = (end - start) / count
    seconds = round(draw.uniform(0.1, pause / 3), 2)
    return [
        Fault(round(start + i * pause, 2), seconds, "restart", (node,))
        for i, node in enumerate(order)
    ]


def schedule(seed, seconds, count, kinds=KINDS):
    """The faults of a run in the order of their starts. kinds: those that this machine can do."""
    draw = random.Random(f"chaos schedule {seed}")
    faults = []
    at = 2.0
    last = seconds - CALM_AT_END
    while last - at > 5.0:
        pick = draw.random()
        length = draw.uniform(20.0, 40.0) if pick < 0.5 else draw.uniform(10.0, 20.0)
        end = min(at + length, last)
        if pick < 0.5:
            faults += few(draw, at, end, count, kinds)
        elif pick < 0.75:
            faults += many(draw, at, end, count, kinds)
        elif pick < 0.88 and "kill_all" in kinds:
            faults += every(draw, at, count)
        else:
            faults += rolling(draw, at, end, count)
        at = end
    return sorted(faults, key=lambda fault: (fault.start, fault.kind, fault.nodes))
