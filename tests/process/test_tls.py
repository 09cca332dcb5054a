"""HTTP over TLS, and HTTP that other machines may reach: only with keys and TLS, or where the operator says that it does without."""
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest
import warnings

from system import BIN, SLOW, System, delivery, wait_for

KEY = "a-key-of-the-test"
HASH = hashlib.blake2b(KEY.encode(), digest_size=32).hexdigest()


class Intake:
    """One more intake of a running system, or another daemon, with settings of its own."""

    def __init__(self, system, *settings, program="intake"):
        read, write = os.pipe()
        argv = [os.path.join(BIN, program), "--dir", str(system.dir), "--ready-fd", str(write), *system.login(program), *settings]
        self.process = subprocess.Popen(argv, pass_fds=[write], stderr=subprocess.PIPE, text=True)
        os.close(write)
        with open(read) as ready:
            self.ready = ready.read()           # "" when it ends before it is ready
        self.address = dict(word.split("=", 1) for word in self.ready.split()[1:]).get("http", "")

    def end(self):
        """What it said on standard error."""
        self.process.terminate()
        said = self.process.communicate(timeout=30 * SLOW)[1]
        return said

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        said = self.end()
        if self.ready and self.process.returncode and kind is None:
            raise AssertionError(f"it ended with {self.process.returncode}: {said[-4000:]}")


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="careline-tls-"))
        for name in ("server", "other"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-days", "2", "-subj", "/CN=careline-test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                            "-keyout", cls.folder / f"{name}.key", "-out", cls.folder / f"{name}.pem"], check=True, capture_output=True)
        cls.tls = [f"http_certificate={cls.folder}/server.pem", f"http_key={cls.folder}/server.key"]
        cls.system = System().start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.keys = self.folder / "keys.yaml"
        self.keys.write_text(f"keys:\n  - {{ name: dms, hash: {HASH} }}\n")

    def ask(self, address, method, path, body=None, context=None, connection=None):
        host = address.split("://")[1].replace("0.0.0.0", "127.0.0.1")
        kept = connection or http.client.HTTPSConnection(host, timeout=20 * SLOW, context=context or self.trusting())
        try:
            kept.request(method, path, json.dumps(body) if body is not None else None, {"Authorization": f"Bearer {KEY}"})
            answer = kept.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            if not connection:
                kept.close()

    def trusting(self):
        return ssl.create_default_context(cafile=self.folder / "server.pem")

    def test_served(self):
        """Small and large, one after the other on one connection, and many at once; a waiting act; care."""
        with Intake(self.system, f"keys={self.keys}", "http=127.0.0.1:0", *self.tls) as intake:
            self.assertTrue(intake.address.startswith("https://127.0.0.1:"), intake.ready)
            kept = http.client.HTTPSConnection(intake.address.removeprefix("https://"), timeout=20 * SLOW, context=self.trusting())
            for number in range(20):
                self.assertEqual(self.ask(intake.address, "POST", "/v1/events", delivery(f"S{number}"), connection=kept)[0], 201)
            many = [delivery(f"M{number}", subject="x" * 100) for number in range(512)]
            self.assertGreater(len(json.dumps(many)), 100000)
            self.assertEqual(self.ask(intake.address, "POST", "/v1/events", many, connection=kept)[0], 200)
            self.assertGreater(len(self.ask(intake.address, "GET", "/v1/events?from=start&limit=500", connection=kept)[1]["events"]), 400)
            act = {"type": "agent.absent", "site": "sample", "data": {"agent": "nobody-of-this-name"}}
            self.assertEqual(self.ask(intake.address, "POST", "/v1/acts", act, connection=kept)[0], 409)
            kept.close()
            self.many_at_once(intake.address)
            self.assertEqual(self.care(intake.address, "--ca", str(self.folder / "server.pem")), 0)
            self.assertEqual(self.care(intake.address), 3, "a certificate that nobody vouches for")

    def many_at_once(self, address):
        taken = []

        def post(thread):
            for number in range(10):
                taken.append(self.ask(address, "POST", "/v1/events", delivery(f"T{thread}-{number}"))[0])
        threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60 * SLOW)
        self.assertEqual(taken, [201] * 80)

    def care(self, address, *options):
        words = [os.path.join(BIN, "care"), "tasks", "--url", address, "--key", KEY, "--json", *options]
        return subprocess.run(words, capture_output=True, timeout=30 * SLOW).returncode

    def test_what_is_not_served(self):
        """Plain HTTP on the same port, another's trust, and TLS 1.1 get nothing; the next one is served all the same."""
        with Intake(self.system, f"keys={self.keys}", "http=127.0.0.1:0", *self.tls) as intake:
            host = intake.address.removeprefix("https://")
            self.assertEqual(self.ask(intake.address, "GET", "/v1/healthz")[0], 200)
            plain = http.client.HTTPConnection(host, timeout=20 * SLOW)
            with self.assertRaises((http.client.HTTPException, OSError)):
                plain.request("GET", "/v1/healthz")
                plain.getresponse()
            plain.close()
            with self.assertRaises(ssl.SSLError):
                self.ask(intake.address, "GET", "/v1/healthz", context=ssl.create_default_context(cafile=self.folder / "other.pem"))
            old = self.trusting()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            with self.assertRaises((ssl.SSLError, OSError)):
                self.ask(intake.address, "GET", "/v1/healthz", context=old)
            self.assertEqual(self.ask(intake.address, "GET", "/v1/healthz")[0], 200)

    def test_beyond_this_machine(self):
        """What must be said before an address that other machines reach is bound."""
        anywhere, keys = "http=0.0.0.0:0", f"keys={self.keys}"
        for settings, lacks in [([anywhere], "a file of keys, or http_without_keys=yes"),
                                ([anywhere, *self.tls], "a file of keys"),
                                ([anywhere, keys], "http_certificate and http_key, or http_without_tls=yes"),
                                ([anywhere, "http_without_keys=yes"], "http_without_tls=yes"),
                                ([anywhere, "http_without_tls=yes"], "http_without_keys=yes")]:
            with self.subTest(settings):
                intake = Intake(self.system, *settings)
                self.assertEqual(intake.ready, "")
                self.assertIn(lacks, intake.end())
                self.assertEqual(intake.process.returncode, 69)
        for settings in [[anywhere, keys, *self.tls], [anywhere, keys, "http_without_tls=yes"],
                         [anywhere, "http_without_keys=yes", "http_without_tls=yes"]]:
            with self.subTest(settings), Intake(self.system, *settings) as intake:
                self.assertRegex(intake.address, r"https?://0\.0\.0\.0:\d+")
        for program, settings, good in [("notifier", [anywhere], False), ("notifier", [anywhere, "http_without_tls=yes"], False),
                                        ("notifier", [anywhere, "http_without_tls=yes", "http_without_keys=yes"], True)]:
            with self.subTest(program=program, settings=settings), Intake(self.system, *settings, program=program) as other:
                self.assertEqual(bool(other.ready), good)

    def test_who_is_served_without_keys(self):
        """Another machine's name in Host is refused, unless the operator has said that nobody is asked for a key."""
        for settings, status in [([], 403), (["http_without_keys=yes"], 201)]:
            with self.subTest(settings), Intake(self.system, *settings) as intake:
                connection = http.client.HTTPConnection(intake.address.removeprefix("http://"), timeout=20 * SLOW)
                connection.request("POST", "/v1/events", json.dumps(delivery("H" + str(status))), {"Host": "careline.example"})
                self.assertEqual(connection.getresponse().status, status)
                connection.close()

    def test_a_certificate_that_is_none(self):
        broken = self.folder / "broken.pem"
        broken.write_text("no certificate\n")
        for settings, said in [([f"http_certificate={broken}", f"http_key={self.folder}/server.key"], "PEM and belong together"),
                               ([self.tls[0], f"http_key={self.folder}/other.key"], "belong together"),
                               ([self.tls[0], f"http_key={self.folder}/none.key"], "No such file"), ([self.tls[0]], "go together")]:
            with self.subTest(settings):
                intake = Intake(self.system, *settings)
                self.assertEqual(intake.ready, "")
                self.assertIn(said, intake.end())


if __name__ == "__main__":
    unittest.main()
