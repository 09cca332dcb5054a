#!/usr/bin/env python3
"""Whatever can go into a log as a warning or an error, and whatever can alert, has its entry in deploy/RUNBOOK.md, with the
level it has; and no entry is about something that there is not any more. Metrics that alerts and dashboard ask for exist."""
import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MONITORING = ROOT / "deploy" / "monitoring"
RUNBOOK = ROOT / "deploy" / "RUNBOOK.md"
CALL = re.compile(r"\blog_(warn|error)\(([^,;)]*)")
NAME = re.compile(r'"([a-z_]+(?:\.[a-z_]+)+)"')
EVENT_HEADING = re.compile(r"^### `([a-z_.]+)` \((warn|error)\)$", re.M)
ALERT_HEADING = re.compile(r"^### ([A-Z]\w+)$", re.M)
ALERT = re.compile(r"^ *- alert: (\w+)$", re.M)
METRIC_IN_CODE = re.compile(r'(?:METRIC_\w+,|COUNTER\(|GAUGE\()\s*"(careline_\w+)"')
METRIC = re.compile(r"\bcareline_\w+")


def sources():
    for folder in ["proto", "common", "services"]:
        yield from sorted((ROOT / folder).rglob("*.c"))


def logged(text):
    """(level, name) of each call, and the calls that have no name that can be read here."""
    pairs, nameless = set(), []
    for level, argument in CALL.findall(text):
        names = NAME.findall(argument)
        pairs |= {(level, name) for name in names}
        if not names:
            nameless.append(argument)
    return pairs, nameless


def in_code():
    pairs = set()
    for path in sources():
        found, nameless = logged(path.read_text())
        if nameless:
            raise AssertionError(f"{path.relative_to(ROOT)} logs under no fixed name: {nameless}")
        pairs |= found
    return pairs


def exported():
    return {name for path in sources() for name in METRIC_IN_CODE.findall(path.read_text())}


def alerts():
    return ALERT.findall((MONITORING / "alerts.yaml").read_text())


class Runbook(unittest.TestCase):
    def test_every_warning_and_error_has_its_entry(self):
        entries = {(level, name) for name, level in EVENT_HEADING.findall(RUNBOOK.read_text())}
        code = in_code()
        self.assertGreater(len(code), 15)
        self.assertEqual(sorted(code - entries), [], "in the code, without an entry in deploy/RUNBOOK.md")
        self.assertEqual(sorted(entries - code), [], "in deploy/RUNBOOK.md, but not in the code any more")

    def test_every_alert_has_its_entry(self):
        self.assertEqual(sorted(ALERT_HEADING.findall(RUNBOOK.read_text())), sorted(alerts()))

    def test_every_entry_says_what_to_do(self):
        for entry in re.split(r"^### ", RUNBOOK.read_text(), flags=re.M)[1:]:
            self.assertIn("*Do:*", entry, entry.splitlines()[0])

    def test_links_lead_somewhere(self):
        text = RUNBOOK.read_text()
        anchors = {name.lower() for name in ALERT_HEADING.findall(text)}
        self.assertLessEqual(set(re.findall(r"\]\(#(\w+)\)", text)), anchors)

    def test_a_call_is_read_as_it_is_written(self):
        text = 'log_warn(up ? "store.back" : "store.gone",\n log_text("a.b", x)); log_error("daemon.start");'
        self.assertEqual(logged(text), ({("warn", "store.back"), ("warn", "store.gone"), ("error", "daemon.start")}, []))
        self.assertEqual(logged("log_error(name, x);"), (set(), ["name"]))


class Metrics(unittest.TestCase):
    def asked_for(self):
        dashboard = json.loads((MONITORING / "dashboard.json").read_text())
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        return set(METRIC.findall((MONITORING / "alerts.yaml").read_text())), set(METRIC.findall(" ".join(expressions)))

    def test_what_is_asked_for_is_exported(self):
        in_alerts, in_dashboard = self.asked_for()
        self.assertEqual(sorted((in_alerts | in_dashboard) - exported()), [])

    def test_what_is_exported_is_looked_at(self):
        in_alerts, in_dashboard = self.asked_for()
        self.assertEqual(sorted(exported() - in_alerts - in_dashboard), [])

    def test_every_alert_is_tested(self):
        tested = re.findall(r"^ *alertname: (\w+)\n *exp_alerts:\n", (MONITORING / "alerts_test.yaml").read_text(), re.M)
        self.assertEqual(sorted(set(tested)), sorted(alerts()))


if __name__ == "__main__":
    unittest.main()
