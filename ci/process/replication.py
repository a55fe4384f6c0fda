"""Servers that follow each other, for tests: pairs of them, links between them that can be cut, and whether they hold the same."""

import os
import random
import threading

from harness import HOST, NORN, FolderCase, wait_for
from link import Link
from storm import Storm, digest, lasting

REDIS = "redis-server"


def offset(server):
    return int(server.info("replication")["master_repl_offset"])


def partial_syncs(server):
    return int(server.info("stats")["sync_partial_ok"])


def full_syncs(server):
    return int(server.info("stats")["sync_full"])


def linked(replica):
    return replica.info("replication").get("master_link_status") == "up"


class ReplicationCase(FolderCase):
    def setUp(self):
        super().setUp()
        self.count = 0

    def serve(self, flags=None, path=NORN, name=None, **how):
        """A server with a folder of its own; `name`: that of an earlier one."""
        self.count += 1
        folder = self.path(name or f"server-{self.count}")
        os.makedirs(folder, exist_ok=True)
        flags = {"repl-diskless-sync-delay": "0", "save": "", **(flags or {})}
        return self.start(flags, folder=folder, path=path, **how)

    def link(self, server):
        link = Link(server.port)
        self.addCleanup(link.close)
        return link

    def attach(self, replica, port):
        self.assertEqual(replica.ask("REPLICAOF", HOST, port), "OK")
        wait_for(lambda: linked(replica), "the replica's link is up")

    def pair(self, flags=None, primary=NORN, replica=NORN, through=False):
        """A primary and its replica, linked; with `through`, also the link between them."""
        first, second = self.serve(flags, primary), self.serve(flags, replica)
        link = self.link(first) if through else None
        self.attach(second, link.port if through else first.port)
        return (first, second, link) if through else (first, second)

    def assert_same(self, primary, *replicas):
        """All have the same data, expiry included, once the replicas have all of the stream."""
        wanted = lasting(primary)
        self.assertTrue(wanted)
        for replica in replicas:
            wait_for(lambda r=replica: linked(r) and offset(r) == offset(primary), "equal offsets")
            self.assertEqual(lasting(replica), wanted)
            self.assertEqual(digest(replica), digest(primary))

    def storm(self, server, count=2000, seed=1, wait=0, **how):
        with server.wire() as wire:
            Storm(random.Random(seed), **how).run(wire, count)
            wire.run("SET", "last", seed)
            if wait:
                self.assertEqual(wire.run("WAIT", wait, 20_000), wait)

    def storms(self, server, *replicas, **how):
        """Two storms at once; replicas attach in the middle of them."""
        storms = [threading.Thread(target=self.storm, args=(server, 3000, seed), kwargs=how) for seed in (1, 2)]
        for storm in storms:
            storm.start()
        for replica in replicas:
            self.attach(replica, server.port)
        for storm in storms:
            storm.join()
        self.storm(server, 500, seed=3, wait=len(replicas), **how)
