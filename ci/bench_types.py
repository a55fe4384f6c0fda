"""The rows of ci/bench about collections: memory of a million elements of each type, as the server counts it and as the kernel
does, and CPU time of their commands through a pipeline of 16 on collections of that size, both against redis-server."""

import statistics

from bench_server import CHUNK, Server

ELEMENTS, QUICK_ELEMENTS = 1_000_000, 200_000
MEMORY_TARGET, CPU_TARGET = 0.85, 0.75
PIPELINE, REQUESTS = 16, 1_000_000
R = "__rand_int__"  # redis-benchmark puts twelve digits here, below the number of elements

# name -> (what it is, the command that adds element n, lines of its reply)
COLLECTIONS = {
    "hashes": ("hash of 5 fields", lambda n: ["HSET", f"hash:{n:012}", "name", f"user{n}", "age", str(n % 90), "city", "Reykjavik",
                                              "visits", str(n % 5000), "token", f"{n * 2654435761 % 2**32:08x}"], 1),
    "zset": ("member", lambda n: ["ZADD", "zset", str(n * 7919 % 1_000_003), f"member:{n:012}"], 1),
    "set": ("member", lambda n: ["SADD", "set", f"member:{n:012}"], 1),
    "list": ("element", lambda n: ["RPUSH", "list", f"element:{n:012}"], 1),
    "stream": ("entry", lambda n: ["XADD", "stream", f"{n + 1}-0", "sensor", str(n % 1000), "reading", str(n)], 2),
}
MEMORY_ROWS = {f"{name}-{kind}": (name, kind) for name in COLLECTIONS for kind in ("used", "rss")}

# Name -> the command, and the share of REQUESTS that fits in about the time of the others.
CPU_ROWS = {
    "zadd-p16": (["ZADD", "zset", R, f"member:{R}"], 1.0),
    "zrangebyscore-p16": (["ZRANGEBYSCORE", "zset", R, "+inf", "LIMIT", "0", "10"], 0.5),
    "zrank-p16": (["ZRANK", "zset", f"member:{R}"], 1.0),
    "hset-p16": (["HSET", f"hash:{R}", "visits", R], 1.0),
    "hget-p16": (["HGET", f"hash:{R}", "visits"], 1.0),
    "sadd-p16": (["SADD", "set", f"member:{R}"], 1.0),
    "lpush-p16": (["LPUSH", "list", f"element:{R}"], 1.0),
    "lrange-p16": (["LRANGE", "list", "0", "99"], 0.2),
    "xadd-p16": (["XADD", "events", "*", "sensor", "17", "reading", R], 1.0),
    "xread-p16": (["XREAD", "COUNT", "10", "STREAMS", "stream", f"{R}-0"], 0.3),
}
ROWS = [*MEMORY_ROWS, *CPU_ROWS]


def _bytes(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)


def _fill(server, name, count):
    _, command, lines = COLLECTIONS[name]
    server.feed((b"".join(_bytes(command(n)) for n in range(start, min(start + CHUNK, count))), min(CHUNK, count - start) * lines)
                for start in range(0, count, CHUNK))


def _used_bytes(server):
    with server.connect() as conn:
        return int(conn.info("memory")["used_memory"])


def memory(bench, wanted, server_cores):
    count = QUICK_ELEMENTS if bench.quick else ELEMENTS
    for name, (unit, _, _) in COLLECTIONS.items():
        if not wanted & {f"{name}-used", f"{name}-rss"}:
            continue
        figures = {"used": {}, "rss": {}}
        for kind, path in bench.contestants.items():
            with Server(path, kind, server_cores) as server:
                rss, used = server.settled_rss_bytes(), _used_bytes(server)
                _fill(server, name, count)
                figures["rss"][kind] = (server.settled_rss_bytes() - rss) / count
                figures["used"][kind] = (_used_bytes(server) - used) / count
        for what, label in (("used", "bytes of used_memory"), ("rss", "resident bytes")):
            bench.say(f"{name}-{what}: " + ", ".join(f"{kind} {value:.1f} B" for kind, value in figures[what].items()))
            if f"{name}-{what}" in wanted:
                bench.add(f"{name}-{what}", f"{label} a {unit}, {count:,}", figures[what],
                          figures[what]["norn"] / figures[what]["redis"], MEMORY_TARGET)


def cpu(bench, wanted, server_cores, load_cores):
    names = [name for name in CPU_ROWS if name in wanted]
    if not names:
        return
    count = QUICK_ELEMENTS if bench.quick else ELEMENTS
    servers = {kind: Server(path, kind, server_cores) for kind, path in bench.contestants.items()}
    try:
        for kind, server in servers.items():
            bench.say(f"loading collections into {kind}")
            for name in COLLECTIONS:
                _fill(server, name, count)
        for name in names:
            _cpu_row(bench, name, servers, load_cores, count)
    finally:
        for server in servers.values():
            server.stop()


def _cpu_row(bench, name, servers, load_cores, count):
    command, share = CPU_ROWS[name]
    requests = int(REQUESTS * share) // (4 if bench.quick else 1)
    samples = {kind: [] for kind in servers}
    for repetition in range(bench.repetitions + 1):  # the first warms up and is not counted
        for kind, server in servers.items():
            spent, _ = server.benchmark(command, requests, PIPELINE, count, load_cores)
            if repetition:
                samples[kind].append(spent)
    figures = {kind: statistics.median(values) for kind, values in samples.items()}
    ratio = figures["norn"] / figures["redis"]
    bench.say(f"{name}: " + ", ".join(f"{kind} {ns:.0f} ns" for kind, ns in figures.items()) + f", {ratio:.2f}x")
    bench.add(name, "ns of server CPU a command", figures, ratio, CPU_TARGET, {"samples": samples, "command": " ".join(command)})
