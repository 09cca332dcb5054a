"""With a keys file nobody comes in without a key, does more or more often than it may, and who acted comes from it."""
import hashlib
import os
import pathlib
import signal
import tempfile
import unittest

from system import System, delivery, unpack, wait_for
from zmtp import Dealer, pack

KEYS = """
keys:
  - {{ name: dms, hash: {dms}, roles: [integration], sites: [sample], types: [car.delivered, visit.finished] }}
  - {{ name: li-na, hash: {lina}, roles: [follow-up-agent, supervisor] }}
  - {{ name: elsewhere, hash: {elsewhere}, sites: [north] }}
  - {{ name: clerk, hash: {clerk}, roles: [follow-up-agent], acts: [task.*, agent.absent] }}
  - {{ name: chief, hash: {chief}, roles: [general-manager], personal: yes }}
  - {{ name: slow, hash: {slow}, rate: 2/h, burst: 3 }}
  - {{ name: slow-zmq, hash: {slowzmq}, rate: 1/h, burst: 2 }}
"""
LEAVER = "  - {{ name: leaver, hash: {leaver} }}\n"
NAMES = ("dms", "lina", "elsewhere", "clerk", "chief", "slow", "slowzmq", "leaver")
HASHES = {name: hashlib.blake2b(name.encode() + b"-secret", digest_size=32).hexdigest() for name in NAMES}


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="careline-test-"))
        cls.system = System(directory=directory)
        cls.system.start()              # the sample site is set up before there are keys
        cls.system.stop()
        cls.file = directory / "keys.yaml"
        cls.file.write_text((KEYS + LEAVER).format(**HASHES))
        cls.system.start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def post(self, event, headers):
        return self.system.http("POST", "/v1/events", event, headers)

    def test_without_a_key(self):
        for headers in [{}, bearer("wrong"), {"Authorization": "Basic ZG1zOmRtcw=="}, {"X-Actor": "chief"}]:
            with self.subTest(headers):
                self.assertEqual(self.post(delivery("K1"), headers)[0], 401)
                self.assertEqual(self.system.http("GET", "/v1/tasks", None, headers)[0], 401)
        self.assertEqual(self.system.http("GET", "/v1/healthz")[0], 200)

    def test_rights_by_site_and_type(self):
        self.assertEqual(self.post(delivery("K2"), bearer("dms-secret"))[0], 201)
        complaint = {"id": "K3", "source": "test", "type": "complaint.received", "site": "sample",
                     "data": {"complaint": "K3", "channel": "phone"}}
        self.assertEqual(self.post(complaint, bearer("dms-secret"))[0], 403)
        self.assertEqual(self.post(delivery("K4"), bearer("elsewhere-secret"))[0], 403)
        status, _, tasks = self.system.http("GET", "/v1/events?site=sample", None, bearer("elsewhere-secret"))
        self.assertEqual((status, tasks["events"]), (200, []))

    def test_names_are_masked_and_contacts_are_channels(self):
        """U7 Who has no right to more sees *先生 and by which channels he can be reached, in lists, cases and their files."""
        complaint = {"id": "K7", "source": "test", "type": "complaint.received", "site": "sample",
                     "data": {"complaint": "K7", "channel": "phone", "text": "漏油", "attachments": ["scan/7"],
                              "customer": {"name": "王先生", "mobile": "13800000077", "email": "wang@example.invalid"}}}
        self.assertEqual(self.post(complaint, bearer("chief-secret"))[0], 201)
        shown = {}
        for who in ("lina", "chief"):
            see = lambda path: self.system.http("GET", path, None, bearer(f"{who}-secret"))
            wait_for(lambda: see("/v1/cases/sample/K7")[0] == 200, 20, "the case")
            wait_for(lambda: see("/v1/cases/sample/K7")[2].get("contact", {}).get("name"), 20, "its customer")
            case, file = see("/v1/cases/sample/K7")[2], see("/v1/case-files/sample/K7")[2]
            customer = see(f"/v1/customers/sample/{case['customer']}")[2]
            listed = next(one for one in see("/v1/customers?site=sample")[2] if one["id"] == customer["id"])
            shown[who] = (case, file, customer, listed)
        for part in shown["lina"]:
            for secret in ("王", "13800000077", "wang@example.invalid", "漏油"):
                self.assertNotIn(secret, str(part))
        case, file, customer, listed = shown["lina"]
        for one in (case["contact"], customer, listed, file["case"]["contact"]):
            self.assertEqual((one["name"], one["reached_by"]), ("*先生", ["phone", "sms", "email"]))
        self.assertEqual(file["attachments"][0]["reference"], "scan/7")
        case, file, customer, listed = shown["chief"]
        for one in (case["contact"], customer, listed):
            self.assertEqual((one["name"], one["mobile"]), ("王先生", "13800000077"))
        self.assertEqual(case["text"], "漏油")
        self.assertIn("漏油", str(file["events"]))

    def act(self, kind, key, data, **headers):
        return self.system.http("POST", "/v1/acts", {"type": kind, "site": "sample", "data": data}, {**bearer(key), **headers})

    def zmq(self, key, events):
        dealer = Dealer(self.system.endpoints["zmq"])
        try:
            dealer.send(b"1", key.encode(), pack(events))
            return unpack(dealer.receive()[1])
        finally:
            dealer.close()

    def reload(self, text):
        read = self.lines("keys.read")
        self.file.write_text(text.format(**HASHES))
        os.kill(self.system.pid("intake"), signal.SIGHUP)
        wait_for(lambda: self.lines("keys.read") > read, 10, "the keys are read again")

    def lines(self, word):
        return (self.system.dir / "log" / "intake.log").read_text().count(word)

    def metric(self, name):
        text = self.system.http("GET", "/metrics")[2]
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def test_wrong_and_foreign_and_revoked(self):
        """The right key passes, over HTTP and ZeroMQ; then a wrong one, one of another site, and the same one once revoked do not."""
        self.assertEqual(self.post(delivery("R1"), bearer("leaver-secret"))[0], 201)
        self.assertEqual(self.zmq("leaver-secret", [delivery("R2")])[0]["status"], "new")
        unknown = self.metric("careline_intake_unknown_keys_total")
        for key, status in [("leaver-secrat", 401), ("leaver-secret ", 401), ("elsewhere-secret", 403)]:
            with self.subTest(key):
                self.assertEqual(self.post(delivery("R3"), bearer(key))[0], status)
                self.assertEqual(self.zmq(key, [delivery("R3")])[0]["status"], "refused")
        self.assertEqual(self.metric("careline_intake_unknown_keys_total"), unknown + 4)
        self.reload(KEYS)
        self.assertEqual(self.post(delivery("R3"), bearer("leaver-secret"))[0], 401)
        self.assertEqual(self.zmq("leaver-secret", [delivery("R3")])[0]["status"], "refused")
        self.assertNotIn("R3", [e["id"] for e in self.system.log()])
        self.assertEqual(self.post(delivery("R4"), bearer("dms-secret"))[0], 201)

    def test_rights_by_act(self):
        self.assertEqual(self.act("agent.absent", "clerk-secret", {"agent": "somebody"})[0], 409)       # done, and refused by its stage
        self.assertEqual(self.act("agent.absent", "dms-secret", {"agent": "somebody"})[0], 403)
        self.assertEqual(self.act("agent.present", "clerk-secret", {"agent": "somebody"})[0], 403)
        self.assertEqual(self.act("case.close", "clerk-secret", {"case_id": "sample/1"})[0], 403)
        self.assertEqual(self.post(delivery("T1"), bearer("clerk-secret"))[0], 403)

    def test_who_acted_comes_from_the_key(self):
        for headers, role in [({}, "follow-up-agent"), ({"X-Role": "supervisor"}, "supervisor")]:
            with self.subTest(role):
                _, _, answer = self.act("agent.absent", "lina-secret", {"agent": "somebody"}, **headers, **{"X-Actor": "chief"})
                act = [e for e in self.system.log() if (e["partition"], e["seq"]) == (answer["partition"], answer["cause_seq"])][0]
                self.assertEqual((act["actor"], act["role"]), ("li-na", role))
        status, _, answer = self.act("agent.absent", "lina-secret", {"agent": "somebody"}, **{"X-Role": "boss"})
        self.assertEqual((status, answer["field"]), (403, "X-Role"))

    def test_rates(self):
        """Three at once, then two an hour, however the keys are read again; others are not slowed."""
        many = [delivery(f"Q{number}") for number in range(2, 4)]
        self.assertEqual(self.post(delivery("Q1"), bearer("slow-secret"))[0], 201)
        self.assertEqual(self.post(many, bearer("slow-secret"))[0], 200)                # each event counts
        for again in range(2):
            status, headers, answer = self.post(delivery("Q4"), bearer("slow-secret"))
            self.assertEqual((status, answer["error"]), (429, "this key is over its rate"))
            self.assertTrue(1790 <= int(headers["retry-after"]) <= 1800, headers)
            self.assertEqual(self.system.http("GET", "/v1/tasks", None, bearer("slow-secret"))[0], 429)
            self.reload(KEYS + LEAVER)
        self.assertEqual(self.post(delivery("Q4"), bearer("dms-secret"))[0], 201)
        self.assertGreaterEqual(self.metric('careline_intake_over_rate_total{key="slow"}'), 4)

    def test_rates_over_zeromq(self):
        self.assertEqual(self.zmq("slowzmq-secret", [delivery(f"Z{number}") for number in range(3)])[2]["status"], "new")
        answer = self.zmq("slowzmq-secret", [delivery("Z3"), delivery("Z4")])
        self.assertEqual([(taken["status"], taken["reason"]) for taken in answer], [("busy", "this key is over its rate")])
        self.assertTrue(7100e3 < answer[0]["retry_after_ms"] <= 7200e3, answer)          # the third was on credit


