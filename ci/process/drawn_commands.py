#!/usr/bin/env python3
"""Commands of every type, drawn at random by `norn-sim lines`, to norn-server and to redis-server: the first difference of each
command is listed, and so is the first moment at which the two hold different data.

  drawn_commands.py [--seed N] [--count N] [--threads N] [SERVER]

Left away is what cannot be compared: commands that choose by chance or show the time, and those that redis-server 7.0 does not know.
NORN_SIM names norn-sim (default: beside the server). NORN_PEER another peer.
"""

import argparse
import os
import re
import subprocess
import sys

import differential
import harness
import wire

PIPELINE = 200
KEYS = [kind + str(number) for kind in "klshzyrmugD" for number in range(3)]
_FRACTION = re.compile(rb"-?\d+\.\d+(e[+-]\d+)?")
DATABASES = (1, 0)
DIFFERENCES = os.path.join(differential.HERE, "drawn_differences.txt")


def drawn(seed, count, *options, server_path=harness.NORN):
    """(whether the order of the reply is free, words) of each."""
    program = os.environ.get("NORN_SIM", os.path.join(os.path.dirname(server_path), "norn-sim"))
    text = subprocess.run([program, "lines", "--seed", str(seed), "--count", str(count), *options],
                          check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        kind, _, text = line.partition("\t")
        yield kind == "u", text.split(" ")


def lines(seed, count, server_path=harness.NORN):
    """Those that can be compared with redis-server's."""
    for unordered, words in drawn(seed, count, "--long-lives", "--without", "by-chance", "--without", "by-clock", "--without", "newer",
                                  server_path=server_path):
        for made in _consumers_of(words):
            yield False, ["XGROUP", "CREATECONSUMER", *made]
        yield unordered, words


def _consumers_of(words):
    """Key, group and consumer of each consumer that a command may make (drawn_differences.txt says why they are made before)."""
    if words[0] in ("XCLAIM", "XAUTOCLAIM"):
        return [words[1:4]]
    if words[0] == "XREADGROUP":
        streams = words[words.index("STREAMS") + 1:]
        return [[key, *words[2:4]] for key in streams[:len(streams) // 2]]
    return []


def known_differences(path=DIFFERENCES):
    """{command: reason}: what is meant to differ."""
    found = {}
    with open(path, encoding="utf-8") as handle:
        for line in handle:
            if line.strip() and not line.startswith("#"):
                command, _, reason = line.partition(" | ")
                found[command.strip()] = reason.strip()
    return found


def _agree(unordered, ours, theirs):
    if ours == theirs:
        return True
    if differential.same(ours, theirs, {"sorted": ""} if unordered else {}):
        return True
    return not unordered and _same_numbers(wire.parse(ours), wire.parse(theirs))


def _same_numbers(ours, theirs):
    """Whether they differ at most in how many digits tell a number."""
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return all(map(_same_numbers, ours, theirs))
    if ours == theirs or not isinstance(ours, bytes) or not isinstance(theirs, bytes):
        return ours == theirs
    return bool(_FRACTION.fullmatch(ours) and _FRACTION.fullmatch(theirs)) and float(ours) == float(theirs)


def _replies(connection, batch):
    connection.send(b"".join(wire.encode(words) for _, words in batch))
    return [connection.read_raw() for _ in batch]


def _different_values(ours, theirs):
    """What each holds where their data differ: {key: (type, value)}, as text."""
    reads = {"string": ("GET",), "list": ("LRANGE", "0", "-1"), "set": ("SMEMBERS",), "hash": ("HGETALL",),
             "zset": ("ZRANGE", "0", "-1", "WITHSCORES"), "stream": ("XRANGE", "-", "+")}
    held = [{}, {}]
    for values, connection in zip(held, (ours, theirs)):
        for database in DATABASES:
            connection.raw("SELECT", database)
            for key in connection.run("KEYS", "*"):
                command, *rest = reads[connection.run("TYPE", key)]
                digest = wire.render(connection.run("DEBUG", "DIGEST-VALUE", key))
                expires = connection.run("PTTL", key) >= 0
                values[database, key] = (digest, expires, connection.run(command, key, *rest))
    return [repr({key: value for key, value in mine.items() if other.get(key, (None,))[:2] != value[:2]}).encode()
            for mine, other in (held, held[::-1])]


def compare(server, peer, drawn):
    """Yields (number, words, what the server said, what the peer said); a line of DEBUG DIGEST where their data differ."""
    with server.wire() as ours, peer.wire() as theirs:
        for connection in (ours, theirs):
            connection.raw("FLUSHALL")
        drawn = list(drawn)
        for begin in range(0, len(drawn), PIPELINE):
            batch = drawn[begin:begin + PIPELINE]
            both = zip(batch, _replies(ours, batch), _replies(theirs, batch))
            for number, ((unordered, words), mine, reference) in enumerate(both, begin):
                if not _agree(unordered, mine, reference):
                    yield number, words, mine, reference
            for connection in (ours, theirs):  # 7.0 keeps what a SET made expired from the start until somebody looks
                for database in DATABASES:
                    connection.raw("SELECT", database)
                    connection.raw("EXISTS", *KEYS)
            if ours.raw("DEBUG", "DIGEST") != theirs.raw("DEBUG", "DIGEST"):
                yield (begin + len(batch), ["DEBUG", "DIGEST"], *_different_values(ours, theirs))
                return


def differences(seed, count, threads, server_path, peer_path):
    """The first difference of each command that is not known: [(number, words, ours, theirs)]."""
    known, seen = known_differences(), {}
    flags = {"enable-debug-command": "yes"}
    with harness.Server(flags, path=peer_path) as peer, harness.Server(flags, path=server_path, threads=threads) as server:
        for number, words, mine, reference in compare(server, peer, lines(seed, count, server_path)):
            if words[0] not in known:
                seen.setdefault(words[0], (number, words, mine, reference))
    return sorted(seen.values())


def describe(difference):
    number, words, mine, reference = difference
    return f"line {number}: {' '.join(words)}\n    server: {mine[:400]!r}\n    peer:   {reference[:400]!r}"


def main():
    parser = argparse.ArgumentParser(description="Plays commands drawn at random against two servers.")
    parser.add_argument("server", nargs="?", default=harness.NORN)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    peer = os.environ.get("NORN_PEER", "/usr/bin/redis-server")
    found = differences(arguments.seed, arguments.count, arguments.threads, arguments.server, peer)
    for difference in found:
        print(describe(difference))
    print(f"seed {arguments.seed}: {arguments.count} lines, {len(found)} commands differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
