"""The rows of ci/bench about snapshots and replication: what a BGSAVE under full SET load costs in memory, speed and waiting, and
what an attached replica costs its primary."""

import multiprocessing
import os
import socket
import statistics
import subprocess
import time

from bench_server import HOST, Server

SNAPSHOT_KEYS, QUICK_SNAPSHOT_KEYS = 5_000_000, 1_000_000
# Of the state just before the save, in percent: resident memory at its peak, and the time that a SET takes (at least 75% of
# the rate). And the longest wait for a reply in ms.
SNAPSHOT_MEMORY, SNAPSHOT_TIME, SNAPSHOT_STALL_MS = 110, 100 / 0.75, 10
BEFORE_S = 3
REPLICA_ROWS = {"replica-get-p16": ("get", 4_000_000), "replica-set-p16": ("set", 4_000_000)}
REPLICA_TARGET = 1.4
ROWS = ["snapshot", *REPLICA_ROWS]


class Probe:
    """A client that asks for one key again and again, in a process of its own, and keeps the longest wait for a reply."""

    def __init__(self, port, cores):
        self._longest = multiprocessing.Value("d", 0.0)
        self._process = multiprocessing.Process(target=self._run, args=(port, cores), daemon=True)
        self._process.start()

    def _run(self, port, cores):
        os.sched_setaffinity(0, cores)
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))  # what is measured is the server's delay, not ours
        except PermissionError:
            pass
        with socket.create_connection((HOST, port)) as conn:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                began = time.monotonic()
                conn.sendall(b"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n")
                if not conn.recv(4096):
                    return
                waited = time.monotonic() - began
                if waited > self._longest.value:
                    self._longest.value = waited
                time.sleep(0.0005)

    def take_ms(self):
        """The longest wait since the last call."""
        longest, self._longest.value = self._longest.value, 0.0
        return longest * 1000

    def stop(self):
        self._process.kill()
        self._process.join()


class SetLoad:
    """redis-benchmark setting random keys until it is stopped."""

    def __init__(self, port, keys, cores):
        argv = ["redis-benchmark", "-h", HOST, "-p", str(port), "-t", "set", "-n", "2000000000", "-P", "16", "-r", str(keys),
                "-d", "16", "-c", "50", "-q"]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def stop(self):
        self._process.kill()
        self._process.wait()


def _rate_during(server, wait):
    """Commands a second while wait() runs."""
    with server.connect() as conn:
        began, before = time.monotonic(), int(conn.info("stats")["total_commands_processed"])
        wait(conn)
        return (int(conn.info("stats")["total_commands_processed"]) - before) / (time.monotonic() - began)


def _save_once(server, keys, load_cores):
    """The figures of one BGSAVE under load: percent of memory, percent of time, longest wait in ms; and details."""
    load, probe, peak = SetLoad(server.port, keys, load_cores), Probe(server.port, load_cores), [0]

    def save(conn):
        conn.command("BGSAVE")
        while True:
            peak[0] = max(peak[0], server.resident_bytes())
            if conn.info("persistence")["rdb_bgsave_in_progress"] == "0":
                return
            time.sleep(0.02)

    try:
        time.sleep(1)
        probe.take_ms()
        rate_before = _rate_during(server, lambda _: time.sleep(BEFORE_S))
        stall_before, before = probe.take_ms(), server.resident_bytes()
        began = time.monotonic()
        rate = _rate_during(server, save)
        took, stall = time.monotonic() - began, probe.take_ms()
    finally:
        probe.stop()
        load.stop()
    with server.connect() as conn:
        if conn.info("persistence")["rdb_last_bgsave_status"] != "ok":
            raise SystemExit(f"snapshot: the save of {server.kind} failed")
    return ((100 * peak[0] / before, 100 * rate_before / rate, stall),
            {"save_s": took, "rss_before": before, "rss_peak": peak[0], "sets_per_second_before": rate_before,
             "sets_per_second_during": rate, "longest_wait_before_ms": stall_before})


def snapshot(bench, wanted, server_cores, load_cores, keys):
    if "snapshot" not in wanted:
        return
    keys = keys or (QUICK_SNAPSHOT_KEYS if bench.quick else SNAPSHOT_KEYS)
    figures, details = {}, {}
    for kind, path in bench.contestants.items():
        with Server(path, kind, server_cores) as server:
            bench.say(f"loading {keys} keys into {kind}")
            server.load(0, keys)
            server.settled_rss_bytes()
            runs = [_save_once(server, keys, load_cores) for _ in range(bench.repetitions)]
        figures[kind] = [statistics.median(values) for values in zip(*(run[0] for run in runs))]
        figures[kind][2] = max(run[0][2] for run in runs)
        details[kind] = [run[1] for run in runs]
        memory, slower, stall = figures[kind]
        bench.say(f"snapshot: {kind} peak memory {memory:.0f}%, time of a SET {slower:.0f}%, longest wait {stall:.1f} ms")
    rows = (("snapshot-memory", f"peak memory of a BGSAVE of {keys} keys under SETs, % of before", SNAPSHOT_MEMORY),
            ("snapshot-time", "time of a SET during it, % of before", SNAPSHOT_TIME),
            ("snapshot-stall", "ms of the longest wait for a reply during it", SNAPSHOT_STALL_MS))
    for at, (row, unit, target) in enumerate(rows):
        bench.add(row, unit, {kind: values[at] for kind, values in figures.items()}, None, target, details)


def replica(bench, wanted, server_cores, load_cores, keys):
    names = [name for name in REPLICA_ROWS if name in wanted]
    if not names:
        return
    keys, samples = keys or 1_000_000, {}
    for kind, path in bench.contestants.items():
        with (Server(path, kind, server_cores) as alone, Server(path, kind, server_cores) as primary,
              Server(path, kind, load_cores) as follower):
            for server in (alone, primary):
                server.load(0, keys)
            follower.follow(primary)
            for name in names:
                test, requests = REPLICA_ROWS[name]
                requests //= 4 if bench.quick else 1
                requests = min(requests, 8 * keys)
                for repetition in range(bench.repetitions + 1):  # the first warms up and is not counted
                    for server in (alone, primary):
                        settle = (lambda: follower.catch_up(primary)) if server is primary else None
                        spent, _ = server.benchmark(test, requests, 16, keys, load_cores, settle=settle)
                        if repetition:
                            samples.setdefault((name, kind, server is primary), []).append(spent)
    for name in names:
        medians = {key: statistics.median(values) for key, values in samples.items() if key[0] == name}
        figures = {kind: medians[(name, kind, True)] for kind in bench.contestants}
        alone_ns = {kind: medians[(name, kind, False)] for kind in bench.contestants}
        bench.say(f"{name}: " + ", ".join(f"{kind} {alone_ns[kind]:.0f} ns alone, {ns:.0f} ns" for kind, ns in figures.items()))
        bench.add(name, "ns of server CPU a command with a replica, against alone", figures, figures["norn"] / alone_ns["norn"],
                  REPLICA_TARGET, {"alone": alone_ns, "ratio_to_alone": {k: figures[k] / alone_ns[k] for k in figures}})
