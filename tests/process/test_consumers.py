"""Other teams' consumers, in C and in Python: what they are told, what the log keeps for them, and their keys."""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from consumers import InC, InPython, Posting, PYTHON, log_list
from redis_log import entry_events
from system import BIN, REDIS, ROOT, SLOW, System, delivery, wait_for


class FiveLines(unittest.TestCase):
    def test_of_the_readme(self):
        """They show what is published."""
        lines = (ROOT / "proto" / "consumer" / "README.md").read_text().split("```python\n")[1].split("```")[0]
        with System() as system:
            program = f"HTTP = '{system.endpoints['http']}'\n" + lines
            shown = subprocess.Popen([PYTHON[0], "-u", "-c", program], stdout=subprocess.PIPE, text=True)
            posting = Posting(system)           # one that comes late has missed the first ones
            posting.start()
            self.assertIn("'type': 'car.delivered'", shown.stdout.readline())
            posting.ended.set()
            shown.kill()
            shown.wait()
            shown.stdout.close()
            posting.join(30)


class Consumers(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="careline-consumers-"))
        self.consumers = [InC(self.folder, "in-c"), InPython(self.folder, "in-python")]

    def tearDown(self):
        for consumer in self.consumers:
            consumer.kill()
        shutil.rmtree(self.folder)

    def start(self, system):
        for consumer in self.consumers:
            consumer.start(system.endpoints["replay"])

    def stop(self):
        for consumer in self.consumers:
            self.assertEqual(consumer.kill(signal.SIGTERM), 0, consumer.said())

    def assert_same(self, system):
        """Each has the whole log, each event once."""
        system.settle(30)
        for consumer in self.consumers:
            wait_for(lambda: sorted(consumer.list()) == log_list(system), 15, f"{consumer.name} has what the log has")

    def rewind(self, system):
        """A backup is restored: what the consumers read after it never was."""
        self.stop()
        system.stop()
        shutil.copytree(system.dir / "redis", self.folder / "backup")
        system.start()
        self.start(system)
        for number in range(5):
            system.post(delivery(f"lost{number}"))
        self.assert_same(system)
        self.stop()
        system.stop()
        shutil.rmtree(system.dir / "redis")
        shutil.copytree(self.folder / "backup", system.dir / "redis")
        system.start()
        for number in range(7):
            system.post(delivery(f"other{number}"))
        system.settle()
        self.start(system)

    def test_rewound_and_trimmed(self):
        with System() as system:
            for number in range(10):
                system.post(delivery(f"before{number}"))
            self.start(system)                  # late
            self.assert_same(system)
            if REDIS:
                return                  # whose state is not one directory
            self.rewind(system)
            self.assert_same(system)
            for consumer in self.consumers:
                self.assertEqual(consumer.said().count("rewound"), 1, consumer.said())
            self.trim(system)

    def trim(self, system):
        """What is gone is told, and the rest is read."""
        self.stop()
        before = log_list(system)
        for number in range(9):
            system.post(delivery(f"more{number}"))
        system.settle()
        partition, head, _ = log_list(system)[-1]
        system.redis("XTRIM", "{p%04d}log" % partition, "MINID", f"{head - 3}-0", user="intake")
        self.start(system)
        kept = log_list(system)
        first = kept[0][1]
        self.assertTrue(1 < first <= head - 3, "what one write appended goes together")
        for consumer in self.consumers:
            wait_for(lambda: sorted(consumer.list()) == before + kept, 10, f"{consumer.name} has what is left")
            self.assertIn(f"trimmed: partition {partition}, goes on after {first - 1}", consumer.said())
        self.stop()

    def test_lag_is_told(self):
        """Who comes back after hours is told how far behind, and gets all the same everything."""
        with System() as system:
            for first in range(0, 1500, 500):
                self.assertEqual(system.http("POST", "/v1/events", [delivery(f"L{number}") for number in range(first, first + 500)])[0], 200)
            for consumer in self.consumers:
                consumer.start(system.endpoints["replay"], "--lag", "500")
            self.assert_same(system)
            for consumer in self.consumers:
                self.assertRegex(consumer.said(), r"(?m)^lag: .*\b\d{3,}\b")
                self.assertNotRegex(consumer.said(), "rewound|trimmed")
            self.stop()

    def trimming(self, *more):
        """A system of one partition, an hour a second, that keeps an hour; and a function that tells the seqs that
        the oldest entry kept holds: what shares it stays."""
        options = ["--speed", "3600", "--set", "intake.keep_hours=1", "--set", "intake.partitions=1", "--replicas", "1", *more]
        options += [word for stage in ("scheduler", "follow-up", "complaint-router", "notifier") for word in ("--set", f"{stage}.partitions=1")]
        system = System(*options)
        return system, lambda: [seq for seq, *_ in entry_events(system.redis("XRANGE", "{p0000}log", "-", "+", "COUNT", "1")[0])]

    def read_and_stop(self, system, consumer):
        """It reads what there is and ends; the last seq that it has done with."""
        system.post(delivery("A1"))
        consumer.start(system.endpoints["replay"])
        wait_for(consumer.list, 10, "it reads")
        self.assertEqual(consumer.kill(signal.SIGTERM), 0)
        return max(consumer.list())[1]

    def test_the_log_waits_so_long_and_no_longer(self):
        """Past keep_for_consumers_hours the slowest holds nothing back, and is told what it missed."""
        slow = self.consumers[0]
        system, oldest = self.trimming("--set", "intake.keep_for_consumers_hours=5")
        with system:
            stands = self.read_and_stop(system, slow)
            system.post(delivery("A2"))
            wait_for(lambda: stands in oldest(), 20, "older than an hour: only what it has done with goes")
            wait_for(lambda: oldest()[0] > stands + 1, 40, "older than five: what it has not read goes too")
            head = system.get("/v1/status")["log"]["events"]
            slow.restart()
            wait_for(lambda: "trimmed: partition 0, goes on after" in slow.said(), 15, "it is told")
            wait_for(lambda: max(slow.list())[1] >= head, 15, "and goes on")

    def test_the_log_waits_for_every_stage(self):
        """However old: what a stage has yet to work stays."""
        system, oldest = self.trimming()
        with system:
            system.post(delivery("S1"))
            system.settle()
            os.kill(system.process.pid, signal.SIGSTOP)         # nobody starts it again
            try:
                system.kill("notifier")
                stands = system.get("/v1/status")["log"]["events"]
                number = 2
                while system.get("/v1/status")["log"]["events"] < stands + 30:
                    system.post(delivery(f"S{number}"))
                    number += 1
                wait_for(lambda: oldest()[-1] >= stands - 1, 20, "all that every stage has worked goes, but its last")
                self.pass_hours(system, 3)
                self.assertLessEqual(oldest()[0], stands + 1)
            finally:
                os.kill(system.process.pid, signal.SIGCONT)
            wait_for(lambda: oldest()[0] > stands + 1, 30, "it works again, and the log lets go")

    def test_the_log_waits_for_the_archive_for_ever(self):
        """Another consumer would have been left behind after an hour."""
        archive = self.consumers[0]
        system, oldest = self.trimming("--set", "intake.keep_for_consumers_hours=1", "--set", "intake.archive=in-c")
        with system:
            system.post(delivery("A0"))
            system.settle()
            self.pass_hours(system, 4)
            self.assertEqual(oldest()[0], 1, "it was never there: nothing goes")
            stands = self.read_and_stop(system, archive)
            system.post(delivery("A2"))
            wait_for(lambda: stands in oldest(), 20, "all is gone that it has done with")
            self.pass_hours(system, 4)
            self.assertIn(stands, oldest())
            archive.restart()
            wait_for(lambda: oldest()[0] > stands, 20, "it goes on, and so does the log")
            self.assertEqual(archive.kill(signal.SIGTERM), 0)
            self.assertNotIn("trimmed", archive.said())

    def pass_hours(self, system, hours):
        end = system.get("/v1/clock")["now_ms"] + hours * 3600000
        wait_for(lambda: system.get("/v1/clock")["now_ms"] > end, 20, "time passes")

    def test_the_log_waits_for_a_durable_consumer(self):
        slow = self.consumers[0]
        system, oldest = self.trimming()
        with system:
            stands = self.read_and_stop(system, slow)
            system.post(delivery("A2"))
            wait_for(lambda: stands in oldest(), 15, "all is gone that it has done with")
            slow.restart()
            wait_for(lambda: oldest()[0] > stands, 15, "it goes on, and so does the log")
            self.assertEqual(slow.kill(signal.SIGTERM), 0)
            self.assertNotIn("trimmed", slow.said())
            seqs = [seq for _, seq, _ in slow.list()]
            self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
            shown = {c["name"]: c for c in system.get("/v1/status")["consumers"]}
            self.assertEqual(shown["in-c"]["partitions"], 1)
            held = oldest()
            system.post(delivery("A3"))
            wait_for(lambda: system.get("/v1/status")["consumers"][0]["lag"] > 0, 10, "it is behind again")
            self.assertEqual(oldest(), held)
            self.assertEqual(system.http("DELETE", "/v1/consumers/in-c?force=yes")[0], 200)
            wait_for(lambda: oldest() > held, 15, "what is forgotten holds nothing back")

    def test_keys(self):
        system = System()
        secrets = {"all": "", "north": ", sites: [north]", "plans": ", types: [plan.made]"}
        lines = [f"  - {{name: {name}, hash: {hashlib.blake2b(name.encode(), digest_size=32).hexdigest()}{more}}}" for name, more in secrets.items()]
        system.start()
        system.post(delivery("K1"))
        system.settle()
        (system.dir / "keys.yaml").write_text("keys:\n" + "\n".join(lines) + "\n")
        os.kill(system.pid("intake"), signal.SIGHUP)
        log = log_list(system)
        plans = [(e["partition"], e["seq"], e["chain"]) for e in system.log() if e["type"] == "plan.made"]
        try:
            wait_for(lambda: system.http("GET", "/v1/tasks")[0] == 401, 10, "keys are read")
            for key, seen in [("all", log), ("plans", plans), ("north", [])]:
                consumer = InC(self.folder, key)
                consumer.start(system.endpoints["replay"], "--key", key)
                if seen:
                    wait_for(lambda: sorted(consumer.list()) == seen, 10, f"{key} sees what it may")
                time.sleep(0.3)                 # and nothing else after it
                self.assertEqual((consumer.kill(signal.SIGTERM), sorted(consumer.list())), (0, seen))
            for name, key, status in [("plans", "north", 403), ("plans", "unknown", 401), ("plans", "plans", 200), ("north", "all", 200)]:
                asked = system.http("DELETE", f"/v1/consumers/{name}?force=yes", None, {"Authorization": f"Bearer {key}"})
                self.assertEqual(asked[0], status, asked)
            for consumer, key in [(InC(self.folder, "x"), "unknown"), (InC(self.folder, "all"), "north")]:
                consumer.start(system.endpoints["replay"], "--key", key)
                self.assertEqual(consumer.process.wait(10 * SLOW), 1, "a wrong key, and another's name")
                self.assertRegex(consumer.said(), "this key is not known|belongs to another key")
            revoked = InC(self.folder, "revoked")
            revoked.start(system.endpoints["replay"], "--key", "all")
            wait_for(lambda: sorted(revoked.list()) == log_list(system), 10, "it reads")
            (system.dir / "keys.yaml").write_text("keys:\n" + "\n".join(lines[1:]) + "\n")
            os.kill(system.pid("intake"), signal.SIGHUP)
            self.assertEqual(revoked.process.wait(10 * SLOW), 1, "while it runs")
            self.assertIn("this key is not known", revoked.said())
        finally:
            system.close()


@unittest.skipIf(SLOW > 1, "a program without sanitizers can't use a library with them")
class Library(unittest.TestCase):
    def test_built_by_pkg_config(self):
        lib = pathlib.Path(BIN).parent / "lib"
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "example")
            flags = subprocess.run(["pkg-config", "--cflags", "--libs", "careline-consumer"], check=True, capture_output=True, text=True,
                                   env={**os.environ, "PKG_CONFIG_PATH": str(lib / "pkgconfig")}).stdout.split()
            subprocess.run(["cc", "-o", program, str(ROOT / "proto" / "consumer" / "example.c"), *flags], check=True)
            done = subprocess.run([program], capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": str(lib)})
            self.assertEqual((done.returncode, done.stderr[:6]), (64, "usage:"))


if __name__ == "__main__":
    unittest.main()
