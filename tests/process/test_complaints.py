"""The complaint site's files (K1-K4): each complaint one case, with category, grade, role, state and every clock as the rules
say, by rules and a calendar computed here anew; read again, nothing comes to it."""
import collections
import csv
import datetime
import io
import re
import unittest

from front_desk import SAMPLE, SHARED, care, import_file, is_shared, read_text
from month_data import is_date
from shop_time import ShopTime
from system import ROOT, System

# The categories of problem codes (README of the shared data), and what its statuses come to: channel, event, state.
LETTERS = {**dict.fromkeys("ABCDEFGH", "product_quality"), **dict.fromkeys("IJLMN", "service_quality"), "K": "price",
           **dict.fromkeys("OQ", "other")}
STATUSES = {"信息审核": ("web_forum", None, "received"), "厂家受理": ("manufacturer", "accepted", "acknowledged"),
            "处理反馈": ("manufacturer", "answered", "resolved"), "用户评分": ("manufacturer", "rated", "closed")}
ENTRY = {"web_forum": "follow-up-agent", "manufacturer": "general-manager"}             # K3
CLOCKS = {                                                                              # K4
    "acknowledged": {"major": "30m", "general": "2h", "minor": "1d"},
    "assessed": {"major": "2h", "general": "1d", "minor": "2d"},
    "first_response": {"major": "4h", "general": "1d", "minor": "2d"},
    "progress": {"major": "1d", "general": "2d", "minor": "1w"},
    "resolved": {"major": "3d", "general": "7d", "minor": "15d"},
    "verified": {"major": "1d", "general": "3d", "minor": "7d"},
}
# What the source's progress makes of the clocks: those kept, those not needed any more; the others run.
KEPT = {"received": set(), "acknowledged": {"acknowledged"},
        "resolved": {"acknowledged", "assessed", "first_response", "resolved"},
        "closed": {"acknowledged", "assessed", "first_response", "resolved", "verified"}}
NOT_NEEDED = {"resolved": {"progress"}, "closed": {"progress"}}

PLAYBOOK = (ROOT / "deploy" / "playbooks" / "auto-dealer.yaml").read_text()
MILLISECOND = datetime.timedelta(milliseconds=1)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def word_list(text):
    return [word.strip() for word in text.replace("\n", " ").split(",")]


def published_words():
    """The words of the playbook's tables: category by category in its order, and those that tell of danger."""
    tables = PLAYBOOK[PLAYBOOK.index("  categories:\n"):PLAYBOOK.index("  departments:\n")]
    categories = [(name, word_list(words)) for name, words in re.findall(r"^    (\w+):\n(?:      codes:.*\n)?      words: \[([^]]*)\]",
                                                                         tables, re.M)]
    danger = re.search(r"name: danger\n.*?words: \[([^]]*)\]", PLAYBOOK, re.S)
    return categories, word_list(danger.group(1))


CATEGORY_WORDS, DANGER_WORDS = published_words()


def good_rows(path):
    """The rows of a file that are right, as {column: cell}."""
    rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    seen, good = set(), []
    for cells in rows[1:]:
        cells = tuple(cell.strip() for cell in cells)
        if any(cells) and cells not in seen and len(cells) == len(rows[0]):
            row = dict(zip(rows[0], cells))
            if row["id"] and row["desc"] and is_date(row["datetime"]):
                good.append(row)
        seen.add(cells)
    return good


def ms_of(text):
    return (datetime.datetime.fromisoformat(text) - EPOCH) // MILLISECOND


class Expected:
    """What a row must become."""

    def __init__(self, row):
        codes = [code for code in row["problem"].split(",") if code]
        self.channel, self.progress, self.state = STATUSES[row["status"]]
        self.role = ENTRY[self.channel]
        categories = [LETTERS[code[0]] for code in codes] or [self.by_words(row["desc"])]
        self.category = categories[0]
        self.also = sorted(set(categories) - {self.category})
        self.grade = self.graded(row["desc"], codes)

    def by_words(self, text):
        return next((name for name, words in CATEGORY_WORDS if any(word in text for word in words)), "other")

    def graded(self, text, codes):
        """The published table from above, as far as such a file can reach: no customer is known, no sum is named."""
        if any(word in text for word in DANGER_WORDS):
            return "major"
        safety = any(code[0] in "ABDE" for code in codes)
        return "general" if safety or self.channel == "manufacturer" else "minor"


