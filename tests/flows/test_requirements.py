"""The table of promises tells what holds and what does not: tried with a care that finds everything good, and with one that
finds nothing good."""
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def table(care, *options):
    done = subprocess.run([sys.executable, str(HERE / "requirements"), "--care", care, "--quick", *options], stdout=subprocess.PIPE, timeout=100)
    text = done.stdout.decode()
    return done.returncode, dict(re.findall(r"^([A-Z]\d+) +(shown|language|FAILS|not run|none) ", text, re.M)), text


class Requirements(unittest.TestCase):
    def test_what_holds_is_shown(self):
        code, rows, text = table("true")
        self.assertEqual(code, 0)
        self.assertEqual(rows["F1"], "shown")
        self.assertNotIn("FAILS", rows.values())
        self.assertIn("delivery-follow-up ok", text)
        self.assertIn(f"{len(rows)} rows: {list(rows.values()).count('shown')} shown", text)

    def test_what_does_not_hold_is_not(self):
        code, rows, text = table("false")
        self.assertEqual(code, 1)
        self.assertEqual(set(rows.values()) - {"none", "not run"}, {"FAILS"})
        self.assertIn("delivery-follow-up FAILS", text)

    def test_strict_asks_for_every_row(self):
        code, rows, _ = table("true", "--strict")
        self.assertEqual(code, 0 if set(rows.values()) == {"shown"} else 1)

    def test_the_catalogue_is_whole(self):
        text = (HERE / "README.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| ([A-Z])(\d+) \|", text, re.M)
        for letter, last in {"U": 9, "F": 18, "K": 12, "S": 14, "N": 7}.items():
            self.assertEqual([int(number) for found, number in rows if found == letter], list(range(1, last + 1)))


if __name__ == "__main__":
    unittest.main()
