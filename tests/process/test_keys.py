"""With a keys file nobody comes in without a key, and who acted comes from it."""
import hashlib
import pathlib
import tempfile
import unittest

from system import System, delivery

KEYS = """
keys:
  - {{ name: dms, hash: {dms}, roles: [integration], sites: [sample], types: [car.delivered, visit.finished] }}
  - {{ name: li-na, hash: {lina}, roles: [follow-up-agent, supervisor] }}
  - {{ name: elsewhere, hash: {elsewhere}, sites: [north] }}
"""


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="careline-test-"))
        hashes = {name: hashlib.blake2b(name.encode() + b"-secret", digest_size=32).hexdigest() for name in ("dms", "lina", "elsewhere")}
        cls.system = System(directory=directory)
        cls.system.start()              # the sample site is set up before there are keys
        cls.system.stop()
        (directory / "keys.yaml").write_text(KEYS.format(**hashes))
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

    def test_who_acted_comes_from_the_key(self):
        body = {"type": "agent.absent", "site": "sample", "data": {"agent": "somebody"}}
        for headers, role in [({}, "follow-up-agent"), ({"X-Role": "supervisor"}, "supervisor"), ({"X-Role": "boss"}, "follow-up-agent")]:
            with self.subTest(role):
                _, _, answer = self.system.http("POST", "/v1/acts", body, {**bearer("lina-secret"), **headers, "X-Actor": "chief"})
                act = [e for e in self.system.log() if (e["partition"], e["seq"]) == (answer["partition"], answer["cause_seq"])][0]
                self.assertEqual((act["actor"], act["role"]), ("li-na", role))


if __name__ == "__main__":
    unittest.main()
