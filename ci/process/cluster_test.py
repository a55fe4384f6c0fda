#!/usr/bin/env python3
"""Clusters of real processes: redis-cli --cluster runs them, clients live through failovers, redis-server nodes are among them."""

import os
import subprocess
import threading
import time
import unittest

import redis.cluster

from cluster import REDIS, Client, ClusterCase, Writer, cluster_info, me, nodes_of, slot_of
from harness import HOST, NORN, wait_for
from node_client_test import NODE, install_client
from wire import ErrorReply, encode


class Tools(ClusterCase):
    def test_redis_cli_takes_a_cluster_through_its_life(self):
        servers = [self.node() for _ in range(6)]
        first = f"{HOST}:{servers[0].port}"
        self.create(servers, 1)
        client = Client(servers)
        self.addCleanup(client.close)
        for i in range(200):
            client.run(f"key:{i}", "SET", f"key:{i}", f"value {i}")
        self.cli("check", first, expect="All nodes agree about slots configuration")

        primaries = [me(server).id for server in servers[:3]]
        self.cli("reshard", first, "--cluster-from", primaries[0], "--cluster-to", primaries[1], "--cluster-slots", "40",
                 "--cluster-yes")
        self.await_agreement(servers)
        self.assertEqual(me(servers[1]).slots[0], "0-39")

        extra, spare = self.node(), self.node()
        servers += [extra, spare]
        client.servers = {server.port: server for server in servers}
        self.cli("add-node", f"{HOST}:{extra.port}", first, expect="New node added correctly")
        wait_for(lambda: all(len(nodes_of(server)) == 7 for server in servers if server is not spare), "all know the new primary")
        self.await_agreement([server for server in servers if server is not spare])
        self.cli("add-node", f"{HOST}:{spare.port}", first, "--cluster-slave", "--cluster-master-id", me(extra).id,
                 expect="New node added correctly")
        wait_for(lambda: spare.info("replication").get("master_link_status") == "up", "the new replica is linked")
        self.cli("reshard", first, "--cluster-from", primaries[2], "--cluster-to", me(extra).id, "--cluster-slots", "20",
                 "--cluster-yes")
        self.await_agreement(servers)
        self.assertEqual(self.cli("call", first, "PING").count("PONG"), 8)
        for i in range(200):
            self.assertEqual(client.run(f"key:{i}", "GET", f"key:{i}"), f"value {i}".encode())

        self.cli("reshard", first, "--cluster-from", me(extra).id, "--cluster-to", primaries[2], "--cluster-slots", "20",
                 "--cluster-yes")
        self.await_agreement(servers)
        for server in (spare, extra):
            self.cli("del-node", first, me(server).id, expect="Sending CLUSTER RESET SOFT to the deleted node")
        rest = servers[:6]
        wait_for(lambda: all(len(nodes_of(server)) == 6 for server in rest), "the deleted nodes are forgotten")
        self.assertEqual(len(nodes_of(extra)), 1)

    def test_fix_closes_open_slots_and_covers_lost_ones(self):
        servers = [self.node() for _ in range(3)]
        first = f"{HOST}:{servers[0].port}"
        self.create(servers, 0)
        source, target = servers[0], servers[1]
        client = Client(servers)
        self.addCleanup(client.close)
        key = next(f"k{i}" for i in range(10000) if slot_of(f"k{i}") == 7 or slot_of(f"k{i}") < 5000)
        client.run(key, "SET", key, "here")
        slot = slot_of(key)
        self.assertEqual(target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", me(source).id), "OK")
        self.assertEqual(source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", me(target).id), "OK")
        refusal = source.ask("GET", "{%s}other" % key)
        self.assertIsInstance(refusal, ErrorReply)
        self.assertTrue(str(refusal).startswith(f"ASK {slot} "), refusal)
        self.cli("fix", first, expect="All 16384 slots covered")
        self.await_agreement(servers)
        self.assertEqual(client.run(key, "GET", key), b"here")
        for server in servers:
            self.assertEqual(server.ask("CLUSTER", "DELSLOTS", 16383), "OK")
        self.cli("fix", first, expect="Fixing slots coverage")
        wait_for(lambda: all(cluster_info(s)["cluster_slots_assigned"] == "16384" for s in servers), "the lost slot has an owner")

    def mute_replica(self, primary, number):
        """Gets the stream and acknowledges nothing."""
        mute = primary.wire()
        self.addCleanup(mute.close)
        for words in (("listening-port", "1"), ("version", "8.1.0")):
            self.assertEqual(mute.run("REPLCONF", *words), "OK")
        mute.send(encode(("PSYNC", "?", "-1")))
        wait_for(lambda: "state=online" in primary.info("replication").get(f"slave{number}", ""), "it gets the stream")
        return mute

    def test_an_order_does_not_wait_for_a_replica_that_has_left(self):
        primary, replica = self.node(), self.node()
        primary.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        replica.ask("CLUSTER", "MEET", HOST, primary.port)
        wait_for(lambda: len(nodes_of(replica)) == 2 and len(nodes_of(primary)) == 2, "they know each other")
        wait_for(lambda: replica.ask("CLUSTER", "REPLICATE", me(primary).id) == "OK", "the replica follows")
        self.await_ok([primary, replica])
        self.await_replicas([primary, replica])
        mute = self.mute_replica(primary, 1)
        answers = []
        order = threading.Thread(target=lambda: answers.append(primary.ask("CLUSTER", "SETSLOT", "5", "NODE", me(primary).id)))
        began = time.monotonic()
        order.start()
        time.sleep(0.3)
        self.assertEqual(answers, [])  # it waits for the one that never answers
        mute.close()
        order.join(10)
        self.assertEqual(answers, ["OK"])
        self.assertLess(time.monotonic() - began, 1.9)

    def test_a_new_replica_does_not_reopen_a_slot_that_is_being_closed(self):
        primary, other = self.node(), self.node()
        primary.ask("CLUSTER", "ADDSLOTSRANGE", "0", "4", "6", "16383")
        other.ask("CLUSTER", "MEET", HOST, primary.port)
        wait_for(lambda: len(nodes_of(other)) == 2 and len(nodes_of(primary)) == 2, "they know each other")
        self.assertEqual(primary.ask("CLUSTER", "SETSLOT", "5", "IMPORTING", me(other).id), "OK")
        heard = self.mute_replica(primary, 0)
        heard.socket.settimeout(0.05)
        stream = [b""]

        def read_on():
            try:
                stream[0] += heard.socket.recv(1 << 16)
            except TimeoutError:
                pass
            return stream[0]
        wait_for(lambda: b"IMPORTING" in read_on(), "it is told of the open slot")
        answers = []
        order = threading.Thread(target=lambda: answers.append(
            primary.ask("CLUSTER", "SETSLOT", "5", "NODE", me(primary).id, "TIMEOUT", "20000")))
        order.start()
        wait_for(lambda: b"NODE" in read_on(), "it is told that the slot is closed")
        self.mute_replica(primary, 1)
        time.sleep(0.5)  # the primary looks for new replicas several times
        self.assertEqual(answers, [])
        heard.send(encode(("REPLCONF", "ACK", primary.info("replication")["master_repl_offset"])))
        order.join(10)
        self.assertEqual(answers, ["OK"])
        time.sleep(0.5)
        self.assertGreater(read_on().rfind(b"NODE"), stream[0].rfind(b"IMPORTING"))

    def test_import_and_rebalance(self):
        servers = [self.node() for _ in range(3)]
        first = f"{HOST}:{servers[0].port}"
        self.create(servers, 0)
        alone = self.start(folder=self.path())
        with alone.wire() as wire:
            for i in range(100):
                wire.run("SET", f"old:{i}", i)
        self.cli("import", first, "--cluster-from", f"{HOST}:{alone.port}", "--cluster-copy", expect="Migrating old:99")
        client = Client(servers)
        self.addCleanup(client.close)
        for i in range(100):
            self.assertEqual(client.run(f"old:{i}", "GET", f"old:{i}"), str(i).encode())
        self.cli("rebalance", first, "--cluster-weight", f"{me(servers[0]).id}=1.02", "--cluster-threshold", "1")
        self.await_agreement(servers)


class Failover(ClusterCase):
    def test_a_python_client_lives_through_a_killed_primary(self):
        servers = [self.node() for _ in range(6)]
        self.create(servers, 1)
        def connect(server):
            return redis.cluster.RedisCluster(host=HOST, port=server.port, decode_responses=True, socket_timeout=2)
        db = connect(servers[1])
        for i in range(100):
            db.set(f"k{i}", i)
        self.assertEqual(sum(server.info("replication")["role"] == "master" for server in servers), 3)
        wait_for(lambda: db.wait(1, 100) is not None, "replicas have the writes")
        servers[0].kill()
        began = time.monotonic()
        done = set()
        while len(done) < 100:
            self.assertLess(time.monotonic() - began, 30)
            for i in range(100):
                try:
                    db.set(f"k{i}", i + 1000)
                    done.add(i)
                except (redis.exceptions.RedisError, redis.exceptions.RedisClusterException):
                    time.sleep(0.01)
                    db = connect(servers[1])  # this version cannot learn the slots anew
        for i in range(100):
            self.assertEqual(db.get(f"k{i}"), str(i + 1000))
        db.close()
        again = self.again(servers[0])
        servers[0] = again
        wait_for(lambda: again.info("replication").get("master_link_status") == "up", "the killed one follows")
        self.await_agreement(servers)

    def test_ioredis_lives_through_a_killed_primary(self):
        install_client()
        servers = [self.node() for _ in range(6)]
        self.create(servers, 1)
        script = subprocess.Popen(["node", os.path.join(NODE, "cluster.js"), str(servers[1].port)], stdout=subprocess.PIPE,
                                  stdin=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(script.stdout.close)
        self.addCleanup(script.wait)
        self.addCleanup(script.kill)
        self.assertEqual(script.stdout.readline(), "written\n")
        servers[0].kill()
        script.stdin.write("killed\n")
        script.stdin.close()
        self.assertEqual(script.stdout.readline(), "written again\n")
        self.assertEqual(script.wait(60), 0)

    def test_a_failover_by_hand_loses_nothing_and_pauses_for_a_moment(self):
        servers = [self.node() for _ in range(6)]
        self.create(servers, 1)
        writer = Writer(servers)
        writer.start()
        wait_for(lambda: len(writer.acknowledged) == len(writer.keys), "all keys are written")
        for server in servers[3:]:
            self.assertEqual(server.ask("CLUSTER", "FAILOVER"), "OK")
            wait_for(lambda s=server: me(s).is_primary(), "the replica is the primary")
            self.await_agreement(servers)
        writer.stop()
        client = Client(servers)
        self.addCleanup(client.close)
        for key, number in writer.acknowledged.items():
            self.assertGreaterEqual(int(client.run(key, "GET", key)), number)
        self.assertEqual(writer.refusals, [])
        print(f"longest time without a write of one key: {writer.longest_gap_s * 1000:.0f} ms")


class Mixed(ClusterCase):
    def take_over(self, first, second, name):
        """Primaries of one kind with replicas of the other; each replica is promoted in turn by a kill."""
        primaries = [self.node(path=first) for _ in range(3)]
        replicas = [self.node(path=second) for _ in range(3)]
        servers = primaries + replicas
        self.create(servers, 1)
        client = Client(servers)
        self.addCleanup(client.close)
        for i in range(60):
            client.run(f"key:{i}", "SET", f"key:{i}", i)
        follower = next(s for s in replicas if me(s).primary == me(primaries[0]).id)
        wait_for(lambda: follower.ask("DBSIZE") == primaries[0].ask("DBSIZE"), "the replica has everything")
        primaries[0].kill()
        wait_for(lambda: me(follower).is_primary(), f"{name}: promoted", 30)
        living = [s for s in servers if s.alive()]
        self.await_ok(living)
        client.close()
        client.servers = {s.port: s for s in living}
        client.owners = {}
        for i in range(60):
            self.assertEqual(client.run(f"key:{i}", "GET", f"key:{i}"), str(i).encode())
            client.run(f"key:{i}", "SET", f"key:{i}", i + 1)
        # And back: the killed one follows, then its primary is killed in turn.
        again = self.again(primaries[0])
        wait_for(lambda: again.info("replication").get("master_link_status") == "up", "the killed one follows", 60)
        wait_for(lambda: again.ask("DBSIZE") == follower.ask("DBSIZE"), "and has everything")
        follower.kill()
        wait_for(lambda: me(again).is_primary(), f"{name}: promoted back", 60)

    def test_norn_replaces_redis_and_redis_norn(self):
        self.take_over(REDIS, NORN, "norn among redis voters")

    def test_redis_replaces_norn_and_norn_redis(self):
        self.take_over(NORN, REDIS, "redis among norn voters")

    def knows(self, server, count):
        nodes = nodes_of(server)
        return len(nodes) == count and all(node.connected and "handshake" not in node.flags for node in nodes)

    def test_a_live_redis_cluster_moves_to_norn_node_by_node(self):
        old = [self.node(path=REDIS) for _ in range(3)]
        self.create(old, 0)
        servers = list(old)
        writer = Writer(servers)
        writer.start()
        self.addCleanup(writer.halt.set)
        for leaving in old:
            coming = self.node()
            address = f"{HOST}:{coming.port}"
            self.cli("add-node", address, f"{HOST}:{leaving.port}", "--cluster-slave", "--cluster-master-id", me(leaving).id,
                     expect="New node added correctly")
            wait_for(lambda c=coming: c.info("replication").get("master_link_status") == "up", "the new node has a copy", 60)
            servers.append(coming)
            writer.servers = list(servers)
            # A vote is asked for once, of those who are known by then, and given to who is known.
            wait_for(lambda: all(self.knows(s, len(servers)) for s in servers), "all know each other", 30)
            self.assertEqual(coming.ask("CLUSTER", "FAILOVER"), "OK")
            wait_for(lambda c=coming: me(c).is_primary(), "norn leads", 30)
            self.await_agreement(servers)
            self.cli("del-node", address, me(leaving).id)
            servers.remove(leaving)
            writer.servers = list(servers)
            wait_for(lambda: all(len(nodes_of(s)) == 3 or leaving is not old[-1] for s in servers), "forgotten", 30)
        time.sleep(0.5)
        writer.stop()
        client = Client(servers)
        self.addCleanup(client.close)
        for key, number in writer.acknowledged.items():
            self.assertGreaterEqual(int(client.run(key, "GET", key)), number)
        self.assertEqual({s.path for s in servers}, {NORN})
        self.assertLess(writer.longest_gap_s, 6, "no write may wait longer than one failover")


if __name__ == "__main__":
    unittest.main()
