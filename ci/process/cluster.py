"""Clusters of real processes: norn nodes, redis-server nodes, or both."""

import os
import socket
import subprocess
import threading
import time
import zlib

from harness import HOST, NORN, FolderCase, free_port, wait_for
from wire import ErrorReply, WireError

REDIS = "redis-server"
TIMEOUT_MS = 2000


def bus_is_free(port):
    """The bus port (port + 10000) lies where the system also takes ports for connections."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port + 10000))
            return True
        except OSError:
            return False


class Node:
    """One line of CLUSTER NODES."""

    def __init__(self, line):
        words = line.split()
        self.id, self.flags, self.primary = words[0], words[2].split(","), words[3]
        self.port = int(words[1].split(":")[1].split("@")[0])
        self.epoch, self.connected, self.slots = int(words[6]), words[7] == "connected", words[8:]

    def is_primary(self):
        return "master" in self.flags

    def fails(self):
        return "fail" in self.flags


def nodes_of(server):
    return [Node(line) for line in server.ask("CLUSTER", "NODES").decode().splitlines()]


def me(server):
    return next(node for node in nodes_of(server) if "myself" in node.flags)


def cluster_info(server):
    lines = server.ask("CLUSTER", "INFO").decode().split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)


class ClusterCase(FolderCase):
    def setUp(self):
        super().setUp()
        self.started = 0

    def node(self, path=NORN, flags=None, folder=None, port=None):
        self.started += 1
        folder = folder or self.path(f"node-{self.started}")
        os.makedirs(folder, exist_ok=True)
        while port is None:
            candidate = free_port()
            port = candidate if bus_is_free(candidate) else None
        flags = {"cluster-enabled": "yes", "cluster-node-timeout": str(TIMEOUT_MS), "save": "", "repl-diskless-sync-delay": "0",
                 **(flags or {})}
        return self.start(flags, folder=folder, path=path, port=port)

    def again(self, server):
        """A killed node's next life."""
        return self.node(path=server.path, folder=server.folder, port=server.port)

    def cli(self, *words, expect=""):
        """redis-cli --cluster, which is told yes whenever it asks; returns what it printed."""
        argv = ["redis-cli", "--cluster", *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False, input="yes\n" * 9)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, f"{argv}: {said[-3000:]}")
        self.assertIn(expect, said)
        return said

    def create(self, servers, replicas):
        """By redis-cli: the first are the primaries."""
        addresses = [f"{HOST}:{server.port}" for server in servers]
        self.cli("create", *addresses, "--cluster-replicas", str(replicas), "--cluster-yes", expect="All 16384 slots covered")
        self.await_ok(servers)
        self.await_replicas(servers)

    def await_ok(self, servers):
        def all_ok():
            return all(cluster_info(server)["cluster_state"] == "ok" for server in servers)
        wait_for(all_ok, "cluster_state:ok everywhere", 60)

    def await_replicas(self, servers):
        def linked():
            sections = [server.info("replication") for server in servers]
            return all(s.get("master_link_status", "up") == "up" for s in sections)
        wait_for(linked, "every replica is linked", 60)

    def await_agreement(self, servers):
        """All see the same owners, no slot is open, and nobody fails."""
        def agree():
            views = [nodes_of(s) for s in servers]
            plain = [sorted((n.id, tuple(n.slots), n.primary) for n in view) for view in views]
            is_open = any(word.startswith("[") for view in views for n in view for word in n.slots)
            return all(view == plain[0] for view in plain) and not is_open and not any(n.fails() for view in views for n in view)
        wait_for(agree, "all nodes agree", 60)


def slot_of(key):
    """CRC16/XMODEM, as in the specification of keys and slots."""
    begin = key.find("{")
    end = key.find("}", begin + 1) if begin >= 0 else -1
    if end > begin + 1:
        key = key[begin + 1:end]
    crc = 0
    for byte in key.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc % 16384


class Client:
    """As little of a cluster client as a test needs: follows -MOVED and -ASK, and otherwise says what it was told."""

    def __init__(self, servers):
        self.servers = {server.port: server for server in servers}
        self.wires = {}
        self.owners = {}

    def close(self):
        for wire in self.wires.values():
            wire.__exit__(None, None, None)
        self.wires = {}

    def wire(self, port):
        if port not in self.servers:
            raise ConnectionError(f"nobody told of a node at {port}")
        if port not in self.wires:
            self.wires[port] = self.servers[port].wire(2).__enter__()
        return self.wires[port]

    def run(self, key, *words):
        """The reply; errors other than redirections and lost connections are raised."""
        slot = slot_of(key)
        port = self.owners.get(slot, next(iter(self.servers)))
        asking = False
        for _ in range(8):
            try:
                wire = self.wire(port)
                if asking:
                    wire.run("ASKING")
                reply = wire.run(*words)
            except (OSError, WireError):
                self.wires.pop(port, None)
                self.owners.pop(slot, None)
                raise
            if not isinstance(reply, ErrorReply):
                return reply
            code, *rest = str(reply).split()
            if code not in ("MOVED", "ASK"):
                raise reply
            port, asking = int(rest[1].rsplit(":", 1)[1]), code == "ASK"
            if code == "MOVED":
                self.owners[slot] = port
        raise AssertionError(f"{words}: sent from node to node without end")


class Writer(threading.Thread):
    """Writes counters to keys all over the slots, again and again; knows what was acknowledged and the longest time without."""

    def __init__(self, servers, keys=64):
        super().__init__()
        self.servers = servers
        self.keys = [f"writer:{zlib.crc32(str(i).encode())}" for i in range(keys)]
        self.acknowledged = {}
        self.longest_gap_s, self.refusals, self.halt = 0.0, [], threading.Event()

    def run(self):
        client, number, last = Client(self.servers), 0, {}
        while not self.halt.is_set():
            number += 1
            for key in self.keys:
                try:
                    client.run(key, "SET", key, str(number))
                    self.acknowledged[key] = number
                    now = time.monotonic()
                    self.longest_gap_s = max(self.longest_gap_s, now - last.get(key, now))
                    last[key] = now
                except (ErrorReply, OSError, WireError, AssertionError) as refusal:
                    self.refusals.append(f"{type(refusal).__name__}: {refusal}")
                    live = [s for s in self.servers if s.alive()]
                    client.close()
                    client = Client(live)
                    time.sleep(0.01)
                    break
            time.sleep(0.001)
        client.close()

    def stop(self):
        if not self.is_alive():
            raise AssertionError("the writer ended early")
        self.halt.set()
        self.join(30)
