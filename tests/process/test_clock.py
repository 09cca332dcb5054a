"""A daemon whose machine's clock is off Redis' by more than a second says so and fires no timer until it is right again."""
import datetime
import json
import os
import pathlib
import shutil
import tempfile
import unittest
import urllib.error
import urllib.request

from system import BIN, DAEMONS, System, delivery, wait_for

FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
OFF_SECONDS = 4
WRAPPER = """#!/bin/sh
export LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={file} FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_CACHE_DURATION=1
export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
exec {program} "$@"
"""


class WrongClocks:
    """Executables like those in BIN, but some of them live by a clock that can be set."""

    def __init__(self, programs):
        if not FAKETIME:
            raise AssertionError("libfaketime is missing: run .ci/install")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="clocks-"))
        self.offset = self.dir / "offset"
        for name in [*DAEMONS, "care"]:
            if name in programs:
                (self.dir / name).write_text(WRAPPER.format(library=FAKETIME, file=self.offset, program=f"{BIN}/{name}"))
                (self.dir / name).chmod(0o755)
            else:
                (self.dir / name).symlink_to(f"{BIN}/{name}")

    def set(self, seconds):
        new = self.dir / "new"
        new.write_text(f"{seconds:+d}\n")
        new.rename(self.offset)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        shutil.rmtree(self.dir)


def said(system, name, what):
    lines = (system.dir / "log" / f"{name}.log").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["what"] == what]


def health(system, name, path):
    endpoints = dict(line.split("=", 1) for line in (system.dir / "endpoints").read_text().splitlines())
    try:
        with urllib.request.urlopen(endpoints[f"health_{name}"] + path, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError:
        return 0, ""                    # it is being started again


def unready(system):
    answer = health(system, "scheduler", "/readyz")
    return answer if answer[0] == 503 and "starting" not in answer[1] else None


def metric(system, name, metric_name):
    lines = health(system, name, "/metrics")[1].splitlines()
    return [float(line.split()[1]) for line in lines if line.split("{")[0].split()[0] == metric_name][0]


def owned(system, name):
    return metric(system, name, "careline_partitions_owned") if health(system, name, "/healthz")[0] == 200 else 0


def due_in(seconds):
    """A delivery whose thanks are due so soon: they go out two hours after it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=-2, seconds=seconds)
    return at.isoformat(timespec="milliseconds")


def fired(system, order):
    """What fired for the plans of an order; a site has timers of its own, too."""
    return [event for event in system.log() if event["type"] == "timer.fired" and order in event["data"]["entity"]]


class Clock(unittest.TestCase):
    def test_a_wrong_clock_fires_nothing_until_it_is_right(self):
        with WrongClocks(["scheduler"]) as clocks:
            clocks.set(0)
            with System("--bin", str(clocks.dir)) as system:
                clocks.set(+OFF_SECONDS)
                system.kill("scheduler")        # the next one knows no other time
                wait_for(lambda: said(system, "scheduler", "clock.off"), 10, "the scheduler says that its clock is off")
                self.assertAlmostEqual(said(system, "scheduler", "clock.off")[0]["by_ms"], OFF_SECONDS * 1000, delta=300)
                _, text = wait_for(lambda: unready(system), 10, "it is not ready")
                self.assertIn("clock", text)
                self.assertEqual(metric(system, "scheduler", "careline_clock_off"), 1)
                self.assertAlmostEqual(metric(system, "scheduler", "careline_clock_offset_ms"), OFF_SECONDS * 1000, delta=300)
                self.assertEqual(health(system, "notifier", "/readyz")[0], 200, "the others' clocks are right")
                self.assertEqual(system.post(delivery("C1", occurred_at=due_in(2)))[0], 201)
                wait_for(lambda: any(e["type"] == "plan.made" for e in system.log()), 10, "events are worked all the same")
                due = redis_now(system) + 2000
                wait_for(lambda: redis_now(system) > due + 1500, 10, "the timer is due, and there was time enough to fire it")
                self.assertEqual(fired(system, "C1"), [])
                clocks.set(0)
                [event] = wait_for(lambda: fired(system, "C1"), 40, "the timer fires when the clock is right")
                self.assertGreaterEqual(event["time"], event["data"]["due"], "not before its time")
                self.assertEqual(metric(system, "scheduler", "careline_clock_off"), 0)
                self.assertEqual(health(system, "scheduler", "/readyz")[0], 200)

    def test_a_replica_whose_clock_is_right_takes_over(self):
        with WrongClocks(["scheduler"]) as clocks:
            clocks.set(0)
            with System("--bin", str(clocks.dir), "--replicas", "2") as system:
                (clocks.dir / "scheduler").unlink()             # what is started from now on has the machine's clock
                (clocks.dir / "scheduler").symlink_to(f"{BIN}/scheduler")
                before = system.kill("scheduler-2")
                wait_for(lambda: system.pid("scheduler-2") != before and owned(system, "scheduler") == owned(system, "scheduler-2") == 32,
                         20, "a right one beside it, with half the partitions")
                clocks.set(-3600)
                wait_for(lambda: owned(system, "scheduler-2") == 64, 30, "all partitions have gone to the right one")
                wait_for(lambda: unready(system), 10, "the wrong one says that it is not ready")
                self.assertIn("clock_off", [finding["what"] for finding in system.get("/v1/status")["findings"]])
                self.assertEqual(system.post(delivery("C2", occurred_at=due_in(2)))[0], 201)
                wait_for(lambda: fired(system, "C2"), 10, "the timer fires")
                clocks.set(0)
                wait_for(lambda: owned(system, "scheduler") == 32, 30, "right again, it has its share")

    def test_a_clock_that_goes_wrong_is_noticed(self):
        with WrongClocks(["scheduler"]) as clocks:
            clocks.set(0)
            with System("--bin", str(clocks.dir), "--speed", "60") as system:
                self.assertEqual(said(system, "scheduler", "clock.off"), [])
                clocks.set(-3600)
                wait_for(lambda: said(system, "scheduler", "clock.off"), 25, "scaled time stands on real time too")

    def test_stepped_time_needs_no_clock(self):
        with WrongClocks(DAEMONS) as clocks:
            clocks.set(+3600)
            with System("--bin", str(clocks.dir), "--step", "--clock", "2026-03-06T16:00:00", "--until", "2026-03-06T19:00:00") as system:
                self.assertEqual(system.post(delivery("S1", occurred_at="2026-03-06T16:00:00+08:00"))[0], 201)
                wait_for(lambda: fired(system, "S1"), 20, "time moves and timers fire")
                for name in DAEMONS:
                    self.assertEqual(said(system, name, "clock.off"), [])


def redis_now(system):
    seconds, micros = system.redis("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


if __name__ == "__main__":
    unittest.main()
