#!/usr/bin/env python3
"""The Redis files of deploy/redis are taken by Redis as they are, but for addresses, ports and directories: each server asks for the
password that the daemons bring, keeps what it acknowledged, and the three servers with their Sentinels find each other."""
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "process"))
from redis_set import Server, wait_for      # noqa: E402

REDIS = ROOT / "deploy" / "redis"
PASSWORD, SENTINEL_PASSWORD = "CHANGE-THIS-PASSWORD", "CHANGE-THIS-SENTINEL-PASSWORD"
OURS = re.compile(r"^(bind|port|dir|pidfile|logfile|unixsocket|unixsocketperm|protected-mode) ")


def lines_of(path, ports=None):
    """The lines of a file that are not about one machine's places; `ports`: where the named ports of 10.77.0.1 are instead."""
    kept = [line for line in path.read_text().splitlines() if line and not line.startswith("#") and not OURS.match(line)]
    for port, real in (ports or {}).items():
        kept = [line.replace(f"10.77.0.1 {port}", f"127.0.0.1 {real}") for line in kept]
    return kept


class RedisConf(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="careline-redis-conf-")
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.dir)

    def start(self, lines, password=None, **more):
        server = Server(self.dir, lines, **more)
        server.password = password
        self.servers.append(server)
        return server.start()

    def test_each_file_keeps_what_was_acknowledged(self):
        for path in sorted(REDIS.rglob("redis-*.conf")):
            with self.subTest(path=str(path.relative_to(REDIS))):
                server = self.start(lines_of(path), PASSWORD if path.parent != REDIS else None)
                for name, value in [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction"),
                                    ("no-appendfsync-on-rewrite", "no")]:
                    self.assertEqual(server.command("CONFIG", "GET", name)[1].decode(), value)

    def test_several_servers_want_a_password(self):
        for path in sorted(REDIS.glob("*/redis-*.conf")):
            with self.subTest(path=str(path.relative_to(REDIS))):
                server = self.start(lines_of(path), PASSWORD)
                server.password = None
                with self.assertRaisesRegex(RuntimeError, "NOAUTH"):
                    server.command("PING")

    def test_three_servers_find_each_other(self):
        conf = REDIS / "three-servers"
        first = self.start(lines_of(conf / "redis-careline.conf"), PASSWORD)
        for _ in range(2):
            self.start([*lines_of(conf / "redis-careline.conf"), f"replicaof 127.0.0.1 {first.port}"], PASSWORD)
        keys = self.start(lines_of(conf / "redis-careline-keys.conf"), PASSWORD)
        sentinel = self.start(lines_of(conf / "sentinel-careline.conf", {6379: first.port, 6380: keys.port}), SENTINEL_PASSWORD,
                              is_sentinel=True)
        wait_for(lambda: first.command("INFO", "replication").count(b"state=online") == 2, 20, "two replicas")
        for name, server in [("careline", first), ("careline-keys", keys)]:
            self.assertEqual(int(sentinel.command("SENTINEL", "get-master-addr-by-name", name)[1]), server.port)
        wait_for(lambda: len(sentinel.command("SENTINEL", "replicas", "careline")) == 2, 20, "Sentinel knows the replicas")

    def test_cluster_nodes_are_nodes(self):
        node = self.start(lines_of(REDIS / "cluster" / "redis-careline.conf"), PASSWORD)
        self.assertIn(b"cluster_enabled:1", node.command("INFO", "cluster"))


if __name__ == "__main__":
    unittest.main()
