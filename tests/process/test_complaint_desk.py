"""What a supervisor of complaints looks at (K8, K9): all open ones with their next deadlines and promises, the whole file of
each, and what a month's came from. A hotel, with real processes."""
import unittest

from system import System, wait_for
from test_care import Care

FILES = ["calendars/sample.yaml", "sample/complaint-handling/staff.yaml", "templates/complaint-handling.yaml",
         "playbooks/complaint-handling.yaml"]
SITE = ("--site", "lanting")


class ComplaintDesk(unittest.TestCase):
    """Tuesday, when the house has just opened."""

    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", "2026-03-10T09:00:00+08:00", "--speed", "1").start()
        cls.care = Care(cls.system.dir)
        cls.care.good("apply", *SITE, *(f"deploy/{file}" for file in FILES))

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def complain(self, number, text, *more):
        self.care.good("post", "complaint.received", *SITE, f"complaint={number}", "channel=phone", f"text={text}", *more)
        wait_for(lambda: any(c["id"] == f"lanting/{number}" for c in self.care.list("cases", *SITE)), 20, number)

    def act(self, number, act, *more):
        self.care.good("case", f"lanting/{number}", act, *more)

    def close(self, number, cause):
        for act, more in (("acknowledge", ()), ("assess", ()), ("resolve", ()), ("verify", ("--satisfaction", "5")),
                          ("close", ("--root-cause", cause, "--attachments", "scan/letter.pdf"))):
            self.act(number, act, *more)

    def test_open_ones_their_file_and_what_they_came_from(self):
        """K8 K9 All open ones with deadline and promise, the whole file of a closed one, and the month's Pareto."""
        for number, text, employee in (("A1", "账单多收了", "mei-qi"), ("A2", "账单不对，多收押金", "mei-qi"), ("A3", "态度很差", "ning-xia")):
            self.complain(number, text, f"employee={employee}", "product=河景房", "customer.name=王先生", f"customer.mobile=1380000000{number[1]}")
        self.act("A3", "promise", "--at", "2026-03-10 17:00")
        self.close("A1", "not_trained")
        self.close("A2", "not_trained")

        opened = self.care.list("complaints", "--open", *SITE)
        self.assertEqual([case["id"] for case in opened], ["lanting/A3"])
        self.assertEqual((opened[0]["next_clock"], opened[0]["promised_at"][:16]), ("promise", "2026-03-10T17:00"))
        self.assertEqual(opened[0]["next_clock_due_at"], opened[0]["promised_at"])
        self.assertEqual(len(self.care.list("complaints", *SITE)), 3)
        self.assertIn("2026-03-10T17:00", self.care.good("complaints", "--open", *SITE))

        pareto = self.care.list("complaints", "pareto", "--month", "2026-03", *SITE)
        tables = {table["by"]: [(row["value"], row["count"], row["percent"], row["cumulative_percent"], row["vital"])
                                for row in table["rows"]] for table in pareto["tables"]}
        self.assertEqual((pareto["complaints"], pareto["linked"]), (3, 0))
        self.assertEqual(tables["cause"], [("not_trained", 2, 66.7, 66.7, True), ("", 1, 33.3, 100.0, True)])
        self.assertEqual(tables["category"], [("billing", 2, 66.7, 66.7, True), ("staff_conduct", 1, 33.3, 100.0, True)])
        self.assertEqual(tables["product"], [("河景房", 3, 100.0, 100.0, True)])
        self.assertEqual(tables["employee"], [("mei-qi", 2, 66.7, 66.7, True), ("ning-xia", 1, 33.3, 100.0, True)])
        self.assertEqual(self.care.list("complaints", "pareto", "--month", "2026-02", *SITE)["complaints"], 0)
        self.assertIn("not_trained", self.care.good("complaints", "pareto", "--month", "2026-03", "--by", "cause", *SITE))
        for wrong in (("--month", "2026-13"), ("--month", "March"), ("--month", "2026-03", "--by", "moon"), ()):
            self.assertEqual(self.care.run("complaints", "pareto", *wrong, *SITE).returncode, 2, wrong)

        file = self.care.list("case", "lanting/A1", "--file")
        types = [event["type"] for event in file["events"]]
        steps = ["complaint.received", "case.opened", "case.acknowledged", "case.assessed", "case.resolved", "case.verified",
                 "case.closed", "plan.made"]
        self.assertEqual([kind for kind in types if kind in steps], steps)
        self.assertTrue({"notice.wanted", "notice.attempted"} <= set(types), types)
        self.assertEqual([event["seq"] for event in file["events"]], sorted(event["seq"] for event in file["events"]))
        self.assertEqual({attachment["reference"] for attachment in file["attachments"]}, {"scan/letter.pdf"})
        received = next(event for event in file["events"] if event["type"] == "complaint.received")
        self.assertEqual(received["data"]["text"], "账单多收了")
        self.assertEqual(file["case"]["state"], "closed")
        self.assertNotIn("A3", str(file["events"]))
        self.assertIn("scan/letter.pdf", self.care.good("case", "lanting/A1", "--file"))


if __name__ == "__main__":
    unittest.main()
