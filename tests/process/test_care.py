"""The command line against a whole system: what clerks and operators type, what they read, how it ends."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from system import BIN, ROOT, System, needs_own_redis, wait_for

CASE_KEYS = {"id", "source_id", "site", "customer", "channel", "category", "also", "grade", "state", "role", "assignee", "opened_at", "clocks"}
CLOCK_KEYS = {"name", "due_at", "state", "why"}
TASK_KEYS = {"id", "kind", "customer", "site", "role", "assignee", "due_at", "deadline_at", "window", "attempts", "outcome", "cause"}
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00$"
REFUSED, USAGE, NO_ANSWER, MISTAKES = 1, 2, 3, 4


class Care:
    """Runs care for one system."""

    def __init__(self, directory):
        self.environment = {**os.environ, "CARELINE_DIR": str(directory), "LANG": "C.UTF-8"}
        for name in ("LC_ALL", "CARELINE_URL", "CARELINE_KEY", "CARELINE_SITE", "CARELINE_ACTOR"):
            self.environment.pop(name, None)

    def run(self, *words, given=None, **environment):
        return subprocess.run([f"{BIN}/care", *words], input=given, capture_output=True, text=True, timeout=60,
                              env={**self.environment, **environment})

    def good(self, *words, **more):
        done = self.run(*words, **more)
        if done.returncode:
            raise AssertionError(f"care {' '.join(words)}: {done.returncode} {done.stderr}")
        return done.stdout

    def list(self, *words):
        return json.loads(self.good(*words, "--json"))


class Commands(unittest.TestCase):
    """Saturday afternoon: a car was delivered on Friday and the shop calls at 15:00."""

    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", "2026-03-07T15:10:00+08:00", "--speed", "60").start()
        cls.care = Care(cls.system.dir)

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def refused(self, code, said, *words, **more):
        done = self.care.run(*words, **more)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        self.assertIn(said, done.stderr)

    def deliver(self, order, mobile):
        """A task on the list, of its own customer; its local id."""
        self.care.good("post", "car.delivered", f"order={order}", "customer.name=王芳", f"customer.mobile={mobile}",
                       "--at", "2026-03-06 14:00")
        task = f"{order}.first-follow-up"
        wait_for(lambda: any(t["id"] == f"sample/{task}" for t in self.care.list("tasks", "--state", "open")), 20, task)
        return task

    def complain(self, number, mobile, *more):
        self.care.good("post", "complaint.received", f"complaint={number}", "channel=phone", "customer.name=赵六",
                       f"customer.mobile={mobile}", *more)
        wait_for(lambda: any(c["id"] == f"sample/{number}" for c in self.care.list("cases")), 20, number)

    def test_the_screen_of_a_call(self):
        """F17 The agent sees who is called and what was before, the script with its branches, what not to say, the questions and
        what comes next; what was understood and agreed stands on the task and on the case."""
        for visit in ("SC1", "SC2"):
            self.care.good("post", "visit.finished", f"visit={visit}", "kind=repair", "customer.name=周海", "customer.mobile=13700000171",
                           "--at", "2026-03-06 14:00")
            task = f"{visit}.repair-follow-up"
            wait_for(lambda: any(t["id"] == f"sample/{task}" for t in self.care.list("tasks", "--state", "open")), 20, task)
            self.care.good("claim", task, "--agent", "han-xue")
            if visit == "SC1":
                self.care.good("outcome", task, "completed", "--satisfaction", "5", "--agent", "han-xue")
        screen = self.care.list("screen", task, "--lang", "en")
        self.assertEqual((screen["task"]["id"], screen["customer"]["name"], screen["language"]), (f"sample/{task}", "周海", "en"))
        self.assertEqual([(t["id"], t["outcome"], t["satisfaction"]) for t in screen["history"]["tasks"]],
                         [("sample/SC1.repair-follow-up", "completed", 5)])
        self.assertEqual({past["about"] for past in screen["history"]["happened"] if past["what"] == "visit.finished"}, {"SC1", "SC2"})
        lines = {line["line"]: line for line in screen["script"]}
        self.assertIn("周海", lines["leave"]["text"])
        self.assertEqual({reply["reply"]: reply["goto"] for reply in lines["leave"]["replies"]},
                         {"agreed": "ask", "not-now": "later", "refused": "farewell", "not-me": "wrong-person"})
        self.assertEqual((lines["farewell"]["ends"], lines["ask"]["questions"]), ("refused", True))
        self.assertEqual(lines["not-fixed"]["when"], [{"of": "answer.fault_gone", "not": False, "values": ["no"]}])
        self.assertIn({"avoid": "That cannot be", "instead": "Let me find out what happened"}, screen["avoid"])
        self.assertEqual([q["question"] for q in screen["questions"]][:3], ["identity", "fault_gone", "satisfaction"])
        self.assertTrue({o["outcome"]: o for o in screen["next"]["outcomes"]}["dissatisfied"]["complaint"])
        read = self.care.good("screen", task, "--lang", "zh")
        for said in ("您好，请问是周海吗", "这不可能", "彻底解决了吗", "不想接受回访 -> [farewell]"):
            self.assertIn(said, read)

        self.refused(REFUSED, "read_back: the customer is not content", "outcome", task, "completed", "--satisfaction", "1", "--agent", "han-xue")
        self.care.good("outcome", task, "completed", "--satisfaction", "1", "--agent", "han-xue", "--understood", "空调仍有异响",
                       "--read-back", "yes", "--remedy", "周五优先复检")
        shown = json.loads(self.care.good("tasks", task))
        self.assertEqual((shown["read_back"], shown["understood"], shown["remedy"]), ("yes", "空调仍有异响", "周五优先复检"))
        wait_for(lambda: any(c["id"] == f"sample/{task}" for c in self.care.list("cases")), 20, "the case")
        case = self.care.list("case", task)
        self.assertEqual((case["read_back"], case["understood"], case["remedy"]), ("yes", "空调仍有异响", "周五优先复检"))
        self.assertIn("周五优先复检", self.care.good("case", task))
        self.refused(REFUSED, "there is none", "screen", "nothing")

    # ---- facts

    def test_customers_as_one_object_flat_or_by_id(self):
        self.care.good("post", "car.delivered", "order=C1", "customer.name=李强", "customer.mobile=13900000001")
        self.care.good("post", "car.delivered", "order=C2", "name=李强", "mobile=139 0000 0001")
        event = {"id": "C3", "source": "dms", "type": "car.delivered", "site": "sample",
                 "data": {"order": "C3", "customer": {"name": "李强", "mobile": "13900000001"}}}
        self.assertEqual(self.system.post(event)[0], 201)
        self.care.good("post", "car.delivered", "order=C4", "customer=W-17")
        self.system.settle()
        by_order = {plan["about"]: plan["customer"] for plan in self.care.list("plans")}
        self.assertEqual(by_order["C1"], by_order["C2"])
        self.assertEqual(by_order["C1"], by_order["C3"])
        self.assertEqual(by_order["C4"], "W-17")

    def test_two_records_of_one_person(self):
        for customer, mobile in (("M-1", "13800000021"), ("M-2", "13800000022")):
            self.care.good("post", "customer.recorded", f"customer={customer}", "name=王先生", f"mobile={mobile}")
        self.system.settle()
        self.assertIn("customer.merged", self.care.good("customer", "merge", "M-1", "M-2", "--reason", "same person"))
        self.assertEqual(self.care.list("customers", "M-2")["merged_into"], "M-1")
        self.assertEqual(self.care.list("customers", "M-1")["merged"], ["M-2"])
        self.refused(REFUSED, "merged into M-1 already", "customer", "merge", "M-1", "M-2")
        self.care.good("customer", "unmerge", "M-1", "M-2")
        self.assertEqual(self.care.list("customers", "M-2")["merged_into"], "")
        self.assertEqual(self.care.list("customers", "M-2")["name"], "王先生")
        self.refused(REFUSED, "not_found", "customer", "merge", "M-1", "M-9")
        self.refused(USAGE, "care customer merge A B", "customer", "merge", "M-1")

    def test_facts_by_file_and_standard_input(self):
        facts = [{"type": "car.delivered", "data": {"order": "F1"}}, {"type": "car.delivered", "data": {"order": 5}}]
        done = self.care.run("post", "--file", "-", given=json.dumps(facts))
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("data.order", done.stderr)
        self.assertEqual([r["status"] for r in json.loads(done.stdout)["results"]], ["new", "refused"])
        self.refused(MISTAKES, "-:1:1", "post", "--file", "-", given="{")

    def test_what_is_wrong_is_named(self):
        for code, said, words in [
            (USAGE, "car.deliverd", ["post", "car.deliverd", "order=1"]),
            (USAGE, "colour", ["post", "car.delivered", "order=1", "colour=red"]),
            (USAGE, "data.order", ["post", "car.delivered", "name=x"]),
            (USAGE, "data.amount_cents", ["post", "car.delivered", "order=1", "amount_cents=much"]),
            (USAGE, "data.customer.shoe", ["post", "car.delivered", "order=1", "customer.shoe=43"]),
            (USAGE, "system itself", ["post", "task.closed", "task=x"]),
            (USAGE, "no option", ["tasks", "--agnet", "x"]),
            (USAGE, "state", ["tasks", "--state", "opn"]),
            (USAGE, "whole number", ["outcome", "x", "completed", "--satisfaction", "good"]),
            (USAGE, "no command", ["taskz"]),
            (REFUSED, "not_found", ["outcome", "none", "completed"]),
            (REFUSED, "none with this id", ["case", "none"]),
            (REFUSED, "names no", ["trace", "nothing-of-that-name"]),
            (REFUSED, "nobody of the staff", ["claim", "--agent", "nobody"]),
            (NO_ANSWER, "names no system", ["tasks", "--dir", "/nowhere"]),
            (NO_ANSWER, "http://127.0.0.1:1", ["tasks", "--url", "http://127.0.0.1:1"]),
        ]:
            with self.subTest(words=words):
                self.refused(code, said, *words)

    # ---- work

    def test_a_task_from_claim_to_correction(self):
        task = self.deliver("T1", "13800000011")
        self.assertIn("task.claimed", self.care.good("claim", task, "--agent", "han-xue"))
        self.refused(REFUSED, "taken", "claim", f"sample/{task}", "--agent", "fang-min")
        self.care.good("release", task, "--reason", "meeting")
        self.care.good("reassign", task, "fang-min")
        self.assertIn(task, self.care.good("tasks", "--agent", "fang-min"))
        self.assertNotIn(task, self.care.good("tasks", "--agent", "han-xue"))
        self.refused(REFUSED, "claim it first", "outcome", task, "completed", "--satisfaction", "4", "--agent", "fang-min")
        self.care.good("claim", task, "--agent", "fang-min")
        self.refused(REFUSED, "bad_value", "outcome", task, "completed", "--satisfaction", "9", "--agent", "fang-min")
        self.care.good("outcome", task, "completed", "--satisfaction", "5", "--agent", "fang-min", "--seconds", "90")
        self.refused(USAGE, "OUTCOME", "outcome", task, "completed", "--satisfaction", "2", "--correct")
        self.care.good("outcome", task, "completed", "--satisfaction", "2", "--correct", "--reason", "typed wrong")
        shown = json.loads(self.care.good("tasks", task))
        self.assertEqual((shown["state"], shown["outcome"], shown["satisfaction"]), ("closed", "dissatisfied", 2))
        self.assertTrue(TASK_KEYS <= set(shown), TASK_KEYS - set(shown))
        self.assertRegex(shown["due_at"], TIME)

    def test_times_without_an_offset_are_the_shops(self):
        task = self.deliver("T2", "13800000012")
        self.assertIn("2026-03-09T16:00:00.000+08:00", self.care.good("reschedule", task, "2026-03-09 16:00"))
        self.refused(USAGE, "data.at", "reschedule", task, "tomorrow")

    def test_who_complains_is_not_asked_for_a_score(self):
        task = self.deliver("T3", "13800000013")
        self.care.good("claim", task, "--agent", "han-xue")
        self.care.good("outcome", task, "completed", "--complaint", "车窗漏水", "--agent", "han-xue")
        self.assertEqual(json.loads(self.care.good("tasks", task))["outcome"], "dissatisfied")
        wait_for(lambda: any(c["task"] == f"sample/{task}" for c in self.care.list("cases")), 20, "a case")

    def test_absence(self):
        self.care.good("absent", "du-juan", "--reason", "ill")
        self.refused(REFUSED, "absent", "claim", "--agent", "du-juan")
        self.care.good("absent", "du-juan", "--back")

    # ---- complaints

    def test_a_case_with_its_clocks(self):
        self.complain("K1", "13800000021", "text=刹车失灵")
        case = self.care.list("case", "K1")
        self.assertTrue(CASE_KEYS <= set(case), CASE_KEYS - set(case))
        self.assertEqual((case["category"], case["grade"], case["channel"]), ("product_quality", "major", "phone"))
        for clock in case["clocks"]:
            self.assertTrue(CLOCK_KEYS <= set(clock))
            self.assertRegex(clock["due_at"], TIME)
            self.assertTrue(clock["why"])
        shown = self.care.good("case", "K1")
        for clock in case["clocks"]:
            self.assertIn(clock["due_at"], shown)
            self.assertIn(clock["why"], shown)

    def test_acts_on_a_case(self):
        self.complain("K2", "13800000022", "text=服务态度")
        self.care.good("case", "K2", "acknowledge")
        self.care.good("case", "sample/K2", "assess", "--category", "price", "--grade", "minor", "--reason", "about money")
        self.assertIn("2026-03-10T10:00:00.000+08:00", self.care.good("case", "K2", "promise", "--at", "2026-03-10 10:00"))
        self.refused(USAGE, "data.grade", "case", "K2", "assess", "--grade", "huge")
        self.refused(REFUSED, "wrong_state", "case", "K2", "reopen")
        self.assertEqual(self.care.list("case", "K2")["category"], "price")

    def test_what_led_to_what(self):
        self.complain("K3", "13800000023", "text=交车延迟")
        self.system.settle()
        for name in ("K3", "sample/K3"):
            trace = self.care.list("trace", name)
            levels = {event["type"]: event["level"] for event in trace}
            self.assertEqual(trace[0]["type"], "complaint.received")
            self.assertGreater(levels["case.opened"], levels["complaint.received"])
            self.assertIn("notice.sent", levels)            # what it led to, too

    # ---- messages

    def test_sending_pauses_and_goes_on(self):
        self.care.good("notices", "pause", "--reason", "gateway is moved")
        self.complain("N1", "13800000031", "text=价格")
        self.system.settle()
        mine = [n for n in self.care.list("notices") if n["id"].startswith("sample/N1.")]
        self.assertTrue(mine)
        self.assertNotIn("sent", {n["state"] for n in mine})
        self.care.good("notices", "resume")
        wait_for(lambda: {"sent"} == {n["state"] for n in self.care.list("notices") if n["id"].startswith("sample/N1.")}, 20, "sent")
        self.assertEqual(self.care.list("notices", "--dead"), [])
        self.refused(REFUSED, "not_found", "notices", "resend", "none")

    # ---- the installation

    def test_status_and_check(self):
        status = self.care.list("status")
        self.assertEqual([s["stage"] for s in status["stages"]], ["scheduler", "follow-up", "complaint-router", "notifier"])
        for stage in status["stages"]:
            self.assertTrue({"replicas", "partitions", "of", "lag", "oldest_due"} <= set(stage))
        self.assertIn("complaint-router", self.care.good("status"))
        self.assertIn("环节", self.care.good("status", LANG="zh_CN.UTF-8"))
        self.assertIn("环节", self.care.good("status", "--lang", "zh"))
        self.system.settle()
        self.assertTrue(self.care.list("check")["consistent"])

    def test_tail_by_type_from_the_start(self):
        self.care.good("post", "car.delivered", "order=L1")
        lines = self.care.good("tail", "--from", "start", "--type", "config.activated", "--once", "--json").splitlines()
        self.assertEqual({json.loads(line)["type"] for line in lines}, {"config.activated"})
        self.assertEqual(len(lines), 5)                               # calendar, texts, playbook, staff, workshop
        self.refused(USAGE, "type", "tail", "--type", "car.deliverd", "--from", "start", "--once")

    def test_settings_with_mistakes_change_nothing(self):
        before = self.system.get("/v1/config?site=sample")
        with tempfile.TemporaryDirectory() as folder:
            for path, old, new in [("playbooks/auto-dealer.yaml", "after: 2h", "aftr: 2h"), ("sample/staff.yaml", "roles:", "rolls:")]:
                text = (ROOT / "deploy" / path).read_text()
                self.assertIn(old, text)
                (pathlib.Path(folder) / pathlib.Path(path).name).write_text(text.replace(old, new, 1))
            done = self.care.run("apply", folder)
        self.assertEqual(done.returncode, MISTAKES)
        for said in ("aftr", "did you mean after", "rolls", "nothing was stored"):
            self.assertIn(said, done.stderr)
        self.assertEqual(self.system.get("/v1/config?site=sample"), before)


class Offline(unittest.TestCase):
    def test_every_command_stands_in_a_group_and_has_an_example_that_can_be_typed(self):
        care = Care("/nonexistent")
        overview = care.good("--help")
        self.assertNotIn("\nMore\n", overview, "a command without a group")
        names = re.findall(r"^  ([a-z]+) +\S", overview.split("care COMMAND --help")[0], re.M)
        self.assertEqual(len(names), len(set(names)))
        self.assertGreater(len(names), 30)
        for name in names:
            said = care.good(name, "--help")
            [example] = re.findall(r"^Example:\n  care (.+)$", said, re.M)
            words = shlex.split(example)
            self.assertEqual(words[0], name, example)
            self.assertEqual(care.good(*words, "--help"), said, "its options are known")

    def test_help_tells_every_option(self):
        care = Care("/nowhere")
        overview = care.good("--help")
        self.assertIn("命令", care.good("--help", "--lang", "zh"))
        commands = [line.split()[0] for line in overview.splitlines() if line.startswith("  ") and line[2:3].isalpha()]
        self.assertIn("simulate", commands)
        for name in commands:
            with self.subTest(command=name):
                self.assertIn(f"care {name}", care.good(name, "--help"))

    def test_every_shipped_playbook_is_checked_and_read_back(self):
        care = Care("/nonexistent")
        for path in sorted((ROOT / "deploy" / "playbooks").glob("*.yaml")):
            steps = re.findall(r"^ +- (?:message|call|form|wait|approval|checklist|deadline|visit|set): ([a-z][a-z-]*)$", path.read_text(), re.M)
            self.assertIn("no mistakes", care.good("playbook", "check", str(path)))
            for language in ("en", "zh"):
                with self.subTest(playbook=path.stem, language=language):
                    said = care.good("playbook", "explain", str(path), "--lang", language)
                    self.assertEqual([step for step in steps if step not in said], [])

    def test_a_playbook_is_read_back_in_sentences(self):
        care, path = Care("/nonexistent"), str(ROOT / "deploy" / "playbooks" / "auto-dealer.yaml")
        self.assertIn("first-follow-up: 1d after it, in the window follow-up, by 3d at the latest: follow-up-agent calls; questions: sales-vip "
                      "if customer.class is key; sales-standard; tried 3 times, apart: 2h, 1d\n      if dissatisfied: a complaint is opened;",
                      care.good("playbook", "explain", path, "--lang", "en"))
        self.assertIn("first-follow-up：此事之后1天，在时段“follow-up”内，最迟3天：由回访员致电；问卷：sales-vip（当customer.class是key）；"
                      "sales-standard；最多拨打3次，间隔2小时、1天\n      若不满意：立即立案投诉；", care.good("playbook", "explain", path, "--lang", "zh"))

    def test_a_playbook_is_tried_with_one_fact(self):
        care, deploy = Care("/nonexistent"), ROOT / "deploy"
        words = ["playbook", "simulate", str(deploy / "playbooks" / "auto-dealer.yaml"), "--calendar", str(deploy / "calendars" / "sample.yaml"),
                 "--at", "2026-03-06 16:00", "--event"]
        rows = {row["name"]: row for row in care.list(*words, "car.delivered", "order=1")}
        self.assertEqual({name: row["due_at"][:16] for name, row in rows.items()},
                         {"delivery-thanks": "2026-03-06T18:00", "first-follow-up": "2026-03-07T16:00", "week-care": "2026-03-13T16:00"})
        self.assertIn("Fri 2026-03-06 16:00 + 1d", rows["first-follow-up"]["why"])
        clocks = {row["name"]: row for row in care.list(*words, "complaint.received", "complaint=C1", "channel=phone", "text=突然熄火")}
        self.assertIn("first_response", clocks)
        self.assertEqual(care.list(*words, "customer.recorded", "customer.name=王芳"), [])
        for wrong in (["car.deliverd", "order=1"], ["car.delivered", "ordr=1"], ["task.opened"]):
            self.assertEqual(care.run(*words, *wrong).returncode, USAGE, wrong)

    def test_a_scenario_from_any_directory(self):
        scenario = ROOT / "tests" / "flows" / "delivery-follow-up.yaml"
        deploy = [] if pathlib.Path(BIN).is_relative_to(ROOT) else ["--deploy", str(ROOT / "deploy")]
        done = subprocess.run([f"{BIN}/care", "simulate", *deploy, str(scenario)], cwd="/", capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "1 passed, 0 failed"), done.stderr)


@needs_own_redis
class Backup(unittest.TestCase):
    def test_a_restored_copy_is_the_same(self):
        kept = pathlib.Path(tempfile.mkdtemp(prefix="careline-test-"))
        self.addCleanup(shutil.rmtree, kept, True)
        lists = [("cases",), ("tasks",), ("customers",), ("notices",), ("plans",)]
        with System() as system:
            care = Care(system.dir)
            care.good("post", "car.delivered", "order=B1", "customer.name=王芳", "customer.mobile=13800000001")
            care.good("post", "complaint.received", "complaint=B2", "channel=phone", "customer.mobile=13800000001", "text=异响")
            wait_for(lambda: any(n["state"] == "sent" for n in care.list("notices")), 20, "a message")
            system.settle()
            before = [care.list(*words) for words in lists]
            care.good("backup", str(kept / "copy"))
            self.assertEqual(care.run("backup", str(kept / "copy")).returncode, REFUSED)
        done = Care(kept).run("restore", str(kept / "copy"), "--dir", str(kept / "again"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(Care(kept).run("restore", str(kept / "copy"), "--dir", str(kept / "again")).returncode, REFUSED)
        with System(directory=kept / "again", keep=True) as system:
            care = Care(system.dir)
            self.assertEqual([care.list(*words) for words in lists], before)
            self.assertEqual(care.list("case", "B2")["text"], "异响")        # its key came along
            self.assertTrue(care.list("check")["consistent"])


class Settings(unittest.TestCase):
    def test_several_sets_of_texts(self):
        """Sets of different names are in force side by side; what a playbook lacks, or may take from two, is said."""
        with System() as system, tempfile.TemporaryDirectory() as folder:
            care, file = Care(system.dir), pathlib.Path(folder) / "one.yaml"

            def apply(text):
                file.write_text(text)
                done = care.run("apply", str(file))
                self.assertEqual(done.returncode, 0, done.stderr)
                return done.stderr

            self.assertEqual(apply("templates: club\ntexts: { card: { en: x }, hello: { en: x } }\n"), "")
            kinds = [(one["kind"], one["name"]) for one in system.get("/v1/config?site=sample")]
            self.assertLess(kinds.index(("templates", "auto-dealer")), kinds.index(("templates", "club")))
            self.assertIn('playbook auto-dealer takes the text "delivery-thanks" from the set auto-dealer, though second has it',
                          apply("templates: second\ntexts: { delivery-thanks: { en: x } }\n"))
            rule = "rules:\n  - on: car.delivered\n    steps: [{ message: %s }]\n"
            self.assertIn('names the text "cart", which no templates in force or given with it have\n',
                          apply("playbook: club\n" + rule % "cart"))
            self.assertIn('names the text "car-lent", which no templates in force or given with it have in the set club\n',
                          apply("playbook: club\ntemplates: club\n" + rule % "car-lent"))
            self.assertIn('takes its texts from the set "gone", which is not in force',
                          apply("playbook: club\ntemplates: gone\n" + rule % "card"))
            self.assertNotIn("one.yaml", apply("playbook: club\ntemplates: club\n" + rule % "card"))

    def test_a_text_is_looked_at_before_it_is_sent(self):
        """N1 A template is previewed in both languages, for a customer, by channel; nothing is sent."""
        with System() as system:
            care = Care(system.dir)
            care.good("post", "customer.recorded", "name=王芳", "mobile=13800000001", "--customer", "wang")
            wait_for(lambda: care.list("customers"), 10, "the customer")
            text = care.run("template", "preview", "delivery-thanks", "--customer", "wang", "model=UNI-T", "--lang", "zh").stdout
            self.assertIn("-- sms, zh-CN, auto-dealer", text)
            self.assertIn("恭喜您喜提UNI-T", text)
            self.assertIn("星驰汽车服务中心", text)
            self.assertIn("主题：感谢您选择星驰汽车服务中心", text)
            text = care.run("template", "preview", "delivery-thanks", "--channel", "sms", "--lang", "en").stdout
            self.assertIn("Xingchi Motors: Hello ‹customer.name›", text)
            self.assertIn("your ‹model›", text)
            self.assertNotIn("email", text)
            self.assertEqual(care.run("template", "preview", "delivery-thank").returncode, REFUSED)
            self.assertEqual(care.run("template", "preview", "delivery-thanks", "--set", "club").returncode, REFUSED)
            self.assertIn("  delivery-thanks\n", care.run("template").stdout)
            self.assertEqual(care.list("notices"), [])

    def test_templates_are_released_by_somebody_else(self):
        """N5: where the staff list asks for it, a set that somebody applies waits until somebody else puts it in force."""
        text = (ROOT / "deploy" / "templates" / "auto-dealer.yaml").read_text()
        people = (ROOT / "deploy" / "sample" / "staff.yaml").read_text()
        with System() as system, tempfile.TemporaryDirectory() as folder:
            care = Care(system.dir)
            staff, texts = pathlib.Path(folder) / "staff.yaml", pathlib.Path(folder) / "texts.yaml"
            staff.write_text(people.replace("\npeople:", "\ntemplates_released_by: [general-manager]\npeople:", 1))
            texts.write_text(text + "\n# another version\n")
            in_force = lambda: [at["hash"] for at in system.get("/v1/config?site=sample&kind=templates&name=auto-dealer")]
            apply = lambda who, *words: care.run("apply", *words, CARELINE_ACTOR=who)
            care.good("apply", str(ROOT / "deploy" / "templates" / "auto-dealer.yaml"))
            care.good("apply", str(staff))
            before = in_force()
            done = apply("su-qing", str(texts))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("proposed; somebody else puts it in force: care apply --release auto-dealer", done.stdout)
            self.assertEqual(in_force(), before)
            for who, said in ("su-qing", "somebody other than who proposed it"), ("jiang-yue", "somebody of another role"):
                done = apply(who, "--release", "auto-dealer")
                self.assertEqual(done.returncode, REFUSED, done.stdout)
                self.assertIn(said, done.stderr)
                self.assertIn("who may: general-manager", done.stderr)
                self.assertEqual(in_force(), before)
            self.assertEqual([at["by"] for at in system.get("/v1/config?site=sample&proposed=yes")], ["su-qing"])
            done = apply("lu-yuan", "--release", "auto-dealer")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotEqual(in_force(), before)
            self.assertEqual(system.get("/v1/config?site=sample&proposed=yes"), [])
            self.assertEqual(apply("lu-yuan", "--release", "auto-dealer").returncode, REFUSED)

    def test_one_too_many(self):
        """A site has 64 in force at most; the next one is refused by name, and nothing is left out in silence."""
        text = (ROOT / "deploy" / "templates" / "auto-dealer.yaml").read_text()
        with System() as system, tempfile.TemporaryDirectory() as folder:
            care, in_force = Care(system.dir), lambda: len(system.get("/v1/config?site=sample"))
            stored = system.http("POST", "/v1/contents", {"kind": "templates", "name": "set", "content": text})[2]["hash"]
            filling = [{"id": f"fill-{number}", "source": "test", "type": "config.activated", "site": "sample",
                        "data": {"kind": "templates", "name": f"set{number}", "hash": stored}} for number in range(64 - in_force())]
            self.assertEqual(system.http("POST", "/v1/events", filling)[0], 200)
            wait_for(lambda: in_force() == 64, 10, "as many as may be")
            (pathlib.Path(folder) / "one.yaml").write_text(re.sub(r"(?m)^templates: .*", "templates: one-more", text))
            done = care.run("apply", folder)
            self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
            self.assertIn("data.name would be one too many: a site has 64 settings in force at most", done.stderr)
            self.assertEqual(in_force(), 64)
            care.good("post", "config.activated", "kind=templates", "name=set0", "--id", "out")
            wait_for(lambda: in_force() == 63, 10, "one is out of force")
            care.good("apply", folder)
            self.assertEqual(in_force(), 64)


if __name__ == "__main__":
    unittest.main()
