"""Consumers in C and in Python, started late, killed and started again while all daemons and Redis are killed as well: each ends
with the list of the log, every event once. SEED=n repeats an attack, ATTACK_SECONDS makes it longer."""
import collections
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time
import unittest

from consumers import InC, InPython, Posting, log_list
from system import DAEMONS, System, wait_for

SECONDS = float(os.environ.get("ATTACK_SECONDS", "20"))
SEED = int(os.environ.get("SEED", "7"))
KILLED_MIN = 3


class Attack:
    """One deed after the other, drawn from the seed."""

    def __init__(self, system, consumers, seed):
        self.system, self.consumers, self.dice, self.counts = system, consumers, random.Random(seed), {}

    def run(self, seconds):
        deeds = [self.kill_consumer] * 4 + [self.stop_consumer, self.end_consumer] + [self.kill_daemon] * 3 + [self.kill_redis]
        end = time.monotonic() + seconds
        while time.monotonic() < end or min(self.counts.get(c.name, 0) for c in self.consumers) < KILLED_MIN:
            self.dice.choice(deeds)()

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def pause(self, longest):
        time.sleep(self.dice.uniform(0, longest))

    def kill_consumer(self):
        """Wherever it is: it may be starting, or writing."""
        consumer = self.dice.choice(self.consumers)
        self.pause(0.3)
        consumer.kill()
        self.pause(0.5)
        consumer.restart()
        self.count(consumer.name)

    def stop_consumer(self):
        """Asleep for longer than its connections hold what is published."""
        consumer = self.dice.choice(self.consumers)
        consumer.process.send_signal(signal.SIGSTOP)
        self.pause(1.5)
        consumer.process.send_signal(signal.SIGCONT)
        self.count("asleep")

    def end_consumer(self):
        consumer = self.dice.choice(self.consumers)
        consumer.kill(signal.SIGTERM)
        consumer.restart()
        self.count("ended")

    def kill_daemon(self):
        self.kill_named(self.dice.choice(DAEMONS))

    def kill_redis(self):
        self.kill_named("redis")

    def kill_named(self, name):
        before = self.system.kill(name)
        wait_for(lambda: self.system.pid(name) != before, 20, f"{name} started again")
        self.count(name)


class Attacked(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="careline-attacked-"))
        self.consumers = [InC(self.folder, "in-c"), InPython(self.folder, "in-python")]

    def tearDown(self):
        for consumer in self.consumers:
            consumer.kill()
        shutil.rmtree(self.folder)

    def test_each_event_once(self):
        with System() as system:
            posting = Posting(system)
            posting.start()
            wait_for(lambda: posting.taken > 20, 30, "some facts before anybody listens")
            for consumer in self.consumers:
                consumer.start(system.endpoints["replay"])
            attack = Attack(system, self.consumers, SEED)
            attack.run(SECONDS)
            posting.ended.set()
            posting.join(60)
            system.settle(60)
            print(f"seed {SEED}: {posting.taken} facts, attacked: " + ", ".join(f"{n} {what}" for what, n in sorted(attack.counts.items())))
            for consumer in self.consumers:
                self.whole(consumer, log_list(system))
                self.in_order(consumer.list())
                self.assertNotRegex(consumer.said(), "rewound|trimmed")

    def whole(self, consumer, log):
        """It has each event of the log, once."""
        try:
            wait_for(lambda: sorted(consumer.list()) == log, 30, f"{consumer.name} has each event of the log once")
        except AssertionError as late:
            has, stands = collections.Counter(consumer.list()), set(log)
            self.fail(f"{late}: lacks {sorted(stands - set(has))[:5]}, has beside the log {sorted(set(has) - stands)[:5]}, "
                      f"twice {sorted(e for e, times in has.items() if times > 1)[:5]}; {consumer.said()[-2000:]}")

    def in_order(self, events):
        last = {}
        for partition, seq, _ in events:
            self.assertGreater(seq, last.get(partition, 0), "in the order of the log")
            last[partition] = seq


if __name__ == "__main__":
    unittest.main()
