#!/usr/bin/env python3
"""Nothing lost: snapshots and the append-only log of a real process, over restarts, kills, damage, and beside redis-server's."""

import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

from harness import NORN, FolderCase, free_port, wait_for
from storm import Storm, digest, lasting
from wire import ErrorReply, WireError, encode

REDIS = "redis-server"
# What redis-server 7.0 and its tools read.
FOR_REDIS = {"rdb-write-version": "10"}
# So many keys that writing them takes a while: a quarter of a second at the least.
BIG = 1_000_000
LOG = {"appendonly": "yes", "appendfsync": "always", "save": ""}


def storm(server, count=2000, seed=1, **how):
    with server.wire() as wire:
        Storm(random.Random(seed), **how).run(wire, count)


def populate(server, keys, prefix="filler", size=100):
    with server.wire(120) as wire:
        wire.run("DEBUG", "POPULATE", keys, prefix, size)
    wait_rewritten(server)  # what DEBUG made is in no log before


def is_saving(server):
    return server.info("persistence")["rdb_bgsave_in_progress"] == "1"


def wait_saved(server):
    wait_for(lambda: not is_saving(server), "the background save ends", 60)
    assert server.info("persistence")["rdb_last_bgsave_status"] == "ok", server.log()


def wait_rewritten(server):
    def done():
        info = server.info("persistence")
        return info["aof_rewrite_in_progress"] == "0" and info["aof_rewrite_scheduled"] == "0"
    wait_for(done, "the rewrite ends", 60)
    assert server.info("persistence")["aof_last_bgrewrite_status"] == "ok", server.log()


def check_tool(tool, *argv):
    result = subprocess.run([tool, *argv], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
    return result.returncode, result.stdout + result.stderr


class PersistenceCase(FolderCase):
    def restart(self, server, flags=None, **how):
        server.stop()
        return self.start(flags, **how)

    def killed(self, server, flags=None, **how):
        server.kill()
        return self.start(flags, **how)

    def same_after(self, restart, server, *args, **how):
        """Restarts in that way; nothing is missing, nothing is new, expiry included."""
        before, print_before = lasting(server), digest(server)
        self.assertTrue(before)
        again = restart(server, *args, **how)
        self.assertEqual(lasting(again), before)
        self.assertEqual(digest(again), print_before)
        return again

    def refused(self, flags, *words):
        """A start that must fail: exit code 1, and the words in what it says."""
        argv = [NORN, "--port", str(free_port()), "--threads", "2"] + [w for k, v in flags.items() for w in ("--" + k, v)]
        result = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
                                stdin=subprocess.DEVNULL)
        said = result.stdout + result.stderr
        self.assertEqual(result.returncode, 1, said)
        for word in words:
            self.assertIn(word, said)
        return said


    def end_under_load(self, server, end):
        """Four clients write while it ends; returns what each was answered for: [{key: value}]."""
        answered = [{} for _ in range(4)]

        def write(mine, name):
            try:
                with server.wire() as wire:
                    for n in range(1, 1_000_000):
                        key = f"{name}:{n % 50}"
                        if wire.run("SET", key, n) == "OK":
                            mine[key] = n
            except (OSError, WireError):
                pass
        writers = [threading.Thread(target=write, args=(mine, f"writer{i}")) for i, mine in enumerate(answered)]
        for writer in writers:
            writer.start()
        wait_for(lambda: all(len(mine) == 50 for mine in answered), "every key written once")
        with server.wire() as wire:
            end(wire)
        for writer in writers:
            writer.join()
        return answered

    def assert_kept(self, server, answered):
        with server.wire() as wire:
            for mine in answered:
                for key, value in mine.items():
                    self.assertGreaterEqual(int(wire.run("GET", key) or 0), value, key)


