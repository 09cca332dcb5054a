#!/usr/bin/env python3
"""Each program is a user of Redis with a password of its own, and may do there what its work needs. First the right one passes, then
what is beyond its rights is refused; tests/unit/test_store_users.c tries every user with every kind of key."""
import json
import pathlib
import stat
import subprocess
import tempfile
import unittest

from system import BIN, DAEMONS, System, delivery, needs_own_redis


@needs_own_redis
class Users(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System(may_be_refused=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def refused(self, code, *words, user, server="store"):
        redis = self.system.redis_as(user, server)
        try:
            with self.assertRaisesRegex(RuntimeError, f"^{code} "):
                redis.command(*words)
        finally:
            redis.close()

    def test_its_own_passes_and_anothers_is_refused(self):
        self.system.redis("HSET", "{p9999}stage:notifier", "unclean", "0", user="notifier")
        self.refused("NOPERM", "HSET", "{p9999}stage:scheduler", "unclean", "0", user="notifier")
        self.system.redis("XLEN", "{p0000}log", user="observer")
        self.refused("NOPERM", "XADD", "{p0000}log", "*", "e", "x", user="observer")

    def test_nobody_is_let_near_the_server(self):
        for user in DAEMONS:
            self.assertEqual(self.system.redis("PING", user=user), b"PONG")
            for words in [("FLUSHALL",), ("CONFIG", "SET", "maxmemory", "1"), ("KEYS", "*"), ("SCRIPT", "FLUSH"),
                          ("FUNCTION", "DELETE", "care"), ("ACL", "LIST"), ("SHUTDOWN",)]:
                self.refused("NOPERM", *words, user=user)

    def test_without_a_password_nobody_comes_in(self):
        for server in ["store", "keys"]:
            redis = self.system.redis_as("intake", server)
            self.assertEqual(redis.command("PING"), b"PONG")
            redis.close()
            redis = self.system.redis_as(None, server)
            with self.assertRaisesRegex(RuntimeError, "^NOAUTH "):
                redis.command("PING")
            redis.close()

    def test_the_password_of_one_redis_does_not_open_the_other(self):
        def password(server):
            return (self.system.dir / "access" / server / "notifier.password").read_text().strip()
        for server, other in [("store", "keys"), ("keys", "store")]:
            redis = self.system.redis_as(None, server)
            self.assertEqual(redis.command("AUTH", "notifier", password(server)), b"OK")
            with self.assertRaisesRegex(RuntimeError, "^WRONGPASS "):
                redis.command("AUTH", "notifier", password(other))
            with self.assertRaisesRegex(RuntimeError, "^WRONGPASS "):
                redis.command("AUTH", "scheduler", password(server))
            redis.close()

    def test_customers_keys_are_not_for_the_operator(self):
        self.assertEqual(self.system.post(delivery("KEYS-1"))[0], 201)
        redis = self.system.redis_as("care", "keys")
        self.assertEqual(redis.command("PING"), b"PONG")
        with self.assertRaisesRegex(RuntimeError, "^NOPERM "):
            redis.command("HGETALL", "key:ck")
        redis.close()

    def test_passwords_are_for_their_owner_and_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            def made():
                subprocess.run([BIN + "/care", "keys", "redis", folder + "/access"], check=True, stdout=subprocess.DEVNULL)
                return {path.name: path.read_text() for path in (pathlib.Path(folder) / "access" / "store").iterdir()}
            first = made()
            self.assertEqual({"users.acl", *(f"{name}.password" for name in [*DAEMONS, "care", "observer", "replica", "sentinel"])}, set(first))
            self.assertEqual(len(set(first.values())), len(first))
            for path in (pathlib.Path(folder) / "access").glob("*/*.password"):
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
                self.assertNotIn(path.read_text().strip(), (path.parent / "users.acl").read_text())
            self.assertEqual(made(), first)
            (pathlib.Path(folder) / "access" / "store" / "intake.password").unlink()
            again = made()
            self.assertNotEqual(again["intake.password"], first["intake.password"])
            self.assertEqual(again["notifier.password"], first["notifier.password"])

    def test_functions_that_nobody_calls_are_removed(self):
        def care(*words):
            done = subprocess.run([BIN + "/care", "functions", *words, "--dir", str(self.system.dir)], stdout=subprocess.PIPE, check=True)
            return done.stdout.decode()
        own, = json.loads(care("--json"))
        self.assertEqual((own["callers"], own["own"]), (len(DAEMONS), True))
        self.system.redis("FUNCTION", "LOAD", "#!lua name=care_0123abcd\nredis.register_function('care_x_0123abcd', function() end)")
        self.assertEqual({one["build"]: one["callers"] for one in json.loads(care("--json"))}, {own["build"]: len(DAEMONS), "0123abcd": 0})
        self.assertIn("0123abcd", care("remove"))
        self.assertEqual(json.loads(care("--json")), [own])
        self.assertIn(own["build"], care("load"))


if __name__ == "__main__":
    unittest.main()
