"""Front-desk files (U8): what --check finds is the truth, reading a file again adds nothing, and old files stay quiet."""
import collections
import json
import re
import unittest

from front_desk import SAMPLE, SHARED, care, import_file, is_shared
from system import ROOT, System

KINDS = ("settlement", "deliveries")
FACTS = {"settlement": "visit.finished", "deliveries": "car.delivered"}


def shared_truth():
    """What truth.json says, by kind, in the words of the report."""
    truth = {}
    for file in json.loads((SHARED / "front-desk" / "truth.json").read_text()):
        bad = [(row["line"], row["reason"]) for row in file["bad"]]
        truth[file["file"].removesuffix(".csv")] = {"rows": file["data_rows"], "good": file["good"], "blank": file["blank"],
                                                    "duplicate": file["duplicate"], "bad": bad}
    return truth


def sample_truth():
    """What deploy/sample/README.md promises: counts only."""
    truth = {}
    for line in (ROOT / "deploy" / "sample" / "README.md").read_text().splitlines():
        row = re.match(r"\| `(\w+)\.csv`.*\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", line)
        if row:
            good, blank, duplicate, bad = (int(number) for number in row.groups()[1:])
            truth[row.group(1)] = {"rows": good + duplicate + bad, "good": good, "blank": blank, "duplicate": duplicate, "bad": bad}
    return truth


if is_shared("front-desk"):
    FOLDER, TRUTH = SHARED / "front-desk", shared_truth()
else:
    FOLDER, TRUTH = SAMPLE, sample_truth()


class Check(unittest.TestCase):
    def test_check_finds_the_truth(self):
        """Acceptance 2: counts, lines and fields."""
        for kind in KINDS:
            with self.subTest(kind):
                found, truth = import_file(kind, FOLDER / f"{kind}.csv", "--check"), TRUTH[kind]
                bad = [(row["line"], row["field"]) for row in found["bad"]]
                self.assertEqual({name: found[name] for name in ("rows", "good", "blank", "duplicate")},
                                 {name: truth[name] for name in ("rows", "good", "blank", "duplicate")})
                self.assertEqual(bad if isinstance(truth["bad"], list) else len(bad), truth["bad"])
                self.assertTrue(all(row["reason"] for row in found["bad"]))

    def test_sample_counts_are_as_documented(self):
        for kind, truth in sample_truth().items():
            with self.subTest(kind):
                found = import_file(kind, SAMPLE / f"{kind}.csv", "--check")
                self.assertEqual({**found, "bad": len(found["bad"]), "encoding": None}, {**truth, "encoding": None})

    def test_wrong_map_is_said(self):
        code, report, said = care("import", "--json", "--check", "--map", ROOT / "deploy/imports/complaints.yaml",
                                  FOLDER / "deliveries.csv")
        self.assertNotEqual(code, 0)
        self.assertIsNone(report)
        self.assertIn("has no column", said)


class Twice(unittest.TestCase):
    """The months are March 2026 at the latest, and it is July: every fact is late by more than the playbook's late_after of 30
    days. So customers, plans and the reasons why their steps are left out are recorded, and nobody is called or written to."""

    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", "2026-07-06T10:20:00").start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def test_again_adds_nothing_and_old_files_are_quiet(self):
        nothing = {"new": 0, "conflict": 0, "refused": 0}
        for kind in KINDS:
            good = TRUTH[kind]["good"]
            first = import_file(kind, FOLDER / f"{kind}.csv", "--dir", self.system.dir)
            self.assertEqual({name: first[name] for name in ("good", "new", "known", "conflict", "refused")},
                             {"good": good, **nothing, "new": good, "known": 0})
            self.system.settle(60)
            before = self.system.log()
            again = import_file(kind, FOLDER / f"{kind}.csv", "--dir", self.system.dir)
            self.assertEqual({name: again[name] for name in ("known", *nothing)}, {"known": good, **nothing})
            self.system.settle(60)
            self.assertEqual(len(self.system.log()), len(before))
        self.check_quiet(self.system.log())
        self.assertTrue(self.system.get("/v1/check")["consistent"])

    def check_quiet(self, events):
        own = {event["id"] for event in events if "/." in event["data"].get("entity", "")}      # timers of the site itself
        types = collections.Counter(event["type"] for event in events if event["id"] not in own)
        facts = sum(TRUTH[kind]["good"] for kind in KINDS)
        self.assertEqual({kind: types[FACTS[kind]] for kind in KINDS}, {kind: TRUTH[kind]["good"] for kind in KINDS})
        self.assertEqual((types["plan.made"], types["plan.finished"]), (facts, facts))
        # thanks, first call and week's call for a car, one call for a visit: each left out, with a reason
        self.assertEqual(types["plan.step_skipped"], 3 * TRUTH["deliveries"]["good"] + TRUTH["settlement"]["good"])
        loud = [name for name in types if name.startswith(("notice.", "task.", "case.", "send.", "timer."))]
        self.assertEqual(loud, [])


if __name__ == "__main__":
    unittest.main()
