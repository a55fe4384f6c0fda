#!/usr/bin/env python3
"""The rows of ci/bench, their targets, and the table. Server pinned to core 0, load to core 1; servers take turns within
a repetition (A B A B ...), so that a slow minute of the machine hits both; each figure is the median."""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time

import bench_data
import bench_types
from bench_server import IdleConnections, Server

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SERVER_CORES, LOAD_CORES, BOTH_CORES = {0}, {1}, {0, 1}
KEYS = 1_000_000

# CPU rows: name -> (redis-benchmark test, pipeline, requests, target ratio to redis-server).
CPU_ROWS = {
    "get-p16": ("get", 16, 4_000_000, 0.50),
    "set-p16": ("set", 16, 4_000_000, 0.55),
    "get-p1": ("get", 1, 300_000, 0.80),
    "set-p1": ("set", 1, 300_000, 0.80),
}
# Rows of norn with two threads on both cores against norn with one: name -> (the one-thread row, target ratio).
THREADS_ROWS = {"get-p16-threads2": ("get-p16", 1.35), "set-p16-threads2": ("set-p16", 1.35)}
MEMORY_ROWS = {"memory": (False, 56), "memory-ttl": (True, 66)}
MEMORY_SIZES = (1_000_000, 3_000_000, 5_000_000, 10_000_000)
IDLE_CONNECTIONS, IDLE_TARGET = 10_000, 12 * 1024
ROWS = [*CPU_ROWS, *THREADS_ROWS, *MEMORY_ROWS, "idle", *bench_data.ROWS, *bench_types.ROWS]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    say = staticmethod(say)

    def __init__(self, contestants, quick):
        self.contestants = contestants  # kind -> path, norn first
        self.quick = quick
        self.repetitions = 3 if quick else 5
        self.rows = []
        self.samples = {}  # (row, kind) -> list of ns per command

    def add(self, row, unit, figures, ratio, target, detail=None):
        """target: an upper bound on `ratio` where there is one, else on norn's own figure."""
        measured = ratio if ratio is not None else figures["norn"]
        self.rows.append({"row": row, "unit": unit, "figures": figures, "ratio": ratio, "target": target,
                          "ok": measured <= target, "detail": detail or {}})

    def cpu(self, wanted):
        names = [name for name in CPU_ROWS if name in wanted]
        if not names:
            return
        servers = {kind: Server(path, kind, SERVER_CORES) for kind, path in self.contestants.items()}
        try:
            for kind, server in servers.items():
                say(f"loading {KEYS} keys into {kind}")
                server.load(0, KEYS)
            for name in names:
                self._cpu_row(name, servers)
        finally:
            for server in servers.values():
                server.stop()

    def _cpu_row(self, name, servers):
        test, pipeline, requests, target = CPU_ROWS[name]
        requests //= 4 if self.quick else 1
        rates = {kind: [] for kind in servers}
        samples = {kind: [] for kind in servers}
        for repetition in range(self.repetitions + 1):  # the first warms up and is not counted
            for kind, server in servers.items():
                spent, rate = server.benchmark(test, requests if repetition else requests // 8, pipeline, KEYS, LOAD_CORES)
                if repetition:
                    samples[kind].append(spent)
                    rates[kind].append(rate)
        figures = {kind: statistics.median(values) for kind, values in samples.items()}
        for kind, values in samples.items():
            self.samples[(name, kind)] = values
        say(f"{name}: " + ", ".join(f"{kind} {ns:.0f} ns" for kind, ns in figures.items()))
        self.add(name, "ns of server CPU a command", figures, figures["norn"] / figures["redis"], target,
                 {"samples": samples, "requests_per_second": {k: statistics.median(v) for k, v in rates.items()}})

    def threads(self, wanted):
        for name in (name for name in THREADS_ROWS if name in wanted):
            base_row, target = THREADS_ROWS[name]
            test, pipeline, requests, _ = CPU_ROWS[base_row]
            requests //= 4 if self.quick else 1
            kinds = [kind for kind in self.contestants if kind != "redis"]
            servers = {(kind, threads): Server(self.contestants[kind], kind, SERVER_CORES if threads == 1 else BOTH_CORES, threads)
                       for kind in kinds for threads in (1, 2)}
            samples = {key: [] for key in servers}
            try:
                for server in servers.values():
                    server.load(0, KEYS)
                for repetition in range(self.repetitions + 1):
                    for key, server in servers.items():
                        cores = LOAD_CORES if key[1] == 1 else BOTH_CORES
                        spent, _ = server.benchmark(test, requests if repetition else requests // 8, pipeline, KEYS, cores)
                        if repetition:
                            samples[key].append(spent)
            finally:
                for server in servers.values():
                    server.stop()
            medians = {key: statistics.median(values) for key, values in samples.items()}
            figures = {kind: medians[(kind, 2)] for kind in kinds}
            say(f"{name}: " + ", ".join(f"{kind} x{threads}: {ns:.0f} ns" for (kind, threads), ns in medians.items()))
            self.add(name, "ns of server CPU a command, 2 threads", figures, medians[("norn", 2)] / medians[("norn", 1)], target,
                     {"one_thread": {kind: medians[(kind, 1)] for kind in kinds},
                      "ratio_to_one_thread": {kind: medians[(kind, 2)] / medians[(kind, 1)] for kind in kinds}})

    def memory(self, wanted):
        sizes = MEMORY_SIZES[:2] if self.quick else MEMORY_SIZES
        for name in (name for name in MEMORY_ROWS if name in wanted):
            ttl, target = MEMORY_ROWS[name]
            figures, detail = {}, {}
            for kind, path in self.contestants.items():
                with Server(path, kind, SERVER_CORES) as server:
                    empty, loaded, per_key = server.settled_rss_bytes(), 0, {}
                    for size in sizes:
                        server.load(loaded, size, ttl)
                        loaded = size
                        per_key[size] = (server.settled_rss_bytes() - empty) / size
                figures[kind], detail[kind] = statistics.mean(per_key.values()), per_key
                say(f"{name}: {kind} " + ", ".join(f"{size // 10**6}M {value:.1f} B" for size, value in per_key.items()))
            self.add(name, "resident bytes a key, mean of " + ", ".join(f"{s // 10**6}M" for s in sizes), figures, None, target, detail)

    def idle(self, wanted):
        if "idle" not in wanted:
            return
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        count = IDLE_CONNECTIONS
        if hard < count + 200:
            raise SystemExit(f"idle: needs {count + 200} open files, the limit is {hard}: raise it (ulimit -Hn)")
        figures = {}
        for kind, path in self.contestants.items():
            with Server(path, kind, SERVER_CORES) as server:
                empty = server.settled_rss_bytes()
                idle = IdleConnections(server.port, count)
                time.sleep(6)  # every server here shrinks the buffers of a connection only after some idle seconds
                figures[kind] = (server.settled_rss_bytes() - empty) / count
                idle.close()
            say(f"idle: {kind} {figures[kind]:.0f} B")
        self.add("idle", f"resident bytes a connection, {count} idle", figures, None, IDLE_TARGET)


def table(rows, kinds):
    lines = [["row", *kinds, "norn/base", "target", "verdict", "unit"]]
    for row in rows:
        cells = [f"{row['figures'][kind]:,.1f}" if kind in row["figures"] else "-" for kind in kinds]
        if row["ratio"] is not None:
            ratio, target = f"{row['ratio']:.2f}x", f"<= {row['target']:.2f}x"
        else:
            ratio, target = f"{row['figures']['norn'] / row['figures']['redis']:.2f}x", f"<= {row['target']:,}"
        lines.append([row["row"], *cells, ratio, target, "ok" if row["ok"] else "MISS", row["unit"]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def version(path):
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()


def parse_arguments():
    parser = argparse.ArgumentParser(prog="ci/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests, repetitions and keys; a hint, not a figure")
    parser.add_argument("--row", action="append", choices=ROWS, help="run this row only (repeatable)")
    parser.add_argument("--norn", default=os.path.join(ROOT, "build/release/norn-server"), help="norn-server to measure")
    parser.add_argument("--redis", default="redis-server", help="the server to compare with")
    parser.add_argument("--peer", help="a further server (valkey-server) to measure beside them")
    parser.add_argument("--keys", type=int, help="keys of the snapshot and replica rows instead of their own numbers")
    parser.add_argument("--json", default=os.path.join(ROOT, "build/bench.json"), help="where the figures go")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not {0, 1} <= os.sched_getaffinity(0):
        raise SystemExit("bench: needs cores 0 and 1: one for the server, one for the load")
    if not os.access(arguments.norn, os.X_OK):
        raise SystemExit(f"bench: {arguments.norn} is not there; build it: ci/start or ninja -C build/release norn-server")
    contestants = {"norn": arguments.norn, "redis": arguments.redis}
    if arguments.peer:
        contestants["valkey"] = arguments.peer
    bench, wanted, started = Bench(contestants, arguments.quick), set(arguments.row or ROWS), time.monotonic()
    for part in (bench.cpu, bench.threads, bench.memory, bench.idle):
        part(wanted)
    for part in (bench_data.snapshot, bench_data.replica):
        part(bench, wanted, SERVER_CORES, LOAD_CORES, arguments.keys)
    bench_types.memory(bench, wanted, SERVER_CORES)
    bench_types.cpu(bench, wanted, SERVER_CORES, LOAD_CORES)
    print(table(bench.rows, list(contestants)))
    print(f"bench: {sum(row['ok'] for row in bench.rows)} of {len(bench.rows)} targets met, {time.monotonic() - started:.0f} s"
          + (" (quick)" if arguments.quick else ""))
    os.makedirs(os.path.dirname(arguments.json), exist_ok=True)
    with open(arguments.json, "w", encoding="utf-8") as out:
        json.dump({"quick": arguments.quick, "machine": platform.processor() or platform.machine(), "cores": os.cpu_count(),
                   "versions": {kind: version(path) for kind, path in contestants.items()}, "rows": bench.rows}, out, indent=1)
    sys.exit(1 if arguments.check and not all(row["ok"] for row in bench.rows) else 0)


if __name__ == "__main__":
    main()
