#!/usr/bin/env python3
"""Measures Careline against its goals and, when asked, against what one would otherwise take: README.md beside this file.

    tests/bench/bench.py --bin DIR --load DIR --into DIR [--quick] [--peers] [row or group …]
"""
import argparse
import math
import os
import pathlib
import platform
import signal
import statistics
import sys
import time
import traceback

import groups
import report
from busy import Profile, told
from rows import GROUPS, ROWS, RUNS
from yardstick import Yardstick

QUICK_RUNS, QUICK_PART, QUICK_TIME = 2, 20, 10
WARM_UP_PART = 10           # a warm-up does so much less
SPAN = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326}     # from the least to the most of so many, in standard deviations: of a normal
                                                    # distribution, d2 in tables of control charts (ISO 7870-2)
DRIFT = 0.1                     # either way: medians of two benchmarks on one shared machine differed by up to a quarter, where their own
                                # runs, which share a quarter of an hour, lay within a twentieth


class NoPeers:
    """Nobody to be held against."""

    def __getattr__(self, name):
        return lambda *_: {}


class Bench:
    """How much is done, for the groups."""

    def __init__(self, options):
        self.quick, self.bin, self.load = options.quick, os.path.abspath(options.bin), os.path.abspath(options.load)
        self.scratch = options.scratch
        self.peers, self.with_peers = NoPeers(), options.peers
        self.profiles = {}              # {row: of each run}
        self.turn = 0                   # which pass
        self.warming = False            # this run is the warm-up
        self.yardstick = Yardstick()

    def size(self, count, least=2_000):
        part = (QUICK_PART if self.quick else 1) * (WARM_UP_PART if self.warming else 1)
        return count if part == 1 else max(min(count, least), count // part)

    def passes(self, group):
        return 1 if self.quick else min(GROUPS[group].runs, GROUPS[group].passes)

    def numbers(self, group):
        """Of the runs that this pass is to make, each run in one pass only."""
        runs, passes = min(GROUPS[group].runs, QUICK_RUNS) if self.quick else GROUPS[group].runs, self.passes(group)
        return range(1 + math.ceil(runs * self.turn / passes), 1 + math.ceil(runs * (self.turn + 1) / passes))

    def rounds(self, group, warm_up=1):
        """The warm-up, 0, then numbers of a group's runs until this pass has made its part, or one and its time would be over."""
        plan, begun, longest, warm = GROUPS[group], time.monotonic(), 0.0, [0] * warm_up
        seconds = (plan.seconds + plan.peer_seconds * self.with_peers) / (QUICK_TIME if self.quick else self.passes(group))
        for made, number in enumerate(warm + list(self.numbers(group))):
            now = time.monotonic()
            if made > warm_up and now + longest > begun + seconds:
                return
            os.sync()                   # what was written before is not in this run's way
            self.yardstick.hold()
            self.warming = made < warm_up
            yield number
            self.warming = False
            longest = max(longest, time.monotonic() - now)


def arguments():
    parser = argparse.ArgumentParser(description="measures Careline")
    parser.add_argument("--bin", required=True, help="where the programs are")
    parser.add_argument("--load", required=True, help="where the generators are")
    parser.add_argument("--into", required=True, type=pathlib.Path, help="where results.json and report.html go, and the peers")
    parser.add_argument("--scratch", help="where the installations' files go: on the disk that is to be measured")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--peers", action="store_true", help="other systems too, side by side")
    parser.add_argument("only", nargs="*", metavar="ROW", help="these rows, or groups of rows")
    return parser.parse_args()


def chosen(options):
    rows = [row for row in ROWS if not options.only or row.name in options.only or row.group in options.only]
    return [row for row in rows if row.quick or not options.quick or options.only]


def stated_range(values, drifts):
    """From the least to the most; of fewer than five, as far apart as those of five are expected to be. What depends on the machine's
    speed is stated no closer to the median than the machine keeps from one benchmark to the next."""
    least, most = min(values), max(values)
    more = (most - least) * (SPAN[RUNS] / SPAN[len(values)] - 1) / 2 if 1 < len(values) < RUNS else 0
    median = statistics.median(values)
    drift = abs(median) * DRIFT if drifts else 0
    return max(min(least - more, median - drift), min(least, 0)), max(most + more, median + drift)


def summary(row, runs, profiles):
    """Median and range over the runs; of peers the median; where it is not reached, what was busy."""
    values = [run[row.name] for run in runs if row.name in run]
    if not values:
        raise RuntimeError(f"{row.name} was not measured")
    peers = {key[1]: statistics.median(run[key] for run in runs if key in run)
             for key in {key for run in runs for key in run if isinstance(key, tuple) and key[0] == row.name}}
    least, most = stated_range(values, row.drifts())
    found = {"value": statistics.median(values), "min": least, "max": most, "runs": len(values), "peers": dict(sorted(peers.items()))}
    missed = row.misses(found["value"], found["peers"])
    return {**found, "busy": list(told(sum(profiles, Profile()))) if missed and profiles else []}


def curves_of(runs):
    """Of the run in the middle: each point the median of all runs."""
    names = {key for run in runs for key in run if isinstance(key, str) and key.startswith("curve ")}
    return {name[6:]: [statistics.median(points) for points in zip(*[run[name] for run in runs if name in run])] for name in sorted(names)}


def measure(bench, group):
    """All runs of a group in this pass but the first, which warms up."""
    begun, runs, before = time.monotonic(), [], {row: list(found) for row, found in bench.profiles.items()}
    for run in getattr(groups, group)(bench):
        if not runs:
            bench.profiles = before
        runs.append(run)
    print(f"{group}, pass {bench.turn + 1}: {time.monotonic() - begun:.0f} s", flush=True)
    return runs[1:]


def measure_all(bench, names):
    """{group: its runs}, and what failed: the other groups are measured all the same."""
    runs, failures = {}, []
    for bench.turn in range(max(map(bench.passes, names))):
        for group in names:
            if bench.turn >= bench.passes(group):
                continue
            try:
                runs.setdefault(group, []).extend(measure(bench, group))
            except Exception as error:
                failures.append((group, error))
                traceback.print_exc()
    return {group: found for group, found in runs.items() if found}, failures


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {cpu}, Linux {platform.release()}, {time.strftime('%Y-%m-%d %H:%M')}"


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench, rows = Bench(options), chosen(options)
    if options.peers:
        from peers import Peers
        bench.peers = Peers(options.into / "peers", bench)
    runs, failures = measure_all(bench, list(dict.fromkeys(row.group for row in rows)))
    results = [(row, summary(row, runs[row.group], bench.profiles.get(row.name, []))) for row in rows if row.group in runs]
    curves = {name: curve for found in runs.values() for name, curve in curves_of(found).items()}
    notes = [line for found in runs.values() for name, lines in found[-1].items() if isinstance(name, str) and name.startswith("note ")
             for line in lines]
    notes += [*report.few_runs(results, options.quick), bench.yardstick.told()]
    report.print_table(results, notes, failures)
    report.write(options.into, [*report.entries(results), *bench.yardstick.entries()], report.page(results, curves, notes, failures, machine()))
    print(f"{options.into}/results.json, {options.into}/report.html")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
