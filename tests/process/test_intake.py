"""What intake answers: acknowledgements, every kind of malformed request, acts, the documents."""
import json
import unittest

from system import System, delivery


def without(event, name):
    return {key: value for key, value in event.items() if key != name}


def data(event, **more):
    return {**event, "data": {**event["data"], **more}}


GOOD = delivery("T1")
MALFORMED = [
    # what is wrong, body, status, field, a word of the hint or error
    ("no JSON", b"{", 400, None, "line 1"),
    ("empty", b"", 400, None, "JSON"),
    ("binary", b"\x00\xff\xfe", 400, None, "JSON"),
    ("a number", b"5", 400, None, "JSON"),
    ("duplicate member", b'{"id":"a","id":"b"}', 400, None, "duplicate"),
    ("deep nesting", b"[" * 5000, 400, None, "JSON"),
    ("no events", [], 400, None, "no events"),
    ("too many events", [{}] * 513, 413, None, "too many"),
    ("no type", without(GOOD, "type"), 400, "type", "missing"),
    ("unknown type", {**GOOD, "type": "car.deliverd"}, 400, "type", "car.delivered"),
    ("a result", {**GOOD, "type": "task.closed"}, 400, "type", "system"),
    ("an act", {**GOOD, "type": "task.claim", "data": {"agent": "a"}}, 400, "type", "/v1/acts"),
    ("no id", without(GOOD, "id"), 400, "id", "missing"),
    ("no source", without(GOOD, "source"), 400, "source", "missing"),
    ("no site", without(GOOD, "site"), 400, "site", "missing"),
    ("a site that is no name", {**GOOD, "site": "a/b"}, 400, "site", "no name"),
    ("a long site", {**GOOD, "site": "s" * 65}, 400, "site", "long"),
    ("a long id", {**GOOD, "id": "i" * 129}, 400, "id", "long"),
    ("a line break in the id", {**GOOD, "id": "a\nb"}, 400, "id", "control"),
    ("a number as id", {**GOOD, "id": 5}, 400, "id", "text"),
    ("an actor in the body", {**GOOD, "actor": "boss"}, 400, "actor", "X-Actor"),
    ("a misspelt attribute", {**GOOD, "occured_at": "2026-03-06T16:00:00Z"}, 400, "occured_at", "occurred_at"),
    ("no time", {**GOOD, "occurred_at": "yesterday"}, 400, "occurred_at", "2026"),
    ("a time far ahead", {**GOOD, "occurred_at": "2999-01-01T00:00:00Z"}, 400, "occurred_at", "ahead"),
    ("a wrong version", {**GOOD, "specversion": "2.0"}, 400, "specversion", "1.0"),
    ("data that is no object", {**GOOD, "data": []}, 400, "data", "object"),
    ("no data", without(GOOD, "data"), 400, "data.order", ""),
    ("a misspelt field", data(GOOD, moblie="1"), 400, "data.moblie", "mobile"),
    ("a field of the wrong kind", data(GOOD, amount_cents="many"), 400, "data.amount_cents", ""),
    ("an unknown word", data(GOOD, customer_class="gold"), 400, "data.customer_class", ""),
    ("an over-long field", data(GOOD, remark="x" * 1025), 400, "data.remark", ""),
    ("a customer's name as id", {**GOOD, "customer": "王 芳"}, 400, "customer", "id"),
    ("a body of over 1 MiB", b'"' + b"x" * (1 << 20) + b'"', 413, None, "large"),
]


