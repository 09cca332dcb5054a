"""Forms with real processes: read, filled in, printed as a blank, and answered by the customer over a link that works once."""
import json
import os
import re
import subprocess
import unittest
from html.parser import HTMLParser

from system import BIN, ROOT, System, wait_for

RECORD = {"first_contact_at": "2026-03-10 14:00", "name": "王芳", "mobile": "13800000001", "channel": "phone", "summary": "首次来电",
          "preference": "短信", "recorded_on": "2026-03-10", "responsible": "luo-peng"}


class Page(HTMLParser):
    """What a blank holds: its headings, its rows, and whether every tag that opens also closes."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open, self.cells, self.boxes = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag != "meta":
            self.open.append(tag)
        self.cells += [""] if tag in ("th", "h1") else []
        self.boxes += ("class", "box") in attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("th", "h1"):
            self.cells[-1] += data


class Forms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # By day: no message is sent to a customer in quiet hours.
        cls.system = System("--clock", "2026-03-10T15:00:00+08:00", "--speed", "1").start()
        for path in ("deploy/templates/service-standard.yaml", "deploy/playbooks/service-standard.yaml"):
            subprocess.run([f"{BIN}/care", "--dir", cls.system.dir, "apply", ROOT / path], check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def care(self, *words, code=0, lang="C.UTF-8"):
        done = subprocess.run([f"{BIN}/care", *words], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "CARELINE_DIR": str(self.system.dir), "CARELINE_SITE": "sample", "LANG": lang})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def sent(self, template):
        path = self.system.dir / "outbox.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if template in line]

    def test_a_form_is_begun_read_filled_in_and_answered_over_its_link(self):
        self.care("form", "fill", "customer-record", "--number", "R1", "first_contact_at=2026-03-10 14:00", "channel=phone",
                  "name=王芳", "mobile=13800000001")
        self.assertIn("customer-record.R1", self.care("forms", "--open", "yes", "--form", "customer-record"))
        shown = json.loads(self.care("--json", "form", "customer-record.R1"))
        self.assertEqual(shown["missing"], ["summary", "preference", "recorded_on", "responsible"])
        self.assertEqual(shown["personal"], {"name": "王芳", "mobile": "13800000001"})
        self.assertIn("联系电话", self.care("form", "customer-record.R1", lang="zh_CN.UTF-8"))
        self.care("form", "fill", "customer-record", "--number", "R1", "mobile=13800000001", "summary=首次来电", "preference=短信",
                  "recorded_on=2026-03-10", "responsible=luo-peng", "colour=red", code=1)
        self.care("form", "fill", "customer-record", "--number", "R1", "summary=首次来电", "preference=短信",
                  "recorded_on=2026-03-10", "responsible=luo-peng")
        self.assertNotIn("customer-record.R1", self.care("forms", "--open", "yes"))
        self.care("form", "fill", "need", "--number", "N1", "--customer", shown["customer"], "record=R1", "description=空调")
        self.assertEqual(json.loads(self.care("--json", "form", "customer-record.R1"))["linked_by"], ["need.N1"])
        customer = json.loads(self.care("--json", "customers", shown["customer"]))
        self.assertEqual((customer["name"], customer["owner"], customer["preference"]), ("王芳", "luo-peng", "短信"))
        self.answered()

    def answered(self):
        """The message has a link, under which the shop's page sees what is asked, and brings what was answered: once."""
        wait_for(lambda: self.sent("care.xingchi.example"), 20, "the message with the link")
        link = re.search(r"care\.xingchi\.example(/sample/[\w.-]+/[0-9a-f]+)", self.sent("care.xingchi.example")[0]).group(1)
        status, _, asked = self.system.http("GET", f"/v1/answers{link}")
        self.assertEqual((status, [field["field"] for field in asked["fields"]]), (200, ["confirmed", "correction"]))
        wrong = link[:-1] + ("0" if link[-1] != "0" else "1")
        self.assertEqual(self.system.http("GET", f"/v1/answers{wrong}")[0], 404)
        for path, fields, expected in [(wrong, {"confirmed": "yes"}, 404), (link, None, 400), (link, {"preference": "never"}, 409),
                                       (link, {"confirmed": "maybe"}, 409), (link, {"confirmed": "yes"}, 200),
                                       (link, {"confirmed": "no"}, 409)]:
            status, _, body = self.system.http("POST", f"/v1/answers{path}", {"fields": fields} if fields else {})
            self.assertEqual(status, expected, (path, fields, body))
        self.assertIn("closed", str(body))
        self.assertEqual(self.system.http("GET", f"/v1/answers{link}")[0], 410)
        self.assertEqual(json.loads(self.care("--json", "form", "customer-record.R1"))["fields"]["confirmed"], "yes")
        self.assertEqual([event for event in self.system.log() if "王芳" in str(event)], [], "personal fields in the open")

    def test_every_form_of_the_standard_has_a_blank(self):
        for form, title, english, fields in [("customer-record", "客户信息记录表", "Customer record", 12), ("need", "客户需求分析表", "Need", 13),
                                             ("execution", "服务执行跟踪表", "Execution", 9), ("feedback", "客户反馈表", "Feedback", 7)]:
            page = Page(self.care("form", "print", form, "--lang", "zh"))
            self.assertEqual(page.open, [])
            self.assertEqual((page.cells[0], len(page.cells) - 1), (title, fields))
            self.assertEqual(Page(self.care("form", "print", form, "--lang", "en")).cells[0], english)
            text = self.care("form", "print", form, "--lang", "zh", "--text")
            self.assertIn(title, text)
            self.assertLessEqual(max(len(line.encode("gb18030")) for line in text.splitlines()), 100)
        need = Page(self.care("form", "print", "need", "--lang", "en"))
        self.assertEqual((need.cells[3], need.boxes), ("Urgency *", 3))
        self.care("form", "print", "wish", code=1)
        self.care("form", "print", "need", "--lang", "fr", code=2)
        self.assertIn("客户反馈表", self.care("form", "blanks", lang="zh_CN.UTF-8"))


if __name__ == "__main__":
    unittest.main()
