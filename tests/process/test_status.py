"""care status: a verdict, what is wrong and what to do, and the numbers; care consumers."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unicodedata
import unittest
import urllib.request

from system import BIN, DAEMONS, ROOT, SLOW, System, delivery, wait_for

WIDTH_MAX = 100


def width(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


class Status(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System().start()
        cls.system.post(delivery("S1"))
        cls.system.settle()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def care(self, *words, code=0, **environment):
        done = subprocess.run([os.path.join(BIN, "care"), *words, "--dir", str(self.system.dir)], capture_output=True, text=True,
                              env={**os.environ, "LANG": "C.UTF-8", **environment}, timeout=60 * SLOW)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def status(self):
        return json.loads(self.care("status", "--json"))

    def found(self):
        return {(finding["level"], finding["what"], finding["subject"]) for finding in self.status()["findings"]}

    def test_when_all_is_well(self):
        status = self.status()
        self.assertEqual((status["verdict"], status["partitions"], len(status["members"])), ("good", 64, 5))
        self.assertEqual([(host["programs"][0]["replicas"], len(host["programs"])) for host in status["hosts"]], [(1, 5)])
        owned = {member["stage"]: member["partitions"] for member in status["members"]}
        self.assertEqual(owned, {"intake": 0, **{name: 64 for name in DAEMONS[1:]}})
        self.assertEqual((status["log"]["events"], status["log"]["keep_hours"]), (status["events"], 0))
        self.assertGreaterEqual(status["log"]["kept"], 1)
        self.assertTrue(status["quarantined_complete"])
        text = self.care("status", "--check")
        self.assertTrue(text.startswith("GOOD: "), text)
        for said in ["hosts 1, partitions 64", "note: Redis has no memory limit", "dead letters 0", "64/64", "1 (64)", "nothing is trimmed"]:
            self.assertIn(said, text)
        self.assertTrue(self.care("status", "--lang", "zh").startswith("正常: "))

    def test_memory_of_the_log(self):
        """What the log takes is a metric, and grows with it."""
        def metric(name):
            text = self.system.http("GET", "/metrics")[2]
            return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))
        wait_for(lambda: metric("careline_log_entries") == self.status()["log"]["kept"] > 0, 20, "every event is counted")
        entries, before = metric("careline_log_entries"), metric("careline_log_bytes")
        self.assertGreater(before, 100 * entries)
        self.system.http("POST", "/v1/events", [delivery(f"M{number}") for number in range(300)])
        wait_for(lambda: metric("careline_log_bytes") > before + 300 * 100, 20, "it has grown")

    def test_a_stage_that_is_gone(self):
        """While deploy/run is held, nobody starts it again; what came in before is not lost, only late."""
        os.kill(self.system.process.pid, signal.SIGSTOP)
        try:
            self.system.kill("follow-up")
            wait_for(lambda: ("broken", "stage_missing", "follow-up") in self.found(), 20, "the stage is missed")
            text = self.care("status", "--check", code=1)
            first, second, third = text.splitlines()[:3]
            self.assertTrue(first.startswith("BROKEN: no follow-up is running; "), first)
            self.assertIn("BROKEN: no follow-up is running", second)
            self.assertIn("do: start one on any host: systemctl start careline-follow-up@1", third)
            self.assertTrue(self.care("status", "--lang", "zh").startswith("有故障: "))
            self.assertLess(max(map(width, text.splitlines())), WIDTH_MAX)
            self.assertLess(max(map(width, self.care("status", "--lang", "zh").splitlines())), WIDTH_MAX)
        finally:
            os.kill(self.system.process.pid, signal.SIGCONT)
        wait_for(lambda: self.status()["verdict"] == "good", 30, "it is started again, and takes its partitions")

    def test_without_an_answer(self):
        done = subprocess.run([os.path.join(BIN, "care"), "status", "--url", "http://127.0.0.1:1"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("do: is intake running", done.stderr)

    def test_every_finding_has_its_words(self):
        """What intake may find, care can say: a word without text would stand there bare."""
        root = os.path.join(os.path.dirname(__file__), "..", "..", "services")
        with open(os.path.join(root, "intake", "findings.c")) as file:
            words = [line.split('"')[1] for line in file if "find(to, FINDING_" in line]
        with open(os.path.join(root, "care", "status.c")) as file:
            sayings = file.read()
        self.assertGreater(len(words), 10)
        self.assertEqual([word for word in words if f'{{"{word}", ' not in sayings], [])

    def test_consumers(self):
        self.assertEqual(json.loads(self.care("consumers", "--json")), [])
        consumer = subprocess.Popen([os.path.join(BIN, "consumer-example"), self.system.endpoints["replay"], "--name", "reports"],
                                    stdout=subprocess.PIPE)
        consumer.stdout.readline()
        wait_for(lambda: [c["name"] for c in json.loads(self.care("consumers", "--json"))] == ["reports"], 10, "it is listed")
        self.assertIn("reports", self.care("consumers"))
        self.assertIn("Consumers", self.care("status"))
        consumer.kill()
        consumer.wait()
        consumer.stdout.close()
        self.care("consumers", "forget", "reports", code=1)             # heard of a moment ago: it might be running
        self.care("consumers", "forget", "nobody", code=1)
        self.care("consumers", "forget", code=2)
        self.assertIn("forgotten", self.care("consumers", "forget", "reports", "--force"))
        self.assertEqual(json.loads(self.care("consumers", "--json")), [])


class Channels(unittest.TestCase):
    def test_every_channel_is_probed(self):
        """N7 Every channel is asked regularly without sending anything; its last success, and that it is down, are seen."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="careline-test-"))
        self.addCleanup(shutil.rmtree, directory, True)
        sink = subprocess.Popen([sys.executable, str(ROOT / "tests/support/sink.py"), "--journal", str(directory / "sent.jsonl")],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (sink.kill(), sink.wait(), sink.stdout.close()))
        ports = dict(word.split("=") for word in sink.stdout.readline().split()[1:])
        (directory / "gateways").mkdir()
        for name, text in {"sms": f"kind: http, url: 'http://127.0.0.1:{ports['http']}/send?to={{{{to}}}}'",
                           "email": f"kind: smtp, url: 'smtp://127.0.0.1:{ports['smtp']}', from: 'Shop <shop@example.invalid>'",
                           "webhook": "kind: http, url: '{{to}}', only_to: 'http://127.0.0.1:1/'"}.items():
            (directory / "gateways" / f"{name}.yaml").write_text(f"{{ gateway: g-{name}, channel: {name}, {text} }}\n")
        with System(directory=directory, keep=True) as system:
            def channels():
                return {one["channel"]: one for one in system.get("/v1/status")["channels"]}

            wait_for(lambda: len(channels()) == 3, 20, "all channels asked")
            self.assertEqual({name: one["up"] for name, one in channels().items()}, {"sms": True, "email": True, "webhook": False})
            self.assertEqual(channels()["email"]["gateway"], "g-email")
            self.assertIsNone(channels()["webhook"]["success_at"])
            before = channels()["sms"]["success_at"]
            self.assertFalse((directory / "sent.jsonl").exists() and (directory / "sent.jsonl").read_text())
            sink.kill()
            sink.wait()
            notifier = next(member for member in system.get("/v1/status")["members"] if member["stage"] == "notifier")
            os.kill(notifier["details"]["pid"], signal.SIGHUP)      # asks again at once
            wait_for(lambda: not channels()["sms"]["up"] and not channels()["email"]["up"], 20, "both seen down")
            self.assertEqual(channels()["sms"]["success_at"], before)
            self.assertTrue(channels()["sms"]["detail"])
            found = [(one["what"], one["subject"]) for one in system.get("/v1/status")["findings"]]
            self.assertIn(("channel_down", "sms"), found)
            told = subprocess.run([os.path.join(BIN, "care"), "status", "--dir", str(directory)], capture_output=True, text=True,
                                  timeout=60 * SLOW).stdout
            self.assertIn("channel sms does not answer", told)
            self.assertIn("g-email", told)
            metrics = urllib.request.urlopen(f"{notifier['details']['http']}/metrics", timeout=10).read().decode()
            self.assertRegex(metrics, r'careline_channel_up\{channel="sms"\} 0')
            self.assertRegex(metrics, r'careline_channel_success_seconds\{channel="sms"\} [1-9]')


if __name__ == "__main__":
    unittest.main()
