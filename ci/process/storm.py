"""Random commands of the surface that norn has, and what a server holds afterwards, to compare it with another's.

A storm goes over few keys, so that its commands meet. With `newer` it uses what redis-server 7.0 does not know.
"""

import time

from harness import wait_for
from wire import encode, parse

DATABASES = 4
KEYS = 40
# Expiry is either far away or so near that it passes during the storm.
FAR_MS, NEAR_MS = 3_600_000, 40


class Storm:
    def __init__(self, rng, newer=False, databases=DATABASES):
        self._rng, self._newer, self._databases = rng, newer, databases
        self._kinds = [kind for kind in dir(self) if kind.startswith("one_")]
        self._rare = [kind for kind in dir(self) if kind.startswith("rare_")]
        if not newer:
            self._kinds = [kind for kind in self._kinds if not kind.startswith("one_newer")]

    def commands(self, count):
        for _ in range(count):
            dice = self._rng.random()
            if dice < 0.01:
                yield getattr(self, self._rng.choice(self._rare))()
            elif dice < 0.05:
                yield from self._transaction()
            else:
                yield self._one()

    def run(self, wire, count, batch=100):
        """Sends so many commands in pipelines. Errors are part of the game: wrong types of values, missing keys."""
        commands = list(self.commands(count))
        for start in range(0, len(commands), batch):
            part = commands[start:start + batch]
            wire.send(b"".join(encode(command) for command in part))
            for _ in part:
                wire.read_raw()

    def _one(self):
        return getattr(self, self._rng.choice(self._kinds))()

    def _transaction(self):
        yield ["MULTI"]
        for _ in range(self._rng.randrange(6)):
            yield self._one()
        yield ["EXEC" if self._rng.random() < 0.9 else "DISCARD"]

    def _key(self):
        return f"key:{self._rng.randrange(KEYS)}"

    def _value(self):
        kind = self._rng.randrange(6)
        if kind == 0:
            return str(self._rng.choice([0, 1, -1, 127, 128, -32768, 70000, 1 << 40, self._rng.randrange(1000)]))
        if kind == 1:
            return "%.3f" % (self._rng.randrange(100000) / 1000)
        if kind == 2:
            return "ab" * self._rng.randrange(200)
        return self._rng.randbytes(self._rng.choice([0, 1, 8, 30, 44, 45, 64, 300]))

    def _expiry(self):
        ms = NEAR_MS if self._rng.random() < 0.2 else FAR_MS + self._rng.randrange(1000) * 1000
        return self._rng.choice([["PX", ms], ["EX", max(ms // 1000, 1)]])

    def one_set(self):
        return ["SET", self._key(), self._value()]

    def one_set_with_options(self):
        words = ["SET", self._key(), self._value()]
        words += self._rng.choice([[], ["NX"], ["XX"], ["GET"], ["XX", "GET"]])
        return words + self._rng.choice([["KEEPTTL"], self._expiry(), self._expiry()])

    def one_newer_set_if_equal(self):
        return ["SET", self._key(), self._value(), "IFEQ", self._value()]

    def one_setex(self):
        return self._rng.choice([["SETEX", self._key(), "3600", self._value()], ["PSETEX", self._key(), NEAR_MS, self._value()]])

    def one_setnx_getset(self):
        return [self._rng.choice(["SETNX", "GETSET"]), self._key(), self._value()]

    def one_getex(self):
        return ["GETEX", self._key()] + self._rng.choice([["PERSIST"], self._expiry(), []])

    def one_getdel(self):
        return ["GETDEL", self._key()]

    def one_append(self):
        return ["APPEND", self._key(), self._value()]

    def one_setrange(self):
        return ["SETRANGE", self._key(), self._rng.randrange(100), self._value()]

    def one_incr(self):
        return self._rng.choice([["INCR", self._key()], ["DECR", self._key()], ["INCRBY", self._key(), "77"],
                                 ["DECRBY", self._key(), "1234567"]])

    def one_incrbyfloat(self):
        return ["INCRBYFLOAT", self._key(), self._rng.choice(["0.1", "-3.25", "1e3", "17"])]

    def one_mset(self):
        words = [self._rng.choice(["MSET", "MSET", "MSETNX"])]
        for _ in range(self._rng.randrange(1, 5)):
            words += [self._key(), self._value()]
        return words

    def one_delete(self):
        return [self._rng.choice(["DEL", "UNLINK"]), self._key(), self._key()]

    def one_rename(self):
        return [self._rng.choice(["RENAME", "RENAMENX"]), self._key(), self._key()]

    def one_copy(self):
        words = ["COPY", self._key(), self._key()]
        words += self._rng.choice([[], ["DB", self._rng.randrange(self._databases)]])
        return words + self._rng.choice([[], ["REPLACE"]])

    def one_move(self):
        return ["MOVE", self._key(), self._rng.randrange(self._databases)]

    def one_expire(self):
        return self._rng.choice([["EXPIRE", self._key(), "3600"], ["PEXPIRE", self._key(), NEAR_MS], ["EXPIRE", self._key(), "-1"],
                                 ["PEXPIRE", self._key(), FAR_MS, self._rng.choice(["NX", "XX", "GT", "LT"])],
                                 ["PERSIST", self._key()]])

    def one_select(self):
        return ["SELECT", self._rng.randrange(self._databases)]

    def one_read(self):
        return [self._rng.choice(["GET", "TTL", "STRLEN", "TYPE", "EXISTS"]), self._key()]

    def rare_flushdb(self):
        return ["FLUSHDB"] + self._rng.choice([[], ["ASYNC"], ["SYNC"]])

    def rare_swapdb(self):
        return ["SWAPDB", self._rng.randrange(self._databases), self._rng.randrange(self._databases)]

    def rare_flushall(self):
        return ["FLUSHALL"] if self._rng.random() < 0.2 else ["PING"]


def digest(server):
    return server.ask("DEBUG", "DIGEST")


def contents(server):
    """{(database, key): (value, unix ms of its expiry)}: for people, where digests differ; for expiry, which digests ignore."""
    found = {}
    with server.wire() as wire:
        for index in sorted(int(name[2:]) for name in server.info("keyspace")):
            wire.run("SELECT", index)
            keys = wire.run("KEYS", "*")
            for start in range(0, len(keys), 500):
                part = keys[start:start + 500]
                wire.send(b"".join(encode(["GET", key]) + encode(["PEXPIRETIME", key]) for key in part))
                for key in part:
                    value, expiry = parse(wire.read_raw()), parse(wire.read_raw())
                    if value is not None:
                        found[(index, key)] = (value, expiry)
    return found


def lasting(server):
    """contents() once all near expiry has passed and been cleared away, so that digests count no key that is gone."""
    def settled():
        found = contents(server)
        soon = time.time() * 1000 + FAR_MS / 2
        held = sum(int(line.split("keys=")[1].split(",")[0]) for line in server.info("keyspace").values())
        return found if held == len(found) and all(expiry < 0 or expiry > soon for _, expiry in found.values()) else None
    return wait_for(settled, "short-lived keys gone")
