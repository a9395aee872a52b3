"""The network between the nodes: a namespace for each, joined by links that can be damaged.

Two kinds of links, both a device `chaos0` with the address 10.99.0.(i + 1) in namespace i:

    emulator   TUN devices of chaos_netemu: delay, jitter, duplicates and flipped bits for each
               ordered pair of nodes
    bridge     veth pairs to a bridge in one more namespace; delay and jitter by netem, if this
               kernel has it

Whatever the kind, packets are dropped and connections reset by nftables in the namespace of the
receiver, so that each direction of each pair is a fault of its own; a cable is pulled by setting
the device down.
"""
import itertools

import host

PREFIX_LENGTH = 24


def address(node):
    return f"10.99.0.{node + 1}"


def has_netem():
    """Asks the kernel, in a namespace that is thrown away."""
    name = f"{host.PREFIX}{host.os.getpid()}-999"
    host.run("ip", "netns", "add", name)
    try:
        host.run("tc", "-n", name, "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
        return True
    except host.HostError:
        return False
    finally:
        host.remove_namespace(name)


class Network:
    def __init__(self, count, kind, emulator, seed):
        self.count = count
        self.kind = kind
        self.names = [f"{host.PREFIX}{host.os.getpid()}-{i}" for i in range(count)]
        self.hub = f"{host.PREFIX}{host.os.getpid()}-{count}"
        self.netem = kind == "bridge" and has_netem()
        self.can_delay = kind == "emulator" or self.netem
        self.program = None
        self.made = []
        # drops[to][from]: packets in a hundred that are dropped; resets[to]: whose TCP is reset.
        self.drops = [{} for _ in range(count)]
        self.resets = [set() for _ in range(count)]
        self.delayed = set()
        self.down = set()
        try:
            self.make(emulator, seed)
        except BaseException:
            self.close()
            raise

    # -- making and removing

    def add(self, name):
        host.run("ip", "netns", "add", name)
        self.made.append(name)
        host.run("ip", "-n", name, "link", "set", "lo", "up")

    def make(self, emulator, seed):
        for name in self.names:
            self.add(name)
        if self.kind == "emulator":
            self.make_emulator(emulator, seed)
        else:
            self.make_bridge()
        for i, name in enumerate(self.names):
            own = f"{address(i)}/{PREFIX_LENGTH}"
            host.run("ip", "-n", name, "address", "add", own, "dev", "chaos0")
            host.run("ip", "-n", name, "link", "set", "chaos0", "up")

    def make_emulator(self, emulator, seed):
        pipe = host.subprocess.PIPE
        command = [emulator, str(seed), *self.names]
        self.program = host.spawn(command, stdin=pipe, stdout=pipe, text=True)
        if self.program.stdout.readline() != "ready\n":
            raise host.HostError("chaos_netemu did not start")

    def make_bridge(self):
        self.add(self.hub)
        host.run("ip", "-n", self.hub, "link", "add", "hub", "type", "bridge")
        host.run("ip", "-n", self.hub, "link", "set", "hub", "up")
        for i, name in enumerate(self.names):
            far = f"port{i}"
            host.run(
                *("ip", "-n", name, "link", "add", "chaos0", "type", "veth"),
                *("peer", "name", far, "netns", self.hub),
            )
            host.run("ip", "-n", self.hub, "link", "set", far, "master", "hub", "up")

    def close(self):
        if self.program:
            self.program.stdin.close()
            try:
                self.program.wait(timeout=5)
            except host.subprocess.TimeoutExpired:
                self.program.kill()
                self.program.wait()
            self.program.stdout.close()
            self.program = None
        for name in self.made:
            host.remove_namespace(name)
        self.made = []

    def enter(self, node):
        """What to put before a command so that it runs in the node's namespace."""
        return ["nsenter", f"--net={host.NAMESPACES}/{self.names[node]}"]

    # -- dropping

    def write_rules(self, node):
        rules = []
        for other, percent in sorted(self.drops[node].items()):
            part = "" if percent >= 100 else f" numgen random mod 100 < {percent}"
            rules.append(f"ip saddr {address(other)}{part} drop")
        for other in sorted(self.resets[node]):
            rules.append(f"ip saddr {address(other)} meta l4proto tcp reject with tcp reset")
        hook = "type filter hook input priority 0; policy accept;"
        text = "add table inet chaos\ndelete table inet chaos\n"
        if rules:
            text += "\n".join(["table inet chaos {", "chain input {", hook, *rules, "}", "}", ""])
        host.run(*self.enter(node), "nft", "-f", "-", text=text)

    def drop(self, pairs, percent=100):
        """pairs: (from, to), each direction by itself."""
        for source, target in pairs:
            self.drops[target][source] = percent
        for target in {target for _, target in pairs}:
            self.write_rules(target)

    def reset(self, pairs):
        for source, target in pairs:
            self.resets[target].add(source)
        for target in {target for _, target in pairs}:
            self.write_rules(target)

    def plug(self, node, up):
        host.run("ip", "-n", self.names[node], "link", "set", "chaos0", "up" if up else "down")
        (self.down.discard if up else self.down.add)(node)

    # -- delaying and damaging

    def command(self, text):
        self.program.stdin.write(text + "\n")
        self.program.stdin.flush()
        if self.program.stdout.readline() != "ok\n":
            raise host.HostError(f"chaos_netemu refuses: {text}")

    def shape(self, nodes, delay_ms=0, jitter_ms=0, duplicate=0, corrupt=0):
        """All links from and to these nodes. Chances are in a hundred; kernels without an emulator
        do what they can."""
        self.delayed.update(nodes)
        if self.kind == "emulator":
            numbers = (delay_ms * 1000, jitter_ms * 1000, 0, duplicate * 10000, corrupt * 10000)
            text = " ".join(str(number) for number in numbers)
            for source, target in itertools.permutations(range(self.count), 2):
                if source in nodes or target in nodes:
                    self.command(f"link {source} {target} {text}")
        elif self.netem:
            for node in nodes:
                what = ["delay", f"{2 * delay_ms}ms", f"{2 * jitter_ms}ms"]
                what += ["duplicate", f"{duplicate}%", "corrupt", f"{corrupt}%"]
                device = ["dev", "chaos0", "root", "netem"]
                host.run("tc", "-n", self.names[node], "qdisc", "replace", *device, *what)

    def heal(self):
        """All links as good as new."""
        for node in range(self.count):
            if self.drops[node] or self.resets[node]:
                self.drops[node], self.resets[node] = {}, set()
                self.write_rules(node)
        for node in list(self.down):
            self.plug(node, True)
        if self.delayed:
            self.shape(set(self.delayed))
            self.delayed = set()
