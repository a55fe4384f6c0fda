#!/usr/bin/env python3
"""Commands of every type, drawn at random, from eight clients at once to a server with four threads, which writes a log, saves,
rewrites the log and feeds a replica of four threads meanwhile. In the end the replica holds what the primary holds, and so does
the primary's next life.

NORN_LOAD_S is how long the clients write (default 4 s). Meant for the thread sanitizer, and true on any build.
"""

import itertools
import os
import threading
import time
import unittest

import drawn_commands
import harness
from replication import ReplicationCase
from storm import digest, lasting
from wire import ErrorReply, WireError, encode

SECONDS = float(os.environ.get("NORN_LOAD_S", "4"))
CLIENTS = 8
LINES = 5000
PIPELINE = 40
SHORT_LIVES_S = 2
LOG = {"appendonly": "yes", "appendfsync": "everysec"}


class DrawnLoad(ReplicationCase):
    def play(self, server, seed, until):
        """Its own lines, again and again; how many were answered, and how many of them by an error."""
        lines = [words for _, words in drawn_commands.drawn(seed, LINES)]
        done = errors = 0
        with server.wire(60) as wire:
            for start in itertools.cycle(range(0, len(lines), PIPELINE)):
                if time.monotonic() > until:
                    break
                part = lines[start:start + PIPELINE]
                wire.send(b"".join(encode(words) for words in part))
                replies = [wire.read_raw() for _ in part]
                done += len(replies)
                errors += sum(reply.startswith(b"-") for reply in replies)
        self.answered[seed] = (done, errors)

    def keep_house(self, server, until):
        for words in itertools.cycle((["BGSAVE"], ["BGREWRITEAOF"], ["SCAN", "0", "COUNT", "1000"], ["INFO"], ["BGSAVE", "CANCEL"])):
            if time.monotonic() > until:
                return
            reply = server.ask(*words)
            if isinstance(reply, ErrorReply):
                self.assertRegex(str(reply), "in progress|already|not in progress|active")
            time.sleep(0.1)

    @unittest.skipUnless(harness.is_norn(), "reason: norn-sim draws the lines; owner: ci")
    def test_many_threads_leave_one_state_everywhere(self):
        primary = self.serve(LOG, threads=4, name="primary")
        replica = self.serve(threads=4)
        self.attach(replica, primary.port)
        self.answered, failures = {}, []
        until = time.monotonic() + SECONDS

        def guarded(function, *args):
            try:
                function(*args)
            except (AssertionError, OSError, WireError) as error:
                failures.append(f"{function.__name__}{args[1:]}: {type(error).__name__}: {error}")
        threads = [threading.Thread(target=guarded, args=(self.play, primary, seed, until)) for seed in range(1, CLIENTS + 1)]
        threads.append(threading.Thread(target=guarded, args=(self.keep_house, primary, until)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        done, errors = (sum(column) for column in zip(*self.answered.values()))
        print(f"{done} commands answered, {errors} with an error")
        self.assertGreater(done, CLIENTS * PIPELINE)
        self.assertLess(errors, done / 2)
        time.sleep(SHORT_LIVES_S)  # what will expire has
        self.assert_same(primary, replica)
        before, print_before = lasting(primary), digest(primary)
        primary.stop()
        again = self.serve(LOG, threads=3, name="primary")
        self.assertEqual(lasting(again), before)
        self.assertEqual(digest(again), print_before)


if __name__ == "__main__":
    unittest.main()
