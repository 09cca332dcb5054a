"""deploy/run: starts, stops, goes on where it was, leaves nothing behind; virtual time; what it costs when idle."""
import datetime
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from system import BIN, DAEMONS, ROOT, SLOW, System, delivery, wait_for

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def processes_of(directory):
    """Command lines of all processes that name the directory."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in line:
            found.append(line)
    return found


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Run(unittest.TestCase):
    def test_it_leaves_nothing_running_and_goes_on(self):
        system = System().start()
        try:
            place = system.post(delivery("R1"))[2]
            system.settle()
            events = len(system.log())
            for number in (signal.SIGINT, signal.SIGTERM):
                self.assertEqual(system.stop(number), 0)
                self.assertEqual(processes_of(system.dir), [])
                self.assertFalse((system.dir / "endpoints").exists())
                system.start()
                self.assertEqual(system.post(delivery("R1"))[2], {"status": "known", "id": "R1", "partition": place["partition"],
                                                                  "seq": place["seq"]})
                self.assertEqual(len(system.log()), events)
        finally:
            system.close()

    def test_killed_itself_it_takes_all_along(self):
        system = System().start()
        try:
            system.process.kill()
            system.process.wait()
            wait_for(lambda: not processes_of(system.dir), 15, "all its processes have ended")
        finally:
            system.remove()

    def test_side_by_side(self):
        with System() as one, System() as other:
            self.assertNotEqual(one.endpoints["http"], other.endpoints["http"])
            one.post(delivery("S1"))
            self.assertEqual([e for e in other.log() if e["source"] == "test"], [])

    def test_one_directory_one_run(self):
        with System() as system:
            again = subprocess.run([str(ROOT / "deploy" / "run"), "--dir", str(system.dir), "--bin", BIN], capture_output=True, timeout=20)
            self.assertEqual(again.returncode, 1)
            self.assertIn(b"in use", again.stderr)
            system.settle()

    def test_a_long_path(self):
        system = System()
        short, system.dir = system.dir, system.dir / ("long" * 20) / ("er" * 20)
        system.dir.mkdir(parents=True)
        try:
            system.start()
            self.assertEqual(system.post(delivery("L1"))[0], 201)
            system.stop()
        finally:
            system.remove()
            system.dir = short
            system.remove()

    def test_mistakes_are_told(self):
        for argv, word in [(["--clock", "noon"], b"2026-03-06"), (["--speed", "0"], b"whole number"), (["--speed", "2", "--step"], b"--step")]:
            with self.subTest(argv):
                done = subprocess.run([str(ROOT / "deploy" / "run"), "--dir", "/nonexistent/x", "--bin", BIN, *argv], capture_output=True,
                                      timeout=20)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(word, done.stderr)

    def test_a_setting_that_is_none_is_told_at_once(self):
        with tempfile.TemporaryDirectory(prefix="careline-test-") as folder:
            done = subprocess.run([str(ROOT / "deploy" / "run"), "--dir", folder, "--bin", BIN, "--set", "notifier.speeed=2"],
                                  capture_output=True, timeout=40 * SLOW)
        self.assertEqual(done.returncode, 64)
        self.assertIn(b"speeed: there is no such setting", done.stderr)

    def test_a_daemon_tells_all_its_mistakes_at_once(self):
        done = subprocess.run([f"{BIN}/scheduler", "--dir", "/tmp", "speeed=2", "partitions=0", "clock=sometimes"], capture_output=True,
                              timeout=20)
        self.assertEqual(done.returncode, 64)
        for words in (b"speeed: there is no such setting, did you mean speed", b"partitions", b"sometimes"):
            self.assertIn(words, done.stderr)


class VirtualTime(unittest.TestCase):
    start = moment("2026-03-06T16:00:00+08:00")
    end = "2026-03-10T08:00:00+08:00"       # before what the sample site does each month by itself: time waits for facts
    stepped = ("--clock", "2026-03-06T16:00:00", "--step", "--until", end)

    def times(self, system, kind):
        return [datetime.datetime.fromtimestamp(e["time"] / 1000, datetime.timezone.utc) for e in system.log() if e["type"] == kind]

    def test_stepped_time_comes_to_each_instant_exactly(self):
        with System(*self.stepped) as system:
            system.post(delivery("T1", occurred_at="2026-03-06T16:00:00+08:00"))
            wait_for(lambda: "task.opened" in [e["type"] for e in system.log()], 20, "the first call is on the list")
            self.assertEqual(self.times(system, "car.delivered"), [self.start])
            self.assertEqual(self.times(system, "notice.wanted")[0], self.start + datetime.timedelta(hours=2))
            self.assertEqual(self.times(system, "task.opened")[0], self.start + datetime.timedelta(days=1))

            def now():
                return moment(system.get("/v1/clock")["now"])
            wait_for(lambda: now() > self.start + datetime.timedelta(days=1), 20, "time goes on")
            last = now()
            system.stop()
            system.options = ()
            system.start()
            self.assertGreaterEqual(now(), last)
            self.assertLessEqual(now(), moment(self.end))

    def test_a_participant_holds_time_up(self):
        with System(*self.stepped) as system:
            status, _, clock = system.http("POST", "/v1/clock/participants", {"name": "tester"})
            self.assertEqual((status, moment(clock["now"])), (200, self.start))
            system.post(delivery("P1", occurred_at="2026-03-06T16:00:00+08:00"))
            system.settle()
            time.sleep(0.3)
            self.assertEqual(moment(system.get("/v1/clock")["now"]), self.start)
            wake = self.start + datetime.timedelta(hours=1)
            system.http("POST", "/v1/clock/participants", {"name": "tester", "wake_at": wake.isoformat()})
            wait_for(lambda: moment(system.get("/v1/clock")["now"]) == wake, 5, "its wake time")
            time.sleep(0.3)
            self.assertEqual(moment(system.get("/v1/clock")["now"]), wake)
            system.http("POST", "/v1/clock/participants", {"name": "tester", "leave": True})
            wait_for(lambda: moment(system.get("/v1/clock")["now"]) > wake, 5, "time goes on without it")

    def test_many_steps_a_minute(self):
        with System(*self.stepped) as system:
            system.http("POST", "/v1/clock/participants", {"name": "tester"})
            for i in range(100):
                at = self.start + datetime.timedelta(seconds=i)
                system.post(delivery(f"M{i}", occurred_at=at.isoformat()))
            system.settle()
            begun = time.monotonic()
            system.http("POST", "/v1/clock/participants", {"name": "tester", "wake_at": "2026-03-06T18:05:00+08:00"})
            wait_for(lambda: moment(system.get("/v1/clock")["now"]) == moment("2026-03-06T18:05:00+08:00"), 30, "a hundred instants")
            took = time.monotonic() - begun
            self.assertGreaterEqual(len(set(self.times(system, "notice.wanted"))), 100)
            print(f"\n100 instants with a fact, a notice and its sending each in {took:.1f} s", flush=True)
            self.assertLess(took, 12 * SLOW)

    def test_scaled_time_flows_and_stands_while_all_is_stopped(self):
        system = System("--clock", "2026-03-06T16:00:00", "--speed", "3600").start()
        try:
            system.post(delivery("C1"))
            wait_for(lambda: self.times(system, "notice.wanted"), 20, "two hours have passed in two seconds")
            last = moment(system.get("/v1/clock")["now"])
            system.stop()
            time.sleep(2)
            system.options = ()
            system.start()
            now = moment(system.get("/v1/clock")["now"])
            self.assertGreaterEqual(now, last)
            self.assertLess(now - last, datetime.timedelta(hours=12 * SLOW))
        finally:
            system.close()


@unittest.skipIf(os.environ.get("CARELINE_MODE") == "asan", "measures the release build")
class Idle(unittest.TestCase):
    def test_idle_costs_next_to_nothing(self):
        with System() as system:
            system.post([delivery(f"I{i}") for i in range(100)])
            system.settle()
            time.sleep(2)
            pids = [system.process.pid, *[system.pid(name) for name in DAEMONS]]

            def cpu_seconds():
                fields = [pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split() for pid in pids]
                return sum(int(f[11]) + int(f[12]) for f in fields) / CLOCK_TICKS
            before, begun = cpu_seconds(), time.monotonic()
            time.sleep(10)
            share = (cpu_seconds() - before) / (time.monotonic() - begun)
            resident = sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * 4096 >> 20
            print(f"\nidle: {share * 100:.2f} % of one core, {resident} MB", flush=True)
            self.assertLess(share, 0.02)
            self.assertLess(resident, 100)


if __name__ == "__main__":
    unittest.main()
