#!/usr/bin/env python3
"""Many clients at once on a server with four threads, each checking what must hold however the commands interleave:

  whole MSETs       a reader never sees half of an MSET over keys of several shards, nor of a MULTI/EXEC
  transfers         money moved between accounts under WATCH and MULTI is neither made nor lost
  counters          every acknowledged INCR is in the sum, replies of one connection come in order
  own keys          a client alone on its keys reads what it wrote last, through renames, copies, expiry and deletion
  scans             keys that stay are returned by every full SCAN
  flushes           FLUSHALL in between is atomic too: a group of keys is all there or all gone

NORN_LOAD_S is how long each load runs (default 4 s). Meant for the thread sanitizer, and true on any build.
"""

import os
import random
import threading
import time
import unittest

from harness import Server
from wire import ErrorReply, encode, parse

SECONDS = float(os.environ.get("NORN_LOAD_S", "4"))
GROUP = [f"group:{n}" for n in range(12)]  # enough keys to span every shard
ACCOUNTS = [f"account:{n}" for n in range(8)]
MONEY = 1000
STAYING = [f"stay:{n}" for n in range(300)]


class Clients:
    """Runs client functions in threads until time is up or one fails; keeps the first failure."""

    def __init__(self, server, seconds):
        self.server, self.deadline = server, time.monotonic() + seconds
        self.failures, self.counts, self._lock = [], {}, threading.Lock()

    def going(self):
        return time.monotonic() < self.deadline and not self.failures

    def run(self, *functions):
        threads = [threading.Thread(target=self._guarded, args=(function, random.Random(number)))
                   for number, function in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.counts

    def _guarded(self, function, rng):
        rounds = 0
        try:
            with self.server.wire(60) as wire:
                while self.going():
                    function(self, wire, rng)
                    rounds += 1
        except Exception as error:  # pylint: disable=broad-except
            self.failures.append(f"{function.__name__}: {type(error).__name__}: {error}")
        with self._lock:
            self.counts[function.__name__] = self.counts.get(function.__name__, 0) + rounds


def expect(condition, *details):
    if not condition:
        raise AssertionError(" ".join(map(str, details)))


# -- a group of keys that is only ever written as a whole

def write_group(_clients, wire, rng):
    value = str(rng.randrange(10**9))
    expect(wire.run("MSET", *[word for key in GROUP for word in (key, value)]) == "OK", "MSET")


def write_group_in_multi(_clients, wire, rng):
    value = str(rng.randrange(10**9))
    keys = GROUP[:]
    rng.shuffle(keys)
    wire.send(encode(["MULTI"]) + b"".join(encode(["SET", key, value]) for key in keys) + encode(["EXEC"]))
    replies = [wire.read_raw() for _ in range(len(keys) + 2)]
    expect(replies[-1] == b"*%d\r\n" % len(keys) + b"+OK\r\n" * len(keys), "EXEC said", replies[-1])


def delete_group(_clients, wire, rng):
    time.sleep(rng.random() * 0.02)
    expect(wire.run(rng.choice(("DEL", "UNLINK")), *GROUP) in (0, len(GROUP)), "DEL of half a group")


def flush_all(_clients, wire, rng):
    time.sleep(0.05 + rng.random() * 0.1)
    expect(wire.run("FLUSHALL") == "OK", "FLUSHALL")


def read_group(_clients, wire, rng):
    keys = GROUP[:]
    rng.shuffle(keys)
    kind = rng.randrange(3)
    if kind == 0:
        values = wire.run("MGET", *keys)
    elif kind == 1:
        wire.send(encode(["MULTI"]) + b"".join(encode(["GET", key]) for key in keys) + encode(["EXEC"]))
        for _ in range(len(keys) + 1):
            wire.read_raw()
        values = _last(wire)
    else:
        expect(wire.run("EXISTS", *keys) in (0, len(keys)), "EXISTS saw half a group")
        return
    expect(len(set(values)) == 1, "half a group:", dict(zip(keys, values)))


def _last(wire):
    return parse(wire.read_raw())


# -- accounts

def transfer(_clients, wire, rng):
    source, target = rng.sample(ACCOUNTS, 2)
    amount = rng.randint(1, 50)
    wire.run("WATCH", source, target)
    balance, other = (int(value) for value in wire.run("MGET", source, target))
    if balance < amount:
        wire.run("UNWATCH")
        return
    wire.run("MULTI")
    wire.run("SET", source, balance - amount)
    wire.run("SET", target, other + amount)
    expect(wire.run("EXEC") in (None, ["OK", "OK"]), "EXEC")


def transfer_by_counters(_clients, wire, rng):
    source, target = rng.sample(ACCOUNTS, 2)
    amount = rng.randint(1, 50)
    wire.run("MULTI")
    wire.run("DECRBY", source, amount)
    wire.run("INCRBY", target, amount)
    expect(len(wire.run("EXEC")) == 2, "EXEC")


def audit(_clients, wire, _rng):
    balances = [int(value) for value in wire.run("MGET", *ACCOUNTS)]
    expect(sum(balances) == MONEY * len(ACCOUNTS), "money made or lost:", balances)


# -- pipelines of counters; the sum is checked at the end

ACKNOWLEDGED = []


def count(_clients, wire, rng):
    size = rng.choice((1, 3, 50, 400))
    keys = [f"counter:{rng.randrange(20)}" for _ in range(size)]
    wire.send(b"".join(encode(["INCR", key]) + encode(["ECHO", number]) for number, key in enumerate(keys)))
    for number in range(size):
        expect(wire.read_raw().startswith(b":"), "INCR did not count")
        text = str(number).encode()
        expect(wire.read_raw() == b"$%d\r\n%s\r\n" % (len(text), text), "a reply out of order")
    ACKNOWLEDGED.append(size)


# -- keys of one client alone

def own_keys(_clients, wire, rng):
    me = f"own:{threading.get_ident()}"
    model = {}
    for _ in range(50):
        key, other = (f"{me}:{rng.randrange(6)}" for _ in range(2))
        step = rng.randrange(8)
        if step == 0:
            model[key] = str(rng.random()).encode()
            wire.run("SET", key, model[key])
        elif step == 1:
            expect(wire.run("DEL", key) == (model.pop(key, None) is not None), "DEL", key)
        elif step == 2 and key in model:
            expect(wire.run("RENAME", key, other) == "OK", "RENAME", key)
            model[other] = model.pop(key)
        elif step == 3 and key != other:
            done = wire.run("COPY", key, other, "REPLACE")
            expect(done == (key in model), "COPY", key)
            if done:
                model[other] = model[key]
        elif step == 4:
            expect(wire.run("APPEND", key, "x") == len(model.get(key, b"")) + 1, "APPEND", key)
            model[key] = model.get(key, b"") + b"x"
        elif step == 5:
            expect(wire.run("PEXPIREAT", key, 1) == (model.pop(key, None) is not None), "PEXPIREAT", key)
        elif step == 6:
            expect(wire.run("GETDEL", key) == model.pop(key, None), "GETDEL", key)
        expect(wire.run("GET", key) == model.get(key), "GET", key, "wanted", model.get(key))
    if model:
        expect(wire.run("DEL", *model) == len(model), "keys left over")


# -- what walks over everything

def scan_all(_clients, wire, rng):
    seen, cursor = set(), b"0"
    while True:
        cursor, keys = wire.run("SCAN", cursor, "COUNT", rng.choice((3, 10, 100)))
        seen.update(keys)
        if cursor == b"0":
            break
    missing = {key.encode() for key in STAYING} - seen
    expect(not missing, "a full SCAN missed", sorted(missing)[:5])


def look_around(_clients, wire, rng):
    command = rng.choice((["DBSIZE"], ["RANDOMKEY"], ["KEYS", "stay:1*"], ["INFO"], ["CLIENT", "LIST"], ["CONFIG", "GET", "*"],
                          ["MEMORY", "STATS"], ["COMMAND", "COUNT"], ["SLOWLOG", "GET"], ["LATENCY", "HISTOGRAM"],
                          ["CONFIG", "SET", "hz", str(rng.randint(1, 100))], ["CLIENT", "SETNAME", "n"], ["TIME"]))
    reply = wire.run(*command)
    expect(not isinstance(reply, ErrorReply), command, reply)


def come_and_go(clients, _wire, rng):
    with clients.server.wire() as short:
        short.send(b"".join(encode(["SET", f"churn:{rng.randrange(2000)}", "x" * rng.randrange(200), "PX", rng.randint(1, 50)])
                            for _ in range(rng.randint(1, 50))))
        if rng.random() < 0.7:
            short.read_raw()


class MixedLoad(unittest.TestCase):
    def run_load(self, functions, prepare=()):
        with Server({"maxclients": "500"}, threads=4) as server:
            with server.wire() as wire:
                for command in prepare:
                    wire.run(*command)
            clients = Clients(server, SECONDS)
            counts = clients.run(*functions)
            self.assertEqual(clients.failures, [])
            for function in functions:
                self.assertGreater(counts[function.__name__], 0, function.__name__)
            with server.wire() as wire:
                sums = wire.run("MGET", *[f"counter:{n}" for n in range(20)])
            self.assertTrue(server.alive())
        return sums

    def test_groups_are_written_deleted_and_flushed_as_a_whole(self):
        self.run_load([write_group, write_group, write_group_in_multi, delete_group, flush_all, read_group, read_group, read_group])

    def test_accounts_counters_own_keys_and_scans(self):
        ACKNOWLEDGED.clear()
        prepare = [["SET", account, MONEY] for account in ACCOUNTS] + [["SET", key, "x"] for key in STAYING]
        sums = self.run_load([transfer, transfer, transfer_by_counters, audit, audit, count, count, own_keys, own_keys, scan_all,
                              look_around, come_and_go], prepare)
        self.assertEqual(sum(int(value or 0) for value in sums), sum(ACKNOWLEDGED))


class PlantedBreaches(unittest.TestCase):
    """The checks above find what they look for: writers that break the rules on purpose, on the same server."""

    def failures(self, functions, prepare=()):
        with Server(threads=2) as server:
            with server.wire() as wire:
                for command in prepare:
                    wire.run(*command)
            clients = Clients(server, 20)
            clients.run(*functions)
            return clients.failures

    def test_half_a_group_is_found(self):
        def write_one_by_one(_clients, wire, rng):
            value = str(rng.random())
            for key in GROUP:
                wire.run("SET", key, value)
        self.assertRegex("\n".join(self.failures([write_one_by_one, read_group])), "half a group")

    def test_money_that_is_made_is_found(self):
        def forge(_clients, wire, rng):
            wire.run("INCR", rng.choice(ACCOUNTS))
        found = self.failures([forge, audit], [["SET", account, MONEY] for account in ACCOUNTS])
        self.assertRegex("\n".join(found), "money made or lost")

    def test_a_key_that_a_stranger_touches_is_found(self):
        def stranger(_clients, wire, _rng):
            for key in wire.run("KEYS", "own:*"):
                wire.run("DEL", key)
        self.assertRegex("\n".join(self.failures([own_keys, stranger])), "own_keys")


if __name__ == "__main__":
    unittest.main()