class KeysInCalls(unittest.TestCase):
    """Saturday afternoon, in the hours for calls."""

    def test_the_screen_of_a_call_is_masked(self):
        """F17 U7 Who has no right to more sees *海 on the screen of a call, in the words to say, too."""
        directory = pathlib.Path(tempfile.mkdtemp(prefix="careline-test-"))
        system = System("--clock", "2026-03-07T15:10:00+08:00", "--speed", "60", directory=directory)
        self.addCleanup(system.close)
        system.start()                  # the sample site is set up before there are keys
        system.stop()
        (directory / "keys.yaml").write_text(KEYS.format(**HASHES))
        system.start()
        visit = {"id": "K9", "source": "test", "type": "visit.finished", "site": "sample", "occurred_at": "2026-03-06T14:00:00+08:00",
                 "data": {"visit": "K9", "kind": "repair", "customer": {"name": "周海", "mobile": "13700000009"}}}
        self.assertEqual(system.http("POST", "/v1/events", visit, bearer("chief-secret"))[0], 201)
        see = lambda who: system.http("GET", "/v1/screens/sample/K9.repair-follow-up?lang=zh", None, bearer(f"{who}-secret"))
        wait_for(lambda: see("lina")[0] == 200, 20, "the call")
        for secret in ("周海", "13700000009"):
            self.assertNotIn(secret, str(see("lina")[2]))
        for who, name in (("lina", "*海"), ("chief", "周海")):
            screen = see(who)[2]
            self.assertEqual(screen["customer"]["name"], name)
            self.assertIn(f"请问是{name}吗", screen["script"][0]["text"])
        self.assertEqual(see("elsewhere")[0], 404)


if __name__ == "__main__":
    unittest.main()
