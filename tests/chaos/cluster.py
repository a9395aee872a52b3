"""The validators: homes, small disks, clocks and processes.

Each node has its data directory on a tmpfs of its own, so that a full disk is a real one, and runs
in its namespace. The driver is the parent of every process and never signals another one.
"""
import errno
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import time

import host
import network

RPC_SECONDS = 3
PEER_PORT = 7790


class Connection(http.client.HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Node:
    def __init__(self, index, home):
        self.index = index
        self.home = home
        self.process = None
        self.paused = False
        self.wanted = False  # It should be running.
        self.filled = False  # Its disk is full now ...
        self.was_filled = False  # ... or was so since it was last started.
        self.starts = 0

    @property
    def data(self):
        return os.path.join(self.home, "data")

    @property
    def ledger(self):
        return os.path.join(self.data, "ledger.db")

    def runs(self):
        return self.process is not None and self.process.poll() is None

    # -- processes

    def signal(self, number):
        if self.runs():
            self.process.send_signal(number)

    def kill(self):
        self.wanted = False
        self.signal(signal.SIGKILL)
        if self.process:
            self.process.wait()
        self.paused = False

    def pause(self):
        if self.runs():
            self.signal(signal.SIGSTOP)
            self.paused = True

    def resume(self):
        self.signal(signal.SIGCONT)
        self.paused = False

    def ask_to_stop(self):
        self.wanted = False
        self.signal(signal.SIGTERM)
        self.resume()

    def await_end(self, seconds):
        """The exit code, or None if it still runs."""
        try:
            return self.process.wait(timeout=seconds) if self.process else 0
        except host.subprocess.TimeoutExpired:
            return None

    # -- disk

    def fill(self, leave):
        """Takes all free space but `leave` bytes, in a file beside the node's own."""
        self.filled = self.was_filled = True
        path = os.path.join(self.data, "fill")
        with open(path, "ab") as file:
            for size in (1 << 20, 1 << 16, 1 << 12):
                while True:
                    free = os.statvfs(self.data)
                    if free.f_bavail * free.f_frsize < leave + size:
                        break
                    try:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                    except OSError as error:
                        if error.errno != errno.ENOSPC:
                            raise
                        break

    def free(self):
        self.filled = False
        try:
            os.unlink(os.path.join(self.data, "fill"))
        except FileNotFoundError:
            pass

    # -- clock

    def shift_clock(self, ms):
        with open(os.path.join(self.home, "clock"), "r+b", buffering=0) as file:
            file.write(struct.pack("=q", ms))

    # -- questions

    def call(self, method, seconds=RPC_SECONDS, **params):
        """The result, or None if there is none in time."""
        connection = Connection(os.path.join(self.home, "witan.sock"), seconds)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read()).get("result")
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class Cluster:
    """options: validators, disk_mib, disk_critical, checkpoint_blocks, segment_mib."""

    def __init__(self, folder, witan, clock, links, options):
        self.folder = folder
        self.witan = witan
        self.clock = clock
        self.links = links
        self.options = options
        numbers = range(options["validators"])
        self.nodes = [Node(i, os.path.join(folder, str(i + 1))) for i in numbers]
        self.mounted = []
        try:
            self.make()
        except BaseException:
            self.close()
            raise

    # -- making and removing

    def make(self):
        source = f"{host.PREFIX}{os.getpid()}"
        for node in self.nodes:
            os.makedirs(node.data)
            size = f"size={self.options['disk_mib']}m,mode=0750"
            host.run("mount", "-t", "tmpfs", "-o", size, source, node.data)
            self.mounted.append(node.data)
        count = str(len(self.nodes))
        host.run(self.witan, "testnet", "create", "--dir", self.folder, "--validators", count)
        with open(os.path.join(self.folder, "1/config/genesis.json"), encoding="utf-8") as file:
            self.validators = [validator["id"] for validator in json.load(file)["validators"]]
        for node in self.nodes:
            self.write_settings(node)
            with open(os.path.join(node.home, "clock"), "wb") as file:
                file.write(struct.pack("=q", 0))

    def write_settings(self, node):
        peers = ", ".join(
            f'"{name}={network.address(i)}:{PEER_PORT}"'
            for i, name in enumerate(self.validators)
            if i != node.index
        )
        options, critical = self.options, self.options["disk_critical"]
        text = (
            f'node: {{ name = "chaos-{node.index + 1}"; }};\n'
            f'peers: {{ listen = [ "{network.address(node.index)}:{PEER_PORT}" ];\n'
            f"    addresses = [ {peers} ];\n"
            f'    retry_min = "100ms"; retry_max = "1s"; }};\n'
            f'rpc: {{ listen = [ "127.0.0.1:7780" ]; }};\n'
            f'journal: {{ segment_size = "{options["segment_mib"]}MiB"; }};\n'
            f'ledger: {{ cache = "32MiB"; checkpoint_blocks = {options["checkpoint_blocks"]};\n'
            f'    checkpoint_time = "10s"; }};\n'
            f'disk: {{ low = "{critical}"; critical = "{critical}"; }};\n'
            f'log: {{ format = "logfmt"; }};\n'
        )
        with open(os.path.join(node.home, "config/witan.conf"), "w", encoding="utf-8") as file:
            file.write(text)

    def keep_data(self):
        """After a failure: out of the mounts, which go away."""
        for node in self.nodes:
            node.free()
            shutil.copytree(node.data, node.data + ".kept", dirs_exist_ok=True)

    def close(self):
        for node in self.nodes:
            node.kill()
        for point in self.mounted:
            host.run("umount", "--lazy", point, check=False)
        self.mounted = []

    # -- processes

    def start(self, node):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WITAN_")}
        environment["LD_PRELOAD"] = self.clock
        environment["CHAOS_CLOCK"] = os.path.join(node.home, "clock")
        # With a sanitizer the preloaded clock stands before its runtime, which is harmless.
        environment["ASAN_OPTIONS"] = "verify_asan_link_order=0"
        command = self.links.enter(node.index) + [self.witan, "start", "--home", node.home]
        with open(os.path.join(node.home, "log"), "ab") as log:
            nothing = host.subprocess.DEVNULL
            node.process = host.spawn(
                command, stdin=nothing, stdout=log, stderr=log, env=environment
            )
        node.wanted, node.paused, node.was_filled = True, False, node.filled
        node.starts += 1

    def await_all(self, what, seconds):
        """Until what(status) holds for the node_status of every node; False after that time."""
        until = time.monotonic() + seconds
        waiting = list(self.nodes)
        while waiting and time.monotonic() < until:
            waiting = [node for node in waiting if not what(node.call("node_status") or {})]
            if waiting:
                time.sleep(0.05)
        return not waiting

    def heads(self):
        """(height, sealed height, hash) of each node; None where none answers."""
        result = []
        for node in self.nodes:
            ledger = (node.call("node_status") or {}).get("ledger")
            parts = ("height", "sealed_height", "block_hash")
            result.append(tuple(ledger[part] for part in parts) if ledger else None)
        return result

    def await_agreement(self, seconds):
        """Until all stand at one sealed block; the last heads that were seen."""
        until = time.monotonic() + seconds
        while True:
            heads = self.heads()
            if None not in heads and len(set(heads)) == 1 and heads[0][0] == heads[0][1]:
                return True, heads
            if time.monotonic() >= until:
                return False, heads
            time.sleep(0.05)
