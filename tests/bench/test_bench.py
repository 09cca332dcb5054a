#!/usr/bin/env python3
"""The benchmark's own reckoning: medians and ranges, what is missed, when two runs agree, what bounds a run, what the model says."""
import contextlib
import io
import time
import types
import unittest

import agree
import bench
import report
from busy import Profile, told
from model import Fit
from rows import GROUPS, ROWS, Group, Row
from yardstick import Yardstick


def profile(threads, items=1000, seconds=1.0, **more):
    """`threads`: {(process, thread): seconds that it ran}."""
    ran = {name: (seconds_run, 0.0) for name, seconds_run in threads.items()}
    return Profile(items=items, seconds=seconds, worked=more.pop("worked", seconds), threads=ran, machine=more.pop("machine", sum(threads.values())), **more)


class Rows(unittest.TestCase):
    row = Row("rate", "1/s", "", "group", at_least=10, ratio_at_least={"peer": 2})

    def test_each_row_has_a_group_that_is_measured(self):
        import groups
        for row in ROWS:
            self.assertIn(row.group, GROUPS)
            self.assertTrue(callable(getattr(groups, row.group)))

    def test_what_is_below_a_bound_or_a_ratio_is_missed(self):
        self.assertEqual([], self.row.misses(10, {"peer": 5}))
        self.assertEqual(["below 10"], self.row.misses(9, {"peer": 1}))
        self.assertEqual(["1.50 x peer, not 2"], self.row.misses(15, {"peer": 10}))

    def test_the_median_counts_and_the_range_is_that_of_all_runs(self):
        runs = [{"rate": value, ("rate", "peer"): 4} for value in (9, 30, 12, 10, 20)] + [{"other": 1}]
        found = bench.summary(self.row, runs, [])
        self.assertEqual((12, 9, 30, 5, {"peer": 4}), tuple(found[name] for name in ("value", "min", "max", "runs", "peers")))

    def test_the_range_of_few_runs_is_as_wide_as_that_of_five_is_expected_to_be(self):
        for values, least, most in [((10, 12), 8.94, 13.06), ((10, 11, 12), 9.63, 12.37), ((10, 11, 12, 12), 9.87, 12.13), ((10,), 10, 10),
                                    ((10, 12, 12, 12, 12), 10, 12), ((1, 9), 0, 13.25), ((-1, 3), -1, 5.12), ((0, 0), 0, 0)]:
            for found, expected in zip(bench.stated_range(values, False), (least, most)):
                self.assertAlmostEqual(expected, found, 2, values)

    def test_what_depends_on_the_machine_is_stated_no_closer_than_a_tenth_either_way(self):
        for values, least, most in [((100,), 90, 110), ((98, 100, 100, 100, 103), 90, 110), ((50, 100, 100, 100, 103), 50, 110), ((0, 0), 0, 0),
                                    ((99, 99, 100, 101, 130), 90, 130)]:
            for found, expected in zip(bench.stated_range(values, True), (least, most)):
                self.assertAlmostEqual(expected, found, 6, values)

    def test_bytes_do_not_depend_on_the_machine(self):
        drifting = {row.name: row.drifts() for row in ROWS}
        self.assertTrue(drifting["drain"] and drifting["ack_p99"] and drifting["idle_mb"])
        self.assertFalse(drifting["timer_bytes"] or drifting["early"])

    def test_a_row_that_no_run_measured_is_an_error(self):
        with self.assertRaises(RuntimeError):
            bench.summary(self.row, [{}], [])

    def test_only_a_row_that_misses_says_what_was_busy(self):
        busy = [profile({("redis", "main"): 0.5})]
        self.assertEqual([], bench.summary(self.row, [{"rate": 20}], busy)["busy"])
        self.assertTrue(bench.summary(self.row, [{"rate": 2}], busy)["busy"])

    def test_what_one_row_measures_once_is_not_said_of_its_group(self):
        many = [(row, {"runs": 1 if row.name == "idle_mb" else 3}) for row in ROWS if row.group == "many"]
        self.assertEqual([f"many: 3 runs, not 5: {GROUPS['many'].why}"], list(report.few_runs(many, False)))

    def test_the_verdict_tells_what_a_goal_was_not_held_against(self):
        self.assertEqual("reached (not held against peer)", report.verdict(self.row, {"value": 20, "peers": {}}))
        self.assertEqual("reached", report.verdict(self.row, {"value": 20, "peers": {"peer": 4}}))
        self.assertEqual("missed: below 10", report.verdict(self.row, {"value": 9, "peers": {"peer": 4}}))


