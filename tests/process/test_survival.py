"""What survives what, row by row, the refusals included.

    any daemon, any number              always
    Redis' process, power               synced at every write
    the machine of Redis' primary       replicas are waited for; one missing: refused, "unknown, send it again"
    an operator's mistake               backup and restore; consumers see `rewound`
    memory                              refused whole; what was accepted is worked
"""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

import redis_set
import test_consumers
from posting import Client, check, stands
from system import BIN, DAEMONS, REDIS, ROOT, SLOW, System, delivery, unpack, wait_for
from zmtp import Dealer, pack

STAGES = DAEMONS[1:]


def went_on(clients, count=20):
    """More facts are taken than now."""
    before = [len(client.acks) for client in clients]
    wait_for(lambda: all(len(client.acks) >= taken + count for client, taken in zip(clients, before)), 60, "facts are taken")


def started(system, count):
    clients = [Client(system, name) for name in "abcdef"[:count]]
    for client in clients:
        client.start()
    went_on(clients)
    return clients


class Daemons(unittest.TestCase):
    def test_any_number_of_them(self):
        dice, names = random.Random(1), ["intake"] + [name for stage in STAGES for name in (stage, f"{stage}-2")]
        with System("--replicas", "2") as system:
            clients = started(system, 2)
            for count in (1, 3, len(names), 5):
                for name in dice.sample(names, count):
                    with contextlib.suppress(OSError, ValueError):      # it is just being started again
                        system.kill(name)
                went_on(clients)
            check(self, system, clients)


