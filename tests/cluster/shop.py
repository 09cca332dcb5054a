"""A shop whose month runs: its files, its staff, and what the checker needs of it afterwards."""
import datetime
import os
import pathlib
import subprocess
import sys
import time

from network import ends_with_us

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "month"))
from month_data import Month, good_numbers, json_lines      # noqa: E402

DATA = ROOT / "deploy" / "sample" / "month"
SETTINGS = [ROOT / "deploy" / path for path in ("calendars/sample.yaml", "templates/auto-dealer.yaml",
                                                "playbooks/auto-dealer.yaml", "sample/staff.yaml")]
LOOK_MINUTES = 15                       # how often the staff look at their lists
CLOSE_SECONDS = 60
ZONE = datetime.timezone(datetime.timedelta(hours=8))


class Shop:
    def __init__(self, site, front, folder, care):
        self.site, self.front, self.folder, self.program = site, front, folder / f"shop-{site}", care
        self.folder.mkdir()
        self.people = []

    def care(self, *words):
        """Starts one care on the side of the shop."""
        environment = {**os.environ, "CARELINE_URL": self.front.url, "CARELINE_KEY": self.front.key,
                       "CARELINE_SITE": self.site, "LANG": "C.UTF-8"}
        with open(self.folder / "care.log", "ab") as log:
            return subprocess.Popen([str(self.program), *map(str, words)], stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=log, env=environment, preexec_fn=ends_with_us)

    def set_up(self):
        if self.care("apply", "--site", self.site, *SETTINGS).wait():
            raise SystemExit(f"{self.site} could not be set up; see {self.folder}/care.log")

    def open(self, seed, end_ms):
        """The front desk's files, each row at its own time, and the staff."""
        files = [("deliveries", DATA / "deliveries.csv"), ("settlement", DATA / "settlement.csv")]
        files += [("complaints", path) for path in sorted(DATA.glob("complaints*.csv"))]
        for name, path in files:
            how = ROOT / "deploy" / "imports" / f"{name}.yaml"
            self.people.append(self.care("import", "--paced", "--map", how, path, "--site", self.site, "--journal",
                                         self.folder / f"acks-{path.name}.jsonl"))
        until = datetime.datetime.fromtimestamp(end_ms / 1000, ZONE).isoformat()
        self.people.append(self.care("robots", "--site", self.site, "--seed", seed, "--every", LOOK_MINUTES, "--until",
                                     until, "--journal", self.folder / "acts.jsonl"))

    def close(self):
        """Waits for everybody to come to the end; who did not end well."""
        end = time.monotonic() + CLOSE_SECONDS
        while any(p.poll() is None for p in self.people) and time.monotonic() < end:
            time.sleep(0.1)
        return [f"{self.site}: {' '.join(p.args[1:4])} ended with {p.returncode}" for p in self.people
                if p.returncode != 0]

    def end(self):
        for process in self.people:
            if process.poll() is None:
                process.kill()
                process.wait()

    def month(self, log, messages, end_ms):
        events = [event for event in log if event["site"] == self.site]
        journals = [line for path in self.folder.glob("acks-*.jsonl") for line in json_lines(path)]
        acknowledged = [(line["event"], line["answer"]) for line in journals
                        if line["answer"].get("status") in ("new", "known")]
        acts = [(line["act"], line["answer"] if line["status"] == 200 else None)
                for line in json_lines(self.folder / "acts.jsonl")]
        mine = [m for m in messages if m["taken"] and m["notice"].startswith(self.site + "/")]
        ics = (ROOT / "deploy" / "calendars" / "china-2026.ics").read_text()
        return Month(self.site, events, acknowledged, acts, mine, good_numbers(DATA / "deliveries.csv", 8),
                     good_numbers(DATA / "settlement.csv", 10), ics, end_ms)