class Machine(unittest.TestCase):
    def test_the_yardstick_tells_of_each_time_that_it_was_held(self):
        tried = Yardstick()
        self.assertIn("no run", tried.told())
        tried.hold()
        for times in tried.times.values():
            times += [1000.0, 2000.0]
        each = r"1000\.0 ms \(\d+\.\d \.\. 2000\.0\)"
        self.assertRegex(tried.told(), rf"took: reckoning {each}, memory {each}, new pages {each}, waking {each}; \d+\.\d% of")
        self.assertEqual({("ms", 1000.0, 2000.0)}, {(entry["unit"], entry["value"], entry["max"]) for entry in tried.entries()})


class Rounds(unittest.TestCase):
    def rounds(self, seconds, peers=False, quick=False, turn=0, passes=2):
        options = types.SimpleNamespace(quick=quick, bin="", load="", scratch=None, peers=peers)
        GROUPS["tried"] = Group(seconds, peer_seconds=200, passes=passes)
        try:
            tried = bench.Bench(options)
            tried.turn = turn
            return [number for number in tried.rounds("tried") if time.sleep(0.001) is None]
        finally:
            del GROUPS["tried"]

    def test_five_runs_in_some_passes_each_after_a_warm_up(self):
        self.assertEqual([0, 1, 2, 3], self.rounds(200))
        self.assertEqual([0, 4, 5], self.rounds(200, turn=1))
        self.assertEqual([0, 1, 2, 3, 4, 5], self.rounds(200, passes=1))
        self.assertEqual([[0, 1, 2], [0, 3, 4], [0, 5]], [self.rounds(200, turn=turn, passes=3) for turn in range(3)])
        self.assertEqual([0, 1, 2], self.rounds(100, quick=True))

    def test_a_warm_up_is_a_tenth_of_a_run(self):
        tried = bench.Bench(types.SimpleNamespace(quick=False, bin="", load="", scratch=None, peers=False))
        GROUPS["tried"] = Group(1)
        try:
            self.assertEqual([2_000, 20_000], [tried.size(20_000) for _ in tried.rounds("tried")][:2])
        finally:
            del GROUPS["tried"]

    def test_one_run_at_least_and_no_more_when_the_time_is_over(self):
        self.assertEqual([0, 1], self.rounds(0))
        self.assertEqual([0, 4], self.rounds(0, turn=1))
        self.assertEqual(4, len(self.rounds(0, peers=True)))

    def test_what_a_group_fails_in_one_pass_the_others_do_not_suffer(self):
        tried = types.SimpleNamespace(turn=0, profiles={}, passes=lambda name: 2)

        def fails_first(told):
            yield {}
            if not told.turn:
                raise RuntimeError("once")
            yield {"value": 1}

        bench.groups.fails_first = fails_first
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            runs, failures = bench.measure_all(tried, ["fails_first"])
        del bench.groups.fails_first
        self.assertEqual({"fails_first": [{"value": 1}]}, runs)
        self.assertEqual("once", str(failures[0][1]))


class Agreement(unittest.TestCase):
    @staticmethod
    def entry(name, least, most, peer=None):
        return {"name": name, "value": least, "unit": "ms", "peer": peer, "peer_value": None, "ratio": None, "min": least, "max": most}

    def verdicts(self, one, other):
        return [agrees for *_, agrees in agree.compared(agree.ranges(one), agree.ranges(other))]

    def test_ranges_that_touch_agree(self):
        one = [self.entry("a", 1, 2), self.entry("b", 1, 2)]
        self.assertEqual([True, False], self.verdicts(one, [self.entry("a", 2, 3), self.entry("b", 2.1, 3)]))

    def test_what_the_machine_took_is_told_and_does_not_count(self):
        one, other = ([self.entry("a", 1, 2), self.entry("machine memory", took, took)] for took in (20, 30))
        self.assertEqual([True], self.verdicts(one, other))
        self.assertEqual([("machine memory", 20, 30)], agree.machines(one, other))
        self.assertEqual([], agree.machines(one, one[:1]))

    def test_rows_of_one_run_only_are_not_compared(self):
        self.assertEqual([], self.verdicts([self.entry("a", 1, 2)], [self.entry("b", 1, 2)]))