@unittest.skipIf(REDIS, "about one Redis and its disk")
class Power(unittest.TestCase):
    """A Redis that loses at its death whatever it has not synced, as a machine without power does."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="careline-power-"))
        self.addCleanup(shutil.rmtree, self.folder)
        library, real = self.folder / "power_loss.so", shutil.which("redis-server")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, ROOT / "tests" / "process" / "power_loss.c", "-ldl"], check=True)
        (self.folder / "redis-server").write_text(f'#!/bin/sh\nLD_PRELOAD={library} exec {real} "$@"\n')
        (self.folder / "redis-server").chmod(0o755)
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{self.folder}:{path}"
        self.addCleanup(os.environ.__setitem__, "PATH", path)

    def test_what_was_acknowledged_was_synced(self):
        with System() as system:
            clients = started(system, 2)
            for _ in range(4):
                for name in ["redis", "keys-redis", *DAEMONS]:
                    with contextlib.suppress(OSError, ValueError):
                        system.kill(name)
                went_on(clients)
            check(self, system, clients)

    def test_without_sync_it_would_be_lost_and_noticed(self):
        with System() as system:
            self.assertEqual(system.post(delivery("kept"))[0], 201)
            system.settle()
            system.redis("CONFIG", "SET", "appendfsync", "no")
            for number in range(20):
                self.assertEqual(system.post(delivery(f"lost{number}"))[0], 201)
            system.settle()
            before = system.kill("redis")
            wait_for(lambda: system.pid("redis") != before, 10, "Redis started again")
            wait_for(lambda: any('"history.rewound"' in path.read_text() for path in (system.dir / "log").glob("*.log")), 20,
                     "the stages see that history was cut")
            wait_for(lambda: answers(system, "after"), 20, "facts are taken")
            system.settle()
            there = stands(system.log())
            self.assertIn("kept", there)
            self.assertIn("after", there)
            self.assertLess(len(there), 22, "this Redis does not lose what it has not synced: the test above shows nothing")


def answers(system, number):
    try:
        return system.post(delivery(number))[0] in (200, 201)
    except OSError:
        return False


def consumed(system, partition):
    """What replay shows of a partition: ids of events; none while it asks to come again."""
    dealer = Dealer(system.endpoints["replay"])
    try:
        dealer.send(b"1", b"", pack({"ask": "fetch", "partition": partition, "seq": 0, "id": 0, "max": 512}))
        answer = unpack(dealer.receive()[1])
        return [unpack(event)["id"] for _, event in answer.get("events", [])]
    finally:
        dealer.close()


class Machine(unittest.TestCase):
    """The primary with all that is on its disk, gone for good; two replicas, and each write waits for both."""

    def setUp(self):
        self.redis = redis_set.sentinel(replicas=2, min_replicas=1)
        self.addCleanup(self.redis.stop)

    def system(self, *options):
        return System("--set", "all.store_replicas=2", *options, redis=self.redis)

    def lose(self, server):
        server.kill()
        shutil.rmtree(server.dir)
        return self.redis.wait_for_fail_over(server)

    def replace(self, server):
        """An empty machine in the place of the one that went."""
        server.dir.mkdir()
        (server.dir / "redis.conf").write_text(f"bind 127.0.0.1\nport {server.port}\ndir {server.dir}\nlogfile {server.dir}/log\n"
                                               "appendonly yes\nappendfsync always\nsave \"\"\n"
                                               f"replicaof 127.0.0.1 {self.redis.primary().port}\n")
        server.start()
        self.redis.wait_for_replicas(2)

    def test_its_loss_loses_nothing_that_was_acknowledged(self):
        with self.system() as system:
            clients = started(system, 2)
            first = self.redis.primary()
            self.lose(first)
            acknowledged = {n: [place] for client in clients for n, place in list(client.acks.items())}
            there = stands(self.redis.log())
            self.assertEqual({n: p for n, p in acknowledged.items() if there.get(n) != p}, {})
            unknown = self.refused_while_a_replica_is_missing(system, clients)
            self.replace(first)
            self.taken_when_it_is_back(system, unknown)
            went_on(clients)
            check(self, system, clients)

    def refused_while_a_replica_is_missing(self, system, clients):
        """A fact that is written, but not by all that may be promoted; told as refused, shown to nobody."""
        def refused():
            told = {number for client in clients for number in list(client.acks)}
            for number in sorted(set(stands(self.redis.log())) - told):
                status, headers, body = system.post(delivery(number))
                if status == 503:
                    return number, headers, body
            return None
        number, headers, body = wait_for(refused, 30, "a fact that is written and refused")
        self.assertIn("retry-after", headers)
        self.assertTrue(body["error"])
        [(partition, _)] = stands(self.redis.log())[number]
        self.assertNotIn(number, consumed(system, partition), "what a fail-over may lose is shown to nobody")
        return number

    def taken_when_it_is_back(self, system, number):
        _, place = wait_for(lambda: taken(system, number), 30, "the same again is taken")
        self.assertEqual((place["status"], [(place["partition"], place["seq"])]), ("known", stands(self.redis.log())[number]))
        wait_for(lambda: number in consumed(system, place["partition"]), 10, "and shown")

    def test_a_primary_that_only_seemed_dead(self):
        with self.system() as system:
            clients = started(system, 2)
            old = self.redis.primary()
            old.pause()
            self.redis.wait_for_fail_over(old)
            old.resume()
            self.redis.wait_for_replicas(2)
            went_on(clients)
            check(self, system, clients)


def taken(system, number):
    status, _, body = system.post(delivery(number))
    return (status, body) if status in (200, 201) else None


@unittest.skipIf(REDIS, "about the backup of one Redis")
class Mistake(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="careline-mistake-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def care(self, *words):
        done = subprocess.run([os.path.join(BIN, "care"), *words], capture_output=True, text=True, timeout=60 * SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_backup_is_restored_and_consumers_see_it(self):
        consumer = test_consumers.InC(self.folder, "in-c")
        self.addCleanup(consumer.kill)
        with System() as system:
            for number in range(5):
                system.post(delivery(f"kept{number}"))
            system.settle()
            self.care("backup", str(self.folder / "copy"), "--dir", str(system.dir))
            for number in range(5):
                system.post(delivery(f"later{number}"))
            system.settle()
            consumer.start(system.endpoints["replay"])
            wait_for(lambda: sorted(consumer.list()) == test_consumers.log_list(system), 20, "it has read all")
        consumer.kill()
        self.care("restore", str(self.folder / "copy"), "--dir", str(self.folder / "new"))
        with System(directory=self.folder / "new") as system:
            self.assertEqual(sorted(stands(system.log())), [f"kept{n}" for n in range(5)])
            self.assertEqual(system.post(delivery("kept0"))[2]["status"], "known")
            for number in range(5):
                self.assertEqual(system.post(delivery(f"later{number}"))[2]["status"], "new")
            system.settle()
            consumer.start(system.endpoints["replay"])
            wait_for(lambda: sorted(consumer.list()) == test_consumers.log_list(system), 20, "it has the history that counts")
            self.assertEqual(consumer.said().count("rewound"), 1, consumer.said())


class Memory(unittest.TestCase):
    def test_full_is_refused_and_what_was_accepted_is_worked(self):
        with System("--set", "intake.memory_percent=100") as system:
            pids = [system.pid(name) for name in STAGES]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)    # they stand still: work piles up
            for number in range(30):
                self.assertEqual(system.post(delivery(f"M{number}"))[0], 201)
            system.redis("CONFIG", "SET", "maxmemory", "1")
            status, headers, _ = wait_for(lambda: refused(system, "full"), 10, "a refusal")
            self.assertIn("retry-after", headers)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            system.settle(30)
            log = system.log()
            self.assertEqual(len([e for e in log if e["type"] == "plan.made"]), 30)
            self.assertNotIn("full", stands(log))
            system.redis("CONFIG", "SET", "maxmemory", "0")
            wait_for(lambda: taken(system, "full"), 10, "facts are taken again")


def refused(system, number):
    answer = system.post(delivery(number))
    return answer if answer[0] == 503 else None


if __name__ == "__main__":
    unittest.main()
