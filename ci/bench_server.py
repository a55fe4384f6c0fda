"""A server under measurement: started on given cores, fed over a socket, and its CPU time and memory read from /proc."""

import glob
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

HOST = "127.0.0.1"
CHUNK = 4096


def free_port(start=26000, end=26999):
    for port in range(start + os.getpid() % 400, end):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                return port
            except OSError:
                continue
    raise SystemExit(f"no free port in {start}..{end}")


class Connection:
    """Commands, one at a time, with their replies as text (bulk and simple strings, integers, errors)."""

    def __init__(self, port):
        self._socket = socket.create_connection((HOST, port), 60)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def command(self, *words):
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
        line = self._file.readline().decode().rstrip("\r\n")
        if line.startswith("$") and line != "$-1":
            return self._file.read(int(line[1:]) + 2)[:-2].decode()
        if line.startswith("-"):
            raise SystemExit(f"{' '.join(words)}: {line}")
        return line[1:]

    def info(self, section):
        lines = self.command("INFO", section).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


class Server:
    """One server process with an empty keyspace. kind: its name in the tables."""

    def __init__(self, path, kind, cores, threads=1):
        self.kind, self.port = kind, free_port()
        self._dir = tempfile.mkdtemp(prefix="norn-bench-")
        flags = ["--threads" if os.path.basename(path) == "norn-server" else "--io-threads", str(threads)]
        argv = [path, "--port", str(self.port), "--bind", HOST, "--save", "", "--appendonly", "no", "--loglevel", "warning",
                "--maxclients", "11000", "--repl-diskless-sync-delay", "0", "--dir", self._dir] + flags
        with open(os.path.join(self._dir, "log"), "wb") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                             preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.pid = self._process.pid
        self._wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._dir, ignore_errors=True)

    def _wait_ready(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with socket.create_connection((HOST, self.port), 1) as conn:
                    conn.sendall(b"PING\r\n")
                    if conn.recv(64).startswith(b"+PONG"):
                        return
            except OSError:
                pass
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        with open(os.path.join(self._dir, "log"), encoding="utf-8", errors="replace") as log:
            raise SystemExit(f"{self.kind} server did not start:\n{log.read()}")

    def cpu_ns(self):
        """Time on a core of all live threads, to the nanosecond."""
        total = 0
        for path in glob.glob(f"/proc/{self.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as stat:
                total += int(stat.read().split()[0])
        return total

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def resident_bytes(self):
        """Of the server and, where it forked, its child: pages that they share count once."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as children:
            pids = children.read().split()
        try:
            return sum(_proportional_bytes(pid) for pid in [self.pid, *pids]) if pids else self.rss_bytes()
        except (FileNotFoundError, ProcessLookupError):  # the child has just ended
            return self.rss_bytes()

    def connect(self):
        return Connection(self.port)

    def follow(self, primary, limit_s=120):
        """Becomes a replica; returns once the copy is loaded."""
        deadline = time.monotonic() + limit_s
        with self.connect() as conn:
            conn.command("REPLICAOF", HOST, str(primary.port))
            while conn.info("replication").get("master_link_status") != "up":
                if time.monotonic() > deadline:
                    raise SystemExit(f"{self.kind}: the replica did not get its copy")
                time.sleep(0.05)
        self.catch_up(primary)

    def catch_up(self, primary, limit_s=60):
        """Returns once it has all that its primary has."""
        deadline = time.monotonic() + limit_s
        with self.connect() as mine, primary.connect() as theirs:
            wanted = int(theirs.info("replication")["master_repl_offset"])
            while int(mine.info("replication")["slave_repl_offset"]) < wanted:
                if time.monotonic() > deadline:
                    raise SystemExit(f"{self.kind}: the replica did not catch up")
                time.sleep(0.01)

    def settled_rss_bytes(self, limit_s=20):
        """Resident memory once it has not moved for two seconds: tables grow and buffers shrink in the background."""
        last, since, deadline = self.rss_bytes(), time.monotonic(), time.monotonic() + limit_s
        while time.monotonic() < deadline and time.monotonic() - since < 2:
            time.sleep(0.2)
            now = self.rss_bytes()
            if abs(now - last) > 65536:
                since = time.monotonic()
            last = now
        return last

    def load(self, first, last, ttl=False):
        """SETs key:<12 digits> for first <= number < last, values of 16 bytes, through a pipe of CHUNK commands."""
        ranges = (range(start, min(start + CHUNK, last)) for start in range(first, last, CHUNK))
        self.feed(((_ttl_chunk if ttl else _plain_chunk)(numbers), len(numbers)) for numbers in ranges)

    def feed(self, chunks):
        """Sends chunks of commands, one after the other: (bytes, lines of the replies to them)."""
        with socket.create_connection((HOST, self.port)) as conn:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for chunk, expected in chunks:
                conn.sendall(chunk)
                while expected > 0:
                    got = conn.recv(1 << 16)
                    if not got or got.startswith(b"-") or b"\n-" in got:
                        raise SystemExit(f"loading {self.kind} failed: {got[:200]!r}")
                    expected -= got.count(b"\n")

    def benchmark(self, test, requests, pipeline, keys, cores, clients=50, settle=None):
        """CPU nanoseconds of the server per command while redis-benchmark runs on `cores`, and settle() behind it.
        test: the name of one of its tests, or the words of a command."""
        argv = ["redis-benchmark", "-h", HOST, "-p", str(self.port), "-n", str(requests), "-P", str(pipeline),
                "-r", str(keys), "-d", "16", "-c", str(clients), "-q"] + (["-t", test] if isinstance(test, str) else test)
        before = self.cpu_ns()
        result = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                                preexec_fn=lambda: os.sched_setaffinity(0, cores))
        if settle is not None:
            settle()
        spent = self.cpu_ns() - before
        if result.returncode != 0 or "requests per second" not in result.stdout:
            raise SystemExit(f"redis-benchmark against {self.kind} failed: {result.stdout[-400:]}{result.stderr[-400:]}")
        rate = float(re.findall(r"([\d.]+) requests per second", result.stdout)[-1])
        return spent / requests, rate


def _proportional_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return int(re.search(r"^Pss:\s+(\d+) kB", rollup.read(), re.M).group(1)) * 1024


def _plain_chunk(numbers):
    return b"".join([b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$16\r\nvalue:%010d\r\n" % (n, n) for n in numbers])


def _ttl_chunk(numbers):
    return b"".join([b"*5\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$16\r\nvalue:%010d\r\n$2\r\nEX\r\n$5\r\n%05d\r\n"
                     % (n, n, 50000 + n % 40000) for n in numbers])


class IdleConnections:
    """Open connections that have said PING once and are then silent."""

    def __init__(self, port, count):
        self.sockets = []
        for _ in range(count):
            conn = socket.create_connection((HOST, port), 10)
            self.sockets.append(conn)
            conn.sendall(b"*1\r\n$4\r\nPING\r\n")
        for conn in self.sockets:
            if conn.recv(64) != b"+PONG\r\n":
                raise SystemExit("a connection was refused")

    def close(self):
        for conn in self.sockets:
            conn.close()
