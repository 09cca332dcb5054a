"""Loyalty points and a customer's record with real processes: earned by a visit, redeemed, corrected by two people, read
back; a copy of a paper is stored sealed and read only by who may."""
import base64
import os
import pathlib
import subprocess
import unittest

from system import BIN, ROOT, System, wait_for

DEPLOY = ROOT / "deploy"


class Points(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", "2026-03-10T09:00:00+08:00", "--speed", "1").start()
        cls.care("apply", str(DEPLOY / "templates" / "care-days.yaml"), str(DEPLOY / "playbooks" / "care-days.yaml"))

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    @classmethod
    def care(cls, *words, code=0, **environment):
        done = subprocess.run([f"{BIN}/care", *words], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "CARELINE_DIR": str(cls.system.dir), "CARELINE_SITE": "sample", "LANG": "C.UTF-8",
                                   **environment})
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def visit(self, number, customer, yuan):
        status, _, answer = self.system.post({"id": number, "source": "dms", "type": "visit.finished", "site": "sample",
                                              "data": {"visit": number, "kind": "repair", "amount_cents": 100 * yuan,
                                                       "customer": {"id": customer, "name": "王芳", "mobile": "13800000001"}}})
        self.assertEqual(status, 201, answer)

    def test_points(self):
        self.visit("JS1", "wang", 3200)
        status, _, answer = self.system.act("points.redeem", {"customer": "wang", "points": 5000})
        self.assertEqual((status, answer["data"]["reason"]), (409, "not_enough"))
        self.assertEqual(answer["data"]["detail"], "there are 3200 points: redeem 3200 at most")
        said = self.care("points", "redeem", "wang", "1000", "--gift", "雨伞", "--entry", "GIFT-1")
        self.assertIn("points.redeemed", said)
        said = self.care("points", "redeem", "wang", "1000", "--gift", "雨伞", "--entry", "GIFT-1", code=1)
        self.assertIn("GIFT-1 is there already", said)

        status, _, answer = self.system.http("POST", "/v1/acts", {
            "type": "points.correct", "site": "sample", "data": {"customer": "wang", "entry": "K-1", "points": -200, "reason": "x"}},
            {"X-Actor": "han-xue"})
        self.assertEqual((status, answer["type"]), (200, "points.correction_asked"))
        status, _, answer = self.system.http("POST", "/v1/acts", {"type": "points.approve", "site": "sample", "data": {"entry": "K-1"}},
                                             {"X-Actor": "gu-changqing"})
        self.assertEqual((status, answer["type"], answer["data"]["held"]), (200, "points.corrected", 2000))

        customer = self.system.get("/v1/customers/sample%2Fwang")
        loyalty = customer["loyalty"]
        self.assertEqual((customer["points"], customer["level"], loyalty["held"]), (2000, "silver", 2000))
        self.assertEqual(sum(loyalty[name] for name in ("held", "earned", "redeemed", "expired", "corrected")), 0)
        self.assertEqual(sum(lot["points"] for lot in loyalty["lots"]), 2000)
        self.assertEqual([benefit["benefit"] for benefit in loyalty["benefits"]], ["free-wash"])
        self.assertEqual(loyalty["next_level"], {"level": "gold", "missing": 7000})
        entries = self.system.get("/v1/points?site=sample&customer=wang&state=booked")
        self.assertEqual(sorted((entry["from"], entry["to"], entry["points"]) for entry in entries),
                         [("earned", "held", 3200), ("held", "corrected", 200), ("held", "redeemed", 1000)])
        shown = self.care("points", "wang")
        for word in ("silver", "2000", "GIFT-1", "A free wash"):
            self.assertIn(word, shown)
        self.assertIn("更正", self.care("points", "wang", LANG="zh_CN.UTF-8"))

    def test_papers(self):
        paper = bytes(range(256)) * 40
        body = {"site": "sample", "customer": "zhou", "name": "行驶证", "type": "image/jpeg",
                "content": base64.b64encode(paper).decode()}
        self.assertEqual(self.system.http("POST", "/v1/attachments", body)[0], 404)         # nobody of that name yet
        status, _, answer = self.system.post({"id": "r1", "source": "crm", "type": "customer.recorded", "site": "sample",
                                              "customer": "zhou", "data": {"name": "周立", "mobile": "13800000009"}})
        self.assertEqual(status, 201, answer)
        self.system.act("points.redeem", {"customer": "zhou", "points": 1})                 # by then it is recorded
        status, _, stored = self.system.http("POST", "/v1/attachments", body)
        self.assertEqual((status, stored["bytes"]), (200, len(paper)), stored)
        self.assertEqual(self.system.http("POST", "/v1/attachments", {**body, "content": "***"})[0], 400)
        large = base64.b64encode(bytes(512 * 1024 + 1)).decode()
        self.assertEqual(self.system.http("POST", "/v1/attachments", {**body, "content": large})[0], 400)

        path = f"/v1/attachments/sample/{stored['attachment']}"
        shown = self.system.get(path)
        self.assertEqual((base64.b64decode(shown["content"]), shown["name"], shown["customer"]), (paper, "行驶证", "zhou"))
        self.assertEqual(self.system.http("GET", path.replace("/sample/", "/other/"))[0], 404)
        self.assertEqual(self.system.http("GET", path[:-1] + ("0" if path[-1] != "0" else "1"))[0], 404)
        self.assertEqual(self.system.http("GET", "/v1/attachments/sample/x")[0], 400)
        content = self.system.redis("GET", f"content:{stored['attachment']}", user="observer")
        self.assertNotIn(paper[:64], content)

        file = pathlib.Path(self.system.dir) / "licence.jpg"
        file.write_bytes(paper)
        self.assertIn("licence", self.care("attach", "zhou", str(file), "--name", "licence"))
        noted = wait_for(lambda: self.system.get("/v1/customers/sample%2Fzhou")["attachments"], 20, "the record names it")
        self.assertEqual([self.system.get(f"/v1/attachments/sample/{one}")["name"] for one in noted], ["licence"])


if __name__ == "__main__":
    unittest.main()