class Busy(unittest.TestCase):
    def test_the_nearest_bound_is_the_fullest_thread_or_the_cores(self):
        one = profile({("redis", "main"): 0.9, ("scheduler", "main"): 0.2}, machine=1.1)
        self.assertAlmostEqual(1000 / 0.9, one.bounds(2)["redis main"])
        self.assertAlmostEqual(2 * 1000 / 1.1, one.bounds(2)["all cores"])
        self.assertIn("nearest bound: redis main, 1,111/s; 1,000/s are 90% of it", next(told(one, 2)))

    def test_cores_that_others_used_are_not_ours(self):
        one = profile({("redis", "main"): 0.5}, machine=2.0)
        self.assertAlmostEqual(1.5, one.others(2))
        self.assertAlmostEqual(1000, one.bounds(2)["all cores"])

    def test_the_disk_bounds_what_waits_for_it(self):
        one = profile({("redis", "main"): 0.1}, flushes=500, disk_flushes=1000)
        self.assertAlmostEqual(2000, one.bounds(2)["the disk's fsync"])

    def test_while_we_worked_others_had_no_more_than_was_left(self):
        one = profile({("redis", "main"): 1.0}, seconds=2.0, worked=1.0, machine=4.0)
        self.assertAlmostEqual(1.0, one.others(2))

    def test_the_rate_is_what_the_row_counts(self):
        one = profile({("redis", "main"): 0.5}, seconds=2.0, worked=1.0)
        self.assertEqual(1000, one.rate())
        self.assertIn("1,000/s are 50% of it", next(told(one, 2)))

    def test_two_that_wait_for_each_other_are_told(self):
        lines = list(told(profile({("scheduler", "main"): 0.5, ("redis", "main"): 0.45}), 2))
        self.assertTrue(any("worked in turn" in line for line in lines))
        self.assertFalse(any("worked in turn" in line for line in told(profile({("scheduler", "main"): 0.9, ("redis", "main"): 0.1}), 2)))

    def test_runs_are_added_up(self):
        both = profile({("redis", "main"): 0.5}) + profile({("redis", "main"): 0.7, ("intake", "main"): 0.1}, items=500)
        self.assertEqual((1500, 2.0), (both.items, both.seconds))
        self.assertAlmostEqual(1.2, both.threads["redis", "main"][0])
        self.assertAlmostEqual(0.1, both.threads["intake", "main"][0])


class Model(unittest.TestCase):
    """Of 1,000 deliveries: 0.2 ms of Redis, 0.4 ms of the scheduler, 0.1 ms of the generator each."""
    busy = profile({("redis", "main"): 0.2, ("scheduler", "main"): 0.35, ("scheduler", "ZMQbg/IO/0"): 0.05, ("generators", "main"): 0.1},
                   machine=1.0)

    def test_it_says_of_the_run_that_it_was_fitted_to_what_was_measured(self):
        fit = Fit.of(self.busy, 2)
        self.assertAlmostEqual(0.7 / (2 - 0.3), fit.full)
        self.assertAlmostEqual(1000, fit.predicted(1, 2 - self.busy.others(2)))

    def test_a_program_is_bounded_by_its_busiest_thread_and_by_its_replicas(self):
        fit = Fit.of(self.busy, 2)
        self.assertAlmostEqual(1 / 0.35e-3, fit.bounds(1, 1000)["scheduler"])
        self.assertAlmostEqual(3 / 0.35e-3, fit.bounds(3, 1000)["scheduler"])
        self.assertAlmostEqual(1 / 0.2e-3, fit.bounds(3, 1000)["redis"])

    def test_replicas_are_one_program(self):
        two = profile({("scheduler", "main"): 0.2, ("scheduler-2", "main"): 0.3})
        self.assertAlmostEqual(0.5e-3, Fit.of(two, 2).total["scheduler"])

    def test_what_a_rate_needs(self):
        counts, cores = Fit.of(self.busy, 2).needed(10_000)
        self.assertEqual({"scheduler": 5, "redis": 3}, counts)       # 3.5 and 2 busy threads at 70 %
        self.assertEqual(9, cores)                                  # 6 busy cores at 70 %


if __name__ == "__main__":
    unittest.main()