class Intake(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System().start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def test_an_acknowledged_event_is_in_the_log(self):
        status, _, ack = self.system.post(delivery("A1"))
        self.assertEqual((status, ack["status"], ack["id"]), (201, "new", "A1"))
        found = [e for e in self.system.log() if e["partition"] == ack["partition"] and e["seq"] == ack["seq"]]
        self.assertEqual([(e["id"], e["source"], e["type"]) for e in found], [("A1", "test", "car.delivered")])
        self.assertEqual(found[0]["data"], {"order": "A1", "model": "UNI-K"})
        self.assertNotIn("王芳".encode(), found[0]["sealed"])

    def test_the_same_again_is_known_and_another_body_a_conflict(self):
        _, _, first = self.system.post(delivery("A2"))
        status, _, again = self.system.post(delivery("A2"))
        self.assertEqual((status, again["status"], again["seq"]), (200, "known", first["seq"]))
        other = delivery("A2")
        other["data"]["model"] = "other"
        status, _, conflict = self.system.post(other)
        self.assertEqual((status, conflict["status"], conflict["field"]), (409, "conflict", "id"))

    def test_of_a_batch_each_is_answered(self):
        batch = [delivery("B1"), {**delivery("B2"), "type": "nothing"}, delivery("B1"), delivery("B3")]
        status, _, body = self.system.post(batch)
        self.assertEqual(status, 207)
        self.assertEqual([r["status"] for r in body["results"]], ["new", "refused", "known", "new"])
        self.assertEqual(body["results"][1]["field"], "type")
        status, _, body = self.system.post([delivery("B1"), delivery("B3")])
        self.assertEqual((status, [r["status"] for r in body["results"]]), (200, ["known", "known"]))

    def test_a_full_batch_is_taken(self):
        status, _, body = self.system.post([delivery(f"F{n}") for n in range(512)])
        self.assertEqual((status, {r["status"] for r in body["results"]}, len(body["results"])), (200, {"new"}, 512))

    def test_what_is_malformed_is_answered_with_what_and_where(self):
        for what, body, status, field, word in MALFORMED:
            with self.subTest(what):
                got, _, answer = self.system.post(body)
                self.assertEqual(got, status, answer)
                self.assertEqual(answer.get("field"), field, answer)
                self.assertIn(word, answer["error"] + " " + answer.get("hint", ""))
        self.assertFalse([e for e in self.system.log() if e["id"] == "T1"])

    def test_paths_and_methods(self):
        for method, path, status in [("GET", "/v1/nothing", 404), ("DELETE", "/v1/events", 405), ("GET", "/etc/passwd", 404),
                                     ("GET", "/v1/acts/0/0", 404), ("GET", "/v1/acts/0/999999", 404), ("GET", "/v1/acts/x/1", 404),
                                     ("GET", "/v1/acts/99999/1", 404), ("GET", "/healthz", 200), ("GET", "/readyz", 200),
                                     ("GET", "/v1/healthz", 200), ("GET", "/metrics", 200)]:
            with self.subTest(f"{method} {path}"):
                self.assertEqual(self.system.http(method, path)[0], status)

    def test_other_web_pages_may_not_post(self):
        for headers in [{"Origin": "https://example.org"}, {"Host": "example.org"}]:
            with self.subTest(headers):
                self.assertEqual(self.system.http("POST", "/v1/events", GOOD, headers)[0], 403)

    def test_an_act_is_answered_with_what_came_of_it(self):
        status, _, body = self.system.act("task.claim", {"agent": "nobody-of-ours"})
        self.assertEqual((status, body["type"], body["data"]["act"]), (409, "act.refused", "task.claim"))
        status, _, again = self.system.http("GET", f"/v1/acts/{body['partition']}/{body['cause_seq']}")
        self.assertEqual((status, again["seq"]), (409, body["seq"]))

    def test_an_act_repeated_is_not_done_twice(self):
        first = self.system.act("agent.absent", {"agent": "nobody"}, id="act-1", source="test")
        again = self.system.act("agent.absent", {"agent": "nobody"}, id="act-1", source="test")
        self.assertEqual((first[0], first[2]["seq"]), (again[0], again[2]["seq"]))

    def test_who_acts_is_said_by_the_header(self):
        body = {"type": "agent.absent", "site": "sample", "data": {"agent": "somebody"}}
        _, _, answer = self.system.http("POST", "/v1/acts", body, {"X-Actor": "chief"})
        acts = [e for e in self.system.log() if e["seq"] == answer["cause_seq"] and e["partition"] == answer["partition"]]
        self.assertEqual(acts[0]["actor"], "chief")

    def test_the_document_names_every_path_and_type(self):
        document = self.system.get("/v1/openapi.json")
        self.assertIn("post", document["paths"]["/v1/events"])
        self.assertIn("get", document["paths"]["/v1/tasks"])
        self.assertIn("car.delivered", document["components"]["schemas"])
        text = json.dumps(document)
        for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
            self.assertIn(name, document["components"]["schemas"])


if __name__ == "__main__":
    unittest.main()
