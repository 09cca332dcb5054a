"""A form, a stage, a wait and a rule that comes again, with real processes: what scenarios show in memory."""
import subprocess
import unittest

from system import BIN, ROOT, System, wait_for

PLAYBOOK = ROOT / "tests/flows/language/forms.yaml"
TEMPLATES = ROOT / "tests/flows/language/templates.yaml"


class Language(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System().start()
        for path in (TEMPLATES, PLAYBOOK):
            subprocess.run([f"{BIN}/care", "--dir", cls.system.dir, "apply", path], check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def types(self, kind):
        return [event for event in self.system.log() if event["type"] == kind]

    def fill(self, status, **data):
        answered, _, body = self.system.act("form.fill", data)
        self.assertEqual(answered, status, body)
        return body

    def test_a_form_walks_to_its_end(self):
        self.fill(409, form="need", number="N1", fields={"urgency": "soon"})
        begun = self.fill(200, form="need", number="N1", fields={"what": "seat", "about_whom": "Mr Wang"})
        self.assertEqual(begun["type"], "form.begun")
        self.assertEqual(self.fill(200, form="need", number="N1", fields={"urgency": "high"})["type"], "form.filled")
        wait_for(lambda: self.types("task.opened"), 20, "the task that the form leads to")
        self.fill(200, form="execution", number="E1", task="sample/need.N1.do-it", fields={"state": "in_progress"})
        wait_for(lambda: [event for event in self.types("plan.stage_entered") if event["data"]["stage"] == "finish"], 20, "the last stage")
        self.fill(200, form="execution", number="E1", fields={"state": "done"})
        wait_for(lambda: len(self.types("plan.finished")) == 2, 20, "both plans to end")
        opened = [event for event in self.system.log() if "Wang" in str(event)]
        self.assertEqual(opened, [], "personal fields in the open")


if __name__ == "__main__":
    unittest.main()
