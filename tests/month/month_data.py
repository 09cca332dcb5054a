"""A month as the checker sees it: input files, acknowledgements, log, sinks."""
import collections
import csv
import datetime
import io
import json
import re

from shop_time import ShopTime

WIDE = {i: i - 0xfee0 for i in range(0xff01, 0xff5f)}
WIDE[0x3000] = 0x20


def good_numbers(path, columns):
    """The numbers of the rows that a front desk would call right; `columns`: how many there must be."""
    data = open(path, "rb").read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    numbers, seen = [], set()
    for row in list(csv.reader(io.StringIO(text, newline="")))[1:]:
        cells = tuple(c.strip() for c in row)
        if not any(cells) or cells in seen:
            continue
        seen.add(cells)
        if len(row) == columns and cells[0] and is_date(cells[1]) and cells[2] and is_mobile(cells[3]):
            numbers.append(cells[0])
    return numbers


def is_mobile(cell):
    digits = re.sub(r"[ \-]", "", cell.translate(WIDE))
    return re.fullmatch(r"(\+?86)?1[3-9]\d{9}", digits) is not None


def is_date(cell):
    plain = re.sub(r"[年月/.]", "-", cell.translate(WIDE)).replace("日", "")
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y%m%d%H%M", "%Y%m%d"):
        try:
            datetime.datetime.strptime(plain, form)
            return True
        except ValueError:
            pass
    return False


def json_lines(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


class Month:
    def __init__(self, site, events, acknowledged, acts, messages, deliveries, visits, ics_text, end, outside=("robots",)):
        self.site, self.acknowledged, self.acts, self.messages = site, acknowledged, acts, messages
        self.deliveries, self.visits, self.end, self.outside = deliveries, visits, end, outside
        self.time, self.doubled = ShopTime(ics_text), 0
        self.read(events)

    def read(self, events):
        """Sorts the log by what it is about."""
        self.events = sorted(events, key=lambda e: (e["partition"], e["seq"]))
        self.by_place = {(e["partition"], e["seq"]): e for e in self.events}
        self.types = collections.defaultdict(list)
        self.tasks, self.cases = collections.defaultdict(list), collections.defaultdict(list)
        self.closings, self.notice_ends = collections.defaultdict(list), collections.defaultdict(list)
        self.reopening = set()
        results = {"task.opened", "task.claimed", "task.released", "task.reassigned", "task.rescheduled", "task.attempted",
                   "task.overdue", "task.closed", "task.corrected"}
        for e in self.events:
            e.setdefault("cause_seq", 0)
            self.types[e["type"]].append(e)
            if e["type"] in results:
                self.tasks[e["data"]["task"]].append(e)
            if e["type"] == "task.closed":
                self.closings[e["data"]["task"]].append(e)
            if e["type"] in ("notice.sent", "notice.skipped", "notice.dead"):
                self.notice_ends[e["data"]["notice"]].append(e)
            if e["type"].startswith("case.") and e["source"] == "complaint-router":
                self.cases[e["data"]["case_id"]].append(e)
            if e["type"] == "case.reopen" and e["source"] == "follow-up":
                self.reopening.add(self.site + "/" + e["data"].get("reason", "").replace("follow-up ", ""))

    def of_type(self, kind):
        return self.types[kind]


def check(month, promises):
    """Runs every promise; a list of (name, what it says, broken lines)."""
    return [(p.__name__, p.__doc__.split("\n")[0], list(p(month))) for p in promises]