class LogSwitch(FolderCase):
    def test_whoever_switches_the_log_on_can_wait_for_it(self):
        server = self.start({"save": "", "enable-debug-command": "yes"}, threads=4, folder=self.path())
        for turn in range(20):
            server.ask("SET", "a", turn)
            server.ask("CONFIG", "SET", "appendonly", "yes")
            wait_for(lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0", "the first rewrite is over")
            self.assertEqual(server.ask("DEBUG", "LOADAOF"), "OK")
            server.ask("CONFIG", "SET", "appendonly", "no")
            server.ask("CONFIG", "SET", "appendonly", "yes")
            server.ask("CONFIG", "SET", "appendonly", "no")
        wait_for(lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0", "the last one is cancelled")
        self.assertEqual(server.ask("BGREWRITEAOF").split()[0], "Background")
        wait_for(lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0", "the rewrite is over")
        server.ask("SET", "a", "later")
        self.assertEqual(server.ask("DEBUG", "LOADAOF"), "OK")
        self.assertEqual(server.ask("GET", "a"), b"19")


class Snapshots(PersistenceCase):
    def test_a_stop_under_load_loses_nothing_that_was_answered(self):
        for words in (["SHUTDOWN", "SAVE"], None):
            with self.subTest(words):
                server = self.start({"save": "3600 1"}, threads=4)

                def end(wire, words=words, server=server):
                    if words is None:
                        server.process.send_signal(signal.SIGTERM)
                    else:
                        wire.send(encode(words))
                    wire.read_until_closed()
                answered = self.end_under_load(server, end)
                self.assertEqual(server.wait_exit(), 0)
                server.stop()
                server = self.start({"save": ""})
                self.assert_kept(server, answered)
                server.kill()

    def test_replies(self):
        server = self.start({"save": ""})
        before = server.ask("LASTSAVE")
        self.assertLessEqual(abs(before - time.time()), 60)
        self.assertEqual(server.ask("SAVE"), "OK")
        self.assertGreaterEqual(server.ask("LASTSAVE"), before)
        self.assertEqual(server.ask("BGSAVE", "NONSENSE"), ErrorReply("ERR syntax error"))
        self.assertIn("Background saving is currently not in progress", str(server.ask("BGSAVE", "CANCEL")))
        populate(server, BIG)
        with server.wire() as wire:
            wire.send(b"".join(encode(words) for words in (["BGSAVE"], ["BGSAVE"], ["SAVE"], ["BGSAVE", "CANCEL"])))
            replies = [wire.read_raw() for _ in range(4)]
        self.assertEqual(replies, [b"+Background saving started\r\n", b"-ERR Background save already in progress\r\n",
                                   b"-ERR Background save already in progress\r\n", b"+Background saving cancelled\r\n"])
        wait_for(lambda: not is_saving(server), "the save is cancelled")
        self.assertIn("Background saving cancelled", server.log())

    def test_what_was_flushed_is_not_back_after_a_crash(self):
        flags = {"save": "3600 100000", "appendonly": "no", "enable-debug-command": "yes"}
        server = self.start(flags, threads=2)
        populate(server, 1000)
        self.assertEqual(server.ask("SAVE"), "OK")
        server.ask("SET", "one", "more")
        self.assertEqual(server.ask("FLUSHALL"), "OK")
        wait_for(lambda: not is_saving(server) and server.info("persistence")["rdb_changes_since_last_save"] == "0", "the snapshot")
        self.assertEqual(server.info("persistence")["rdb_last_bgsave_status"], "ok")
        again = self.killed(server, flags)
        self.assertEqual(again.ask("DBSIZE"), 0)

    def test_a_flush_ends_the_save_of_what_it_deletes(self):
        flags = {"save": "3600 100000", "appendonly": "no", "enable-debug-command": "yes"}
        server = self.start(flags, threads=2)
        populate(server, BIG)
        with server.wire() as wire:
            wire.send(b"".join(encode(words) for words in (["BGSAVE"], ["FLUSHALL"])))
            self.assertEqual([wire.read_raw() for _ in range(2)], [b"+Background saving started\r\n", b"+OK\r\n"])
        wait_for(lambda: not is_saving(server) and server.info("persistence")["rdb_changes_since_last_save"] == "0", "the snapshot")
        self.assertIn("Background saving cancelled", server.log())
        self.assertEqual(self.killed(server, flags).ask("DBSIZE"), 0)

    def test_a_save_behind_a_rewrite_is_scheduled(self):
        server = self.start({"appendonly": "yes", "save": ""})
        populate(server, BIG)
        with server.wire() as wire:
            wire.send(b"".join(encode(words) for words in (["BGREWRITEAOF"], ["BGSAVE"], ["BGSAVE", "SCHEDULE"])))
            replies = [wire.read_raw() for _ in range(3)]
        self.assertEqual(replies[0], b"+Background append only file rewriting started\r\n")
        self.assertTrue(replies[1].startswith(b"-ERR Another child process is active"), replies[1])
        self.assertEqual(replies[2], b"+Background saving scheduled\r\n")
        wait_rewritten(server)
        wait_for(lambda: os.path.exists(self.path("dump.rdb")), "the scheduled save")

    def test_restarts_find_the_data_with_any_number_of_threads(self):
        server = self.start(threads=1)
        storm(server)
        for threads in (4, 1):
            server = self.same_after(self.restart, server, threads=threads)
        self.assertRegex(server.log(), r"DB loaded from disk: [\d.]+ seconds, \d+ keys")

    def test_shutdown_saves_or_not(self):
        for words, kept in ((["SHUTDOWN", "SAVE"], 1), (["SHUTDOWN", "NOSAVE"], 1), (["SHUTDOWN"], 1)):
            with self.subTest(words):
                server = self.start({"save": ""})
                with server.wire() as wire:
                    wire.run("INCR", "n")
                    wire.send(encode(words))
                    wire.read_until_closed()
                self.assertEqual(server.wait_exit(), 0)
                server.stop()
                server = self.start({"save": ""})
                self.assertEqual(server.ask("GET", "n"), b"%d" % kept)
                server.kill()

    def test_save_points_fire(self):
        server = self.start({"save": "1 2"})
        saves = int(server.info("persistence")["rdb_saves"])
        server.ask("MSET", "a", "1", "b", "2")
        wait_for(lambda: int(server.info("persistence")["rdb_saves"]) > saves, "the save point")
        wait_saved(server)
        self.assertEqual(server.info("persistence")["rdb_changes_since_last_save"], "0")
        self.assertIn("2 changes in 1 seconds. Saving...", server.log())
        server = self.killed(server)
        self.assertEqual(server.ask("MGET", "a", "b"), [b"1", b"2"])

    def test_a_kill_in_the_middle_of_a_save_keeps_the_old_snapshot(self):
        server = self.start({"save": ""})
        server.ask("SET", "old", "1")
        self.assertEqual(server.ask("SAVE"), "OK")
        populate(server, BIG)
        with server.wire() as wire:
            wire.run("BGSAVE")
            saving = b"rdb_bgsave_in_progress:1" in wire.run("INFO", "persistence")
            server.process.send_signal(signal.SIGKILL)
        self.assertTrue(saving, "the save was over before the kill")
        server = self.killed(server, {"save": ""})
        self.assertEqual((server.ask("DBSIZE"), server.ask("GET", "old")), (1, b"1"))
        self.assertEqual(server.ask("SAVE"), "OK")

    def test_writes_stop_while_saving_fails(self):
        server = self.start({"save": "3600 1"})
        os.makedirs(self.path("dump.rdb", "in the way"))
        server.ask("SET", "a", "1")
        server.ask("BGSAVE")
        wait_for(lambda: server.info("persistence")["rdb_last_bgsave_status"] == "err", "the save fails")
        self.assertRegex(server.log(), r"Background saving error: .*dump\.rdb.*[Ii]s a directory|Background saving error: .*dump\.rdb")
        self.assertTrue(str(server.ask("SET", "a", "2")).startswith("MISCONF "))
        self.assertEqual(server.ask("GET", "a"), b"1")
        self.assertEqual(server.ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"), "OK")
        self.assertEqual(server.ask("SET", "a", "3"), "OK")
        server.ask("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes")
        self.assertTrue(str(server.ask("SET", "a", "4")).startswith("MISCONF "))
        os.rmdir(self.path("dump.rdb", "in the way"))
        os.rmdir(self.path("dump.rdb"))
        server.ask("BGSAVE")
        wait_saved(server)
        self.assertEqual(server.ask("SET", "a", "5"), "OK")

    def test_a_folder_that_cannot_be_written(self):
        # /proc refuses files to anybody, root included.
        server = self.start({"save": "", "dir": "/proc"})
        reply = str(server.ask("SAVE"))
        self.assertRegex(reply, r"^ERR .*temp-\d+\.rdb")
        self.assertIn("No such file or directory", reply)
        said = self.refused({"dir": "/proc", "appendonly": "yes", "save": ""}, "appendonlydir")
        self.assertIn("No such file or directory", said)

    def test_snapshots_that_cannot_be_read_stop_the_start(self):
        server = self.start(FOR_REDIS)
        storm(server)
        server.stop()
        with open(self.path("dump.rdb"), "rb") as handle:
            good = handle.read()
        flipped = bytearray(good)
        flipped[-1] ^= 1
        for what, data, words in (("Redis 8's version", b"REDIS0012" + good[9:], ["dump.rdb", "Can't handle RDB format version 12"]),
                                  ("version too new", b"VALKEY099" + good[9:], ["dump.rdb", "Can't handle RDB format version 99"]),
                                  ("no snapshot", b"HELLO" + good[5:], ["dump.rdb", "offset 0"]),
                                  ("truncated", good[:len(good) // 2], ["dump.rdb", "offset"]),
                                  ("checksum", bytes(flipped), ["dump.rdb", "checksum"]),
                                  ("empty", b"", ["dump.rdb"])):
            with self.subTest(what):
                with open(self.path("dump.rdb"), "wb") as handle:
                    handle.write(data)
                self.refused({}, *words)
                with open(self.path("dump.rdb"), "rb") as handle:
                    self.assertEqual(handle.read(), data, "a start that fails changes nothing")


class Log(PersistenceCase):
    def test_a_kill_loses_nothing_that_was_answered(self):
        server = self.start(LOG, threads=4)
        answered = self.end_under_load(server, lambda wire: server.process.send_signal(signal.SIGKILL))
        server = self.killed(server, LOG, threads=1)
        self.assert_kept(server, answered)

    def test_everysec_loses_two_seconds_at_most(self):
        flags = {**LOG, "appendfsync": "everysec"}
        server = self.start(flags)
        times, begun = [], time.monotonic()
        with server.wire() as wire:
            while time.monotonic() < begun + 3:
                wire.run("INCR", "n")
                times.append(time.monotonic())
            end = time.monotonic()
            server.process.send_signal(signal.SIGKILL)
        server = self.killed(server, flags)
        kept = int(server.ask("GET", "n") or 0)
        self.assertGreaterEqual(kept, sum(1 for at in times if at < end - 2))
        self.assertLessEqual(kept, len(times) + 1)

    def test_a_storm_is_the_same_after_a_kill_and_after_a_stop(self):
        server = self.start(LOG, threads=1)
        storm(server, newer=True)
        server = self.same_after(self.killed, server, LOG, threads=4)
        storm(server, seed=2)
        server = self.same_after(self.restart, server, {**LOG, "aof-timestamp-enabled": "yes"}, threads=2)
        storm(server, seed=3)
        server = self.same_after(self.killed, server, LOG, threads=1)
        self.assertEqual(server.ask("DEBUG", "LOADAOF"), "OK")

    def test_a_rewrite_under_load(self):
        for preamble in ("yes", "no"):
            flags = {**LOG, "appendfsync": "everysec", "aof-use-rdb-preamble": preamble}
            server = self.start(flags, threads=4, folder=None)
            populate(server, 20_000)
            going = threading.Event()

            def load(seed, server=server, going=going):
                # Nothing that empties databases: the rewrite shall have work.
                rng = random.Random(seed)
                with server.wire() as wire:
                    mine = Storm(rng)
                    while not going.is_set():
                        wires = [command for command in mine.commands(100) if not command[0].startswith(("FLUSH", "SWAP"))]
                        wire.send(b"".join(encode(command) for command in wires))
                        for _ in wires:
                            wire.read_raw()
            loads = [threading.Thread(target=load, args=(seed,)) for seed in (1, 2)]
            for thread in loads:
                thread.start()
            rewrites = int(server.info("persistence")["aof_rewrites"])
            for _ in range(2):
                self.assertEqual(server.ask("BGREWRITEAOF"), "Background append only file rewriting started", server.log())
                wait_rewritten(server)
            going.set()
            for thread in loads:
                thread.join()
            self.assertGreaterEqual(int(server.info("persistence")["aof_rewrites"]), rewrites + 2)
            self.same_after(self.restart, server, flags, threads=2).stop()

    def test_switched_on_and_off_while_it_runs(self):
        server = self.start({"save": "", "appendfsync": "always"})
        storm(server, 500)
        self.assertEqual(server.ask("CONFIG", "SET", "appendonly", "yes"), "OK")
        wait_for(lambda: server.info("persistence")["aof_enabled"] == "1", "the log is on")
        wait_rewritten(server)
        storm(server, 500, seed=2)
        server = self.same_after(self.killed, server, LOG)
        self.assertEqual(server.ask("CONFIG", "SET", "appendonly", "no"), "OK")
        wait_for(lambda: server.info("persistence")["aof_enabled"] == "0", "the log is off")
        server.ask("SET", "late", "1")
        server = self.killed(server, LOG)
        self.assertIsNone(server.ask("GET", "late"))

    def last_file(self):
        with open(self.path("appendonlydir", "appendonly.aof.manifest"), encoding="ascii") as handle:
            name = re.findall(r"file (\S+) seq \d+ type i", handle.read())[-1]
        return self.path("appendonlydir", name)

    def written(self):
        server = self.start(LOG)
        with server.wire() as wire:
            for n in range(200):
                wire.run("SET", f"k{n}", n)
        server.stop()
        return self.last_file()

    def test_a_torn_tail_is_cut(self):
        path = self.written()
        whole = os.path.getsize(path)
        with open(path, "ab") as handle:
            handle.write(b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n1\r\n*3\r\n$3\r\nSE")
        said = self.refused({**LOG, "aof-load-truncated": "no"}, os.path.basename(path), f"offset {whole} ", "aof-load-truncated")
        self.assertNotIn("damaged", said)
        server = self.start(LOG)
        self.assertRegex(server.log(), rf"bytes were cut off \S*{re.escape(os.path.basename(path))} at offset {whole}\b")
        self.assertEqual((server.ask("DBSIZE"), server.ask("EXISTS", "x")), (200, 0))
        server = self.killed(server, {**LOG, "aof-load-truncated": "no"})
        self.assertEqual(server.ask("DBSIZE"), 200)

    def test_damage_in_the_middle_stops_the_start(self):
        path = self.written()
        with open(path, "r+b") as handle:
            data = handle.read()
            at = data.index(b"k100") + 1
            handle.seek(at)
            handle.write(b"\0\0\0\r")
        said = self.refused(LOG, os.path.basename(path), "damaged at offset")
        offset = int(re.search(r"damaged at offset (\d+)", said).group(1))
        self.assertTrue(0 < offset <= len(data), said)
        with open(path, "r+b") as handle:
            handle.seek(at - 4)
            handle.write(b"$9zz")
        self.refused(LOG, os.path.basename(path), "damaged at offset")

    def test_files_that_are_missing_stop_the_start(self):
        path = self.written()
        os.rename(path, path + ".away")
        self.refused(LOG, os.path.basename(path), "Restore it from a copy")


class WithRedis(PersistenceCase):
    def redis(self, flags=None):
        return self.start(flags, path=REDIS)

    def test_redis_reads_snapshots_of_norn(self):
        server = self.start(FOR_REDIS, threads=4)
        storm(server)
        server.ask("SET", "long", "abc" * 10_000)
        self.assertEqual(server.ask("SAVE"), "OK")
        code, said = check_tool("redis-check-rdb", self.path("dump.rdb"))
        self.assertEqual(code, 0, said)
        self.assertIn("RDB looks OK", said)
        redis = self.same_after(lambda old: (old.stop(), self.redis({"save": "3600 1"}))[1], server)
        storm(redis, seed=5)
        self.same_after(self.restart, redis, FOR_REDIS, threads=2)

    def test_norn_reads_every_encoding_of_redis(self):
        redis = self.redis({"save": "3600 1"})
        with redis.wire() as wire:
            for index in (0, 1, 9, 15):
                wire.run("SELECT", index)
                for n, value in enumerate((0, -1, 127, -128, 32767, -32769, 2**31, -2**31 - 1, 2**63 - 1, "", "x", b"\0\xff" * 40,
                                           "0123", "12345678901234567890", "y" * 44, "y" * 45, "lzf" * 5000, os.urandom(20_000))):
                    wire.run("SET", f"{index}:{n}", value)
                wire.run("SET", f"{index}:far", "1", "PXAT", 4_000_000_000_123)
        server = self.same_after(self.restart, redis, FOR_REDIS, threads=4)
        self.assertEqual(server.ask("OBJECT", "ENCODING", "0:4"), b"int")

    def test_logs_of_norn_are_read_by_the_tool_and_by_redis(self):
        for preamble in ("yes", "no"):
            with self.subTest(preamble=preamble):
                flags = {**LOG, **FOR_REDIS, "aof-use-rdb-preamble": preamble, "aof-timestamp-enabled": "yes"}
                server = self.start(flags, threads=4)
                storm(server)
                server.ask("BGREWRITEAOF")
                wait_rewritten(server)
                storm(server, seed=7)
                before = lasting(server), digest(server)
                server.stop()
                code, said = check_tool("redis-check-aof", self.path("appendonlydir", "appendonly.aof.manifest"))
                self.assertEqual(code, 0, said)
                self.assertIn("All AOF files and manifest are valid", said)
                redis = self.redis({"appendonly": "yes"})
                self.assertEqual((lasting(redis), digest(redis)), before)
                redis.stop()

    def test_norn_reads_logs_of_redis(self):
        for preamble, timestamps in (("yes", "no"), ("no", "yes")):
            with self.subTest(preamble=preamble):
                flags = {"appendonly": "yes", "aof-use-rdb-preamble": preamble, "aof-timestamp-enabled": timestamps}
                redis = self.redis(flags)
                storm(redis, seed=11)
                redis.ask("BGREWRITEAOF")
                wait_rewritten(redis)
                storm(redis, seed=12)
                server = self.same_after(self.restart, redis, {**LOG, **FOR_REDIS}, threads=4)
                # And on it goes in the same files, which redis-server takes back.
                storm(server, seed=13)
                self.same_after(lambda old, f=flags: (old.stop(), self.redis(f))[1], server).stop()


if __name__ == "__main__":
    unittest.main()
