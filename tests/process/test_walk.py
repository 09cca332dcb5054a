"""A shop manager's walk: the README's section "A shop of your own", line by line, from an empty site to the first work list."""
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from system import BIN, ROOT, System

SECTION = re.compile(r"^## A shop of your own\n(.*?)^## ", re.M | re.S)


def lines():
    """The commands of the section, as they stand."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line.strip() for line in SECTION.search(text).group(1).splitlines() if line.startswith("    ")]


class Walk(unittest.TestCase):
    def setUp(self):
        self.start, *self.lines = lines()
        arguments = re.fullmatch(r'make run ARGS="(.*)"', self.start)
        self.assertTrue(arguments, self.start)
        options = [word for word in shlex.split(arguments.group(1)) if word != "--empty"]       # System gives that one itself
        self.assertEqual(len(options), len(shlex.split(arguments.group(1))) - 1)
        self.system = System(*options).start()
        self.addCleanup(self.system.close)
        self.place = pathlib.Path(tempfile.mkdtemp(dir=self.system.dir))
        (self.place / "build").mkdir()
        for name, target in [("build/bin", pathlib.Path(BIN).resolve()), ("run", self.system.dir), ("deploy", ROOT / "deploy")]:
            (self.place / name).symlink_to(target)

    def walk(self):
        """Runs all lines in one shell; {line without its remark: what it said}."""
        script = "".join(f"echo '#line {number}'\n{line}\necho \"#code $?\"\n" for number, line in enumerate(self.lines))
        environment = {**{name: value for name, value in os.environ.items() if not name.startswith("CARELINE_")}, "LANG": "C.UTF-8"}
        done = subprocess.run(["bash", "-c", script], cwd=self.place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=100)
        said = {}
        for part in done.stdout.decode().split("#line ")[1:]:
            number, _, rest = part.partition("\n")
            text, _, code = rest.rpartition("#code ")
            line = self.lines[int(number)].split("#")[0].strip()
            self.assertEqual(int(code), 0, f"{line}\n{text}")
            said[line] = text
        self.assertEqual(len(said), len(self.lines))
        return said

    def one(self, said, beginning):
        [text] = [text for line, text in said.items() if line.startswith(beginning)]
        return text

    def test_the_lines_of_the_readme(self):
        said = self.walk()
        self.assertNotIn("note:", self.one(said, "care apply --check"))
        for word in ("staff", "calendar", "templates", "playbook"):
            self.assertRegex(self.one(said, "care apply club"), rf"{word} car-club \w{{16}} in force")
        self.assertIn("verify-member", self.one(said, "care playbook explain"))
        self.assertRegex(self.one(said, "care plans member.M1"), r"verify-member +call +pending +2026-03-05T10:00")
        diff = self.one(said, "care calendar diff")
        self.assertRegex(diff, r"verify-member +2026-03-05T10:00:00.000\+08:00 +2026-03-05T14:30:00.000\+08:00")
        self.assertIn("would move: 1; nothing has been changed", diff)
        self.assertIn("calendar car-club", self.one(said, "care apply --move"))
        plan = self.system.get("/v1/plans/club/member.M1.car-club.verification")
        self.assertTrue(plan["steps"][0]["due_at"].startswith("2026-03-05T14:30"), plan)
        listed = self.one(said, "care tasks --state open")
        self.assertEqual(listed.count("first-contact"), 2, listed)
        self.assertIn("member.M1.first-contact", self.one(said, "care tasks --agent ji-wen"))
        self.assertIn("task.claimed club/member.M1.first-contact", self.one(said, "care claim"))
        customers = {customer["id"]: customer["name"] for customer in self.system.get("/v1/customers?site=club")}
        self.assertEqual([customers[f"club/K{number}"] for number in (1001, 1002, 1003, 1004)], ["李强", "赵敏", "远山旅行社", "周扬"])


if __name__ == "__main__":
    unittest.main()
