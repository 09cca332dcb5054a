"""A workshop with real processes: what is offered can be booked, a delay is shown before it is applied, the day is drawn."""
import os
import subprocess
import unittest
import urllib.parse

from system import BIN, ROOT, System, wait_for

DAY = "2026-03-10"


class Workshop(unittest.TestCase):
    """Tuesday, an hour before the shop opens; the sample workshop."""

    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", f"{DAY}T08:00:00+08:00", "--speed", "1").start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def view(self, path="", **arguments):
        query = urllib.parse.urlencode({"site": "sample", "day": DAY, **arguments})
        status, _, body = self.system.http("GET", f"/v1/workshop{path}?{query}")
        return status, body

    def act(self, kind, **data):
        status, _, body = self.system.act(f"workshop.{kind}", data)
        return status, body

    def board(self, *words, **environment):
        done = subprocess.run([f"{BIN}/care", "board", *(words or ("--day", DAY))], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "CARELINE_DIR": str(self.system.dir), "CARELINE_SITE": "sample", **environment})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_a_day(self):
        status, day = self.view()
        self.assertEqual((status, day["jobs"], day["revision"]), (200, [], 0))
        free = {each["id"]: [(span["from"][11:16], span["to"][11:16]) for span in each["free"]] for each in day["technicians"]}
        self.assertEqual(free["qin-feng"], [("09:00", "17:45")])        # a quarter of an hour is kept for the hand-over
        self.assertEqual(free["yu-lan"], [("09:00", "13:00")])

        offers = self.view("/offers", minutes=60, skill="engine", technician="ma-chao", limit=2)[1]
        self.assertEqual([offer["start_at"][11:16] for offer in offers], ["09:00", "09:15"])
        offer = offers[0]
        job = {"job": "R1", "customer": "c1", "skill": "engine", "minutes": 60,
               **{name: offer[name] for name in ("technician", "bay", "start_at")}}
        self.assertEqual(self.act("book", **job)[0], 200)
        status, refused = self.act("book", **{**job, "job": "R2"})
        self.assertEqual((status, refused["data"]["reason"]), (409, "overlap"))
        again = self.view("/offers", minutes=60, skill="engine", technician="ma-chao", limit=1)[1][0]
        self.assertEqual(again["start_at"][11:16], "10:15")             # the hour and the buffer
        self.assertEqual(self.act("book", job="R2", customer="c2", skill="engine", minutes=60, rework=True,
                                  **{name: again[name] for name in ("technician", "bay", "start_at")})[0], 200)

        shown = self.act("delay", job="R1", minutes=30, strategy="same_technician", preview=True)[1]
        self.assertEqual(shown["type"], "workshop.shown")
        pushed = {change["job"]: change["start_at"][11:16] for change in shown["data"]["changes"]}
        self.assertEqual(pushed, {"R1": "09:00", "R2": "10:45"})
        self.assertEqual(self.view()[1]["revision"], 2)                 # nothing has changed
        applied = self.act("delay", job="R1", minutes=30, strategy="same_technician", revision=shown["data"]["revision"])
        self.assertEqual(applied[0], 200)
        self.assertEqual([each["start_at"][11:16] for each in self.view()[1]["jobs"]], ["09:00", "10:45"])
        self.drawn()

    def drawn(self):
        lines = self.board(LANG="C.UTF-8")
        row = next(line for line in lines if line.startswith("ma-chao"))
        self.assertIn("=R1===.!R2!", row)
        self.assertIn("= planned", "\n".join(lines))
        self.assertIn("已排", "\n".join(self.board(LANG="zh_CN.UTF-8")))

    def waiting(self, *words, code=0, language="zh_CN.UTF-8"):
        done = subprocess.run([f"{BIN}/care", "board", "--waiting", "--day", "2026-03-11", *words], capture_output=True, text=True,
                              timeout=60, env={**os.environ, "CARELINE_DIR": str(self.system.dir), "CARELINE_SITE": "sample",
                                               "LANG": language})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_the_waiting_room_shows_each_cars_stage_masked(self):
        status = self.system.post({"type": "customer.recorded", "site": "sample", "source": "desk", "id": "w1", "customer": "wang",
                                   "data": {"name": "王芳", "mobile": "13800000001"}})[0]
        self.assertIn(status, (200, 201))
        place = {"technician": "ma-chao", "bay": "lift-1", "skill": "engine", "minutes": 60, "customer": "wang"}
        self.assertEqual(self.act("book", job="W1", start_at="2026-03-11T09:00:00+08:00", **place)[0], 200)
        one = self.view("/waiting/W1", day="2026-03-11")[1]
        self.assertEqual((one["name"], one["stage"], one["zh"], one["late"]), ("*芳", "planned", "待施工", False))
        # with the workshop's playbook a car has the stages that customers know
        subprocess.run([f"{BIN}/care", "--dir", self.system.dir, "apply", ROOT / "deploy/templates/workshop.yaml",
                        ROOT / "deploy/playbooks/workshop.yaml"], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(self.act("book", job="W2", start_at="2026-03-11T10:15:00+08:00", **place)[0], 200)
        two = wait_for(lambda: (lambda car: car if car["stage"] == "appointment" else None)(
            self.view("/waiting/W2", day="2026-03-11")[1]), 20, "the stage of the plan")
        self.assertEqual((two["name"], two["zh"], two["en"]), ("*芳", "预约待到店", "expected"))
        self.assertEqual(two["hand_over_at"][11:16], "11:30")
        screen = self.waiting()
        self.assertIn("预约待到店", screen)
        self.assertNotIn("王", screen)
        self.assertIn("W2", self.waiting("W2"))
        self.assertNotIn("W1", self.waiting("W2"))
        self.waiting("W9", code=1)

    def test_a_closed_day_is_drawn_empty(self):
        lines = self.board("--day", "2026-03-15")
        self.assertIn("ma-chao       ||", lines)

    def test_what_is_wrong_is_told(self):
        for path, arguments, status in [("", {"day": "2026-02-30"}, 400), ("", {"day": "tomorrow"}, 400), ("", {"site": "nowhere"}, 404),
                                        ("/offers", {}, 400), ("/offers", {"minutes": 60, "technician": "nobody"}, 400),
                                        ("/offers", {"minutes": 60, "ready_by": "soon"}, 400), ("/other", {}, 404)]:
            self.assertEqual(self.view(path, **arguments)[0], status, (path, arguments))


if __name__ == "__main__":
    unittest.main()
