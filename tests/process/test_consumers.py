"""Other teams' consumers, in C and in Python: whatever dies, each ends with the same list of events as the log."""
import hashlib
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

from system import BIN, REDIS, ROOT, SLOW, System, delivery, wait_for

EXAMPLE = os.path.join(BIN, "consumer-example")
PYTHON = ["/usr/bin/python3", str(ROOT / "proto" / "consumer" / "consumer.py")]         # the one that Debian's packages are for


class Consumer:
    """A consumer as a process of its own that keeps a list."""

    def __init__(self, folder, name):
        self.file, self.errors, self.name = folder / f"{name}.list", folder / f"{name}.err", name
        self.process = None

    def start(self, endpoint, *more):
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(self.argv(endpoint, *more), stdout=subprocess.DEVNULL, stderr=errors)

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        if self.process:
            self.process.wait(20 * SLOW)
        return self.process.returncode if self.process else 0

    def said(self):
        return self.errors.read_text()


class InC(Consumer):
    def argv(self, endpoint, *more):
        return [EXAMPLE, endpoint, "--name", self.name, "--list", str(self.file), *more]

    def list(self):
        lines = self.file.read_text().splitlines(keepends=True) if self.file.exists() else []
        return [(int(p), int(seq), id) for p, seq, id, _ in (line.split(" ", 3) for line in lines if line.endswith("\n"))]


class InPython(Consumer):
    def argv(self, endpoint, *more):
        return [*PYTHON, endpoint, str(self.file), "--name", self.name, *more]

    def list(self):
        if not self.file.exists():
            return []
        base = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return base.execute("SELECT partition, seq, id FROM events").fetchall()
        except sqlite3.OperationalError:        # it has not made its tables yet
            return []
        finally:
            base.close()


def log_list(system):
    return sorted((e["partition"], e["seq"], e["chain"]) for e in system.log())


class Posting(threading.Thread):
    """Posts deliveries until it is told to end."""

    def __init__(self, system):
        super().__init__(daemon=True)
        self.system, self.ended, self.taken = system, threading.Event(), 0

    def run(self):
        number = 0
        while not self.ended.wait(0.005):
            try:
                taken = self.system.post(delivery(f"P{number}"))[0] in (200, 201)
            except Exception:                   # whatever is dead now: the same again
                taken = False
            number += taken
            self.taken = number


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

    def attack(self, system):
        posting = Posting(system)
        posting.start()
        wait_for(lambda: posting.taken > 10, 20, "some facts")
        self.start(system)                      # late
        for name in ["scheduler", 0, "intake", 1, "follow-up", 0, "redis", 1, "notifier", "intake"]:
            count = posting.taken
            if isinstance(name, str):
                before = system.kill(name)
                wait_for(lambda: system.pid(name) != before, 10, f"{name} started again")
            else:
                read = len(self.consumers[name].list())
                wait_for(lambda: len(self.consumers[name].list()) > read, 10, "it reads")
                self.consumers[name].kill()
            wait_for(lambda: posting.taken > count + 5, 20, "more facts")
            if not isinstance(name, str):
                self.consumers[name].start(system.endpoints["replay"])
        posting.ended.set()
        posting.join(30)
        return posting.taken

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

    def test_same_list_as_the_log(self):
        with System() as system:
            self.assertGreater(self.attack(system), 60)
            self.assert_same(system)
            for consumer in self.consumers:
                self.assertNotRegex(consumer.said(), "rewound|trimmed")
            if REDIS:
                return                  # the rest is about the files of a single Redis
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
        system.redis("XTRIM", "{p%04d}log" % partition, "MINID", f"{head - 3}-0")
        self.start(system)
        kept = log_list(system)
        self.assertEqual(len(kept), 4)
        for consumer in self.consumers:
            wait_for(lambda: sorted(consumer.list()) == before + kept, 10, f"{consumer.name} has what is left")
            self.assertIn(f"trimmed: partition {partition}, goes on after {head - 4}", consumer.said())
        self.stop()

    def test_the_log_waits_for_a_durable_consumer(self):
        slow = self.consumers[0]
        options = ["--speed", "3600", "--set", "intake.keep_hours=1", "--set", "intake.partitions=1", "--replicas", "1"]
        options += [word for stage in ("scheduler", "follow-up", "complaint-router", "notifier") for word in ("--set", f"{stage}.partitions=1")]
        with System(*options) as system:
            first = lambda: int(system.redis("XRANGE", "{p0000}log", "-", "+", "COUNT", "1")[0][0].split(b"-")[0])
            system.post(delivery("A1"))
            slow.start(system.endpoints["replay"])
            wait_for(slow.list, 10, "it reads")
            self.assertEqual(slow.kill(signal.SIGTERM), 0)
            stands = max(slow.list())[1]
            system.post(delivery("A2"))
            wait_for(lambda: first() == stands, 15, "all is gone that it has done with")
            slow.start(system.endpoints["replay"])
            wait_for(lambda: first() > stands, 15, "it goes on, and so does the log")
            self.assertEqual(slow.kill(signal.SIGTERM), 0)
            self.assertNotIn("trimmed", slow.said())
            seqs = [seq for _, seq, _ in slow.list()]
            self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
            shown = {c["name"]: c for c in system.get("/v1/status")["consumers"]}
            self.assertEqual(shown["in-c"]["partitions"], 1)
            held = first()
            system.post(delivery("A3"))
            wait_for(lambda: system.get("/v1/status")["consumers"][0]["lag"] > 0, 10, "it is behind again")
            self.assertEqual(first(), held)
            self.assertEqual(system.http("DELETE", "/v1/consumers/in-c?force=yes")[0], 200)
            wait_for(lambda: first() > held, 15, "what is forgotten holds nothing back")

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