class Complaints(unittest.TestCase):
    """It is the evening before the May holidays of 2026, so that deadlines run over the night, a holiday and swapped days.
    The complaints are of years before. They are facts that come late, but a complaint counts from when it was received:
    each is a new case of today, of which its holder is told once. Customers are told what happens too, but none of them
    can be reached, for the site names nobody. Nothing else may stir: no calls are planned, no clock has run out."""

    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", "2026-04-30T17:10:00").start()
        cls.time = ShopTime((ROOT / "deploy" / "calendars" / "china-2026.ics").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def files(self):
        if is_shared("complaints"):
            return [(SHARED / "complaints" / "2020-10.gb18030.csv", 600), (SHARED / "complaints" / "2021-01.blank-rows.csv", 60)]
        return [(SAMPLE / "complaints.csv", 23)]

    def cases(self):
        code, cases, said = care("cases", "--json", "--dir", self.system.dir)
        self.assertEqual(code, 0, said)
        return {case["source_id"]: case for case in cases}

    def test_every_complaint_becomes_one_case_by_the_rules(self):
        rows = {}
        for path, count in self.files():
            more = {row["id"]: Expected(row) for row in good_rows(path)}
            self.assertEqual(len(more), count)
            self.import_twice(path, more)
            rows.update(more)
        self.log = self.system.log()
        self.times = self.read_times()
        cases = self.cases()
        self.assertEqual(cases.keys(), rows.keys())
        for number, row in rows.items():
            self.check_case(cases[number], row)
        self.check_first_roles(rows)
        self.check_quiet(rows)
        self.assertTrue(self.system.get("/v1/check")["consistent"])

    def import_twice(self, path, rows):
        facts = len(rows) + sum(row.progress is not None for row in rows.values())
        for new in (facts, 0):
            before = len(self.system.log())
            report = import_file("complaints", path, "--dir", self.system.dir)
            self.assertEqual({name: report[name] for name in ("good", "new", "known", "conflict", "refused")},
                             {"good": len(rows), "new": new, "known": facts - new, "conflict": 0, "refused": 0})
            self.system.settle(90)
        self.assertEqual(len(self.system.log()), before)

    def check_case(self, case, row):
        with self.subTest(case["id"]):
            self.assertEqual((case["category"], sorted(case["also"]), case["grade"], case["channel"], case["role"], case["state"]),
                             (row.category, row.also, row.grade, row.channel, row.role, row.state))
            self.check_clocks(case, row)

    def check_clocks(self, case, row):
        received, resolved = self.times[case["source_id"]]
        self.assertEqual(ms_of(case["opened_at"]), received)
        clocks = {clock["name"]: clock for clock in case["clocks"]}
        wanted = set(CLOCKS) - ({"verified"} if row.state in ("received", "acknowledged") else set())
        self.assertEqual(clocks.keys(), wanted)
        for name, clock in clocks.items():
            start = resolved if name == "verified" else received
            due = self.time.add(start, CLOCKS[name][row.grade])
            warn = self.time.add_ms(start, self.time.between(start, due) * 80 // 100)
            state = "met" if name in KEPT[row.state] else "cancelled" if name in NOT_NEEDED.get(row.state, ()) else "running"
            self.assertEqual((name, ms_of(clock["due_at"]), ms_of(clock["warn_at"]), clock["state"], clock["breached"]),
                             (name, due, warn, state, False))
            self.assertIn(row.grade, clock["why"])

    def read_times(self):
        """By complaint: when it was received, and when its source told how far it is."""
        received = {e["data"]["complaint"]: e["received_at"] for e in self.log if e["type"] == "complaint.received"}
        told = {e["data"]["complaint"]: e["time"] for e in self.log if e["type"] == "complaint.progressed"}
        return {number: (at, told.get(number)) for number, at in received.items()}

    def check_first_roles(self, rows):
        """Progress may move a case on; where it began stands in the log, with one opening for each."""
        opened = [event["data"] for event in self.log if event["type"] == "case.opened"]
        self.assertEqual(len(opened), len(rows))
        first = {data["case_id"].split("/")[1]: (data["role"], data["grade"], data["category"]) for data in opened}
        self.assertEqual(first, {number: (row.role, row.grade, row.category) for number, row in rows.items()})

    def check_quiet(self, rows):
        types = collections.Counter(event["type"] for event in self.log)
        # an old file writes to nobody, neither customers nor staff
        self.assertEqual(types["notice.wanted"] + types["notice.sent"], 0)
        self.assertEqual(types["notice.dead"], 0)
        loud = [name for name in types if name.startswith(("task.", "plan.")) or name in
                ("case.warned", "case.breached", "case.escalated", "act.refused", "event.quarantined")]
        self.assertEqual(loud, [])


if __name__ == "__main__":
    unittest.main()
