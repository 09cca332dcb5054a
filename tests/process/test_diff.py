"""What another calendar or playbook would move is shown exactly, before anything is changed: then it is applied, and the plans
stand as shown. Time stands still meanwhile."""
import json
import pathlib
import subprocess
import tempfile
import unittest

from system import BIN, ROOT, System, delivery

START = "2026-03-06T15:00+08:00"            # a Friday
DEPLOY = ROOT / "deploy"
HOLIDAY = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//shop//EN\r\nBEGIN:VEVENT\r\nUID:fair\r\nDTSTAMP:20260101T000000Z\r\n"
           "DTSTART;VALUE=DATE:20260307\r\nSUMMARY:Fair\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


class Diff(unittest.TestCase):
    def setUp(self):
        self.system = System("--step", "--clock", START, "--until", START).start()
        self.addCleanup(self.system.close)
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.system.dir))
        for number in range(6):
            when = f"2026-03-0{1 + number}T16:00:00+08:00"
            self.assertEqual(self.system.post(delivery(f"D{number}", occurred_at=when))[0], 201)
            visit = {"id": f"V{number}", "source": "test", "type": "visit.finished", "site": "sample", "occurred_at": when,
                     "data": {"visit": f"V{number}", "kind": "repair", "name": "李", "mobile": f"1390000000{number}"}}
            self.assertEqual(self.system.post(visit)[0], 201)
        self.system.settle()

    def care(self, *words, code=0):
        done = subprocess.run([f"{BIN}/care", "--dir", str(self.system.dir), *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, code, done.stdout.decode())
        return done.stdout.decode()

    def pending(self):
        """(plan, step) -> (due, deadline)"""
        return {(plan["id"], step["name"]): (step["due_at"], step["deadline_at"])
                for plan in self.system.get("/v1/plans?site=sample") for step in plan["steps"] if step["state"] == "pending"}

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def check(self, diff, path):
        """`diff` shows what is then so once `path` is applied."""
        before, head = self.pending(), len(self.system.log())
        moves = [move for move in json.loads(self.care(*diff, "--json")) if "rule" not in move]
        self.assertEqual(self.pending(), before)
        self.assertEqual(len(self.system.log()), head, "looking changed something")
        shown = dict(before)
        for move in moves:
            key = (move["plan"], move["step"])
            self.assertEqual(move["before_at"], before[key][0])
            shown[key] = (move["due_at"], move["deadline_at"])
            if move["outcome"]:
                del shown[key]
        self.assertGreater(len(moves), 1)
        self.assertLess(len(moves), len(before))
        self.care("apply", "--move", path)
        self.system.settle()
        self.assertEqual(self.pending(), shown)
        self.assertEqual([move for move in json.loads(self.care(*diff, "--json")) if "rule" not in move], [], "nothing is left to move")
        return moves

    def test_a_call_window_of_the_calendar(self):
        text = (DEPLOY / "calendars/sample.yaml").read_text().replace("[10:00-11:30, 15:00-17:30]", "[10:00-11:30, 16:30-17:30]")
        self.file("china-2026.ics", (DEPLOY / "calendars/china-2026.ics").read_text())
        path = self.file("sample.yaml", text)
        moves = self.check(["calendar", "diff", path], path)
        self.assertTrue(all("T16:30" in move["due_at"] for move in moves), moves)

    def test_a_holiday(self):
        ics = (DEPLOY / "calendars/china-2026.ics").read_text().replace("\r\n", "\n")
        more = HOLIDAY.replace("\r\n", "\n").split("PRODID:-//shop//EN\n")[1].replace("END:VCALENDAR\n", "")
        new = self.file("china-2026.ics", ics.replace("END:VCALENDAR", more + "END:VCALENDAR"))
        path = self.file("sample.yaml", (DEPLOY / "calendars/sample.yaml").read_text())
        moves = self.check(["calendar", "diff", new], path)
        self.assertTrue(all(move["before_at"].startswith("2026-03-07") for move in moves), moves)
        self.assertTrue(any("Fair" in move["why"] for move in moves), moves)

    def test_another_version_of_the_playbook(self):
        text = (DEPLOY / "playbooks/auto-dealer.yaml").read_text()
        self.assertIn("after: 7d", text)
        path = self.file("auto-dealer.yaml", text.replace("after: 7d", "after: 6d"))
        moves = self.check(["playbook", "diff", path], path)
        self.assertEqual({move["step"] for move in moves}, {"week-care"})

    def test_what_has_mistakes_is_told(self):
        path = self.file("auto-dealer.yaml", (DEPLOY / "playbooks/auto-dealer.yaml").read_text().replace("window: follow-up", "window: folow-up"))
        said = self.care("playbook", "diff", path, code=4)
        self.assertGreater(said.count("folow-up"), 2, said)
        self.assertEqual(self.care("playbook", "check", path, code=4), said)
        self.care("playbook", "diff", DEPLOY / "calendars/sample.yaml", code=2)
        self.care("calendar", "diff", DEPLOY / "playbooks/auto-dealer.yaml", code=2)


if __name__ == "__main__":
    unittest.main()
