#!/usr/bin/env python3
"""Do two runs of the benchmark agree? Row by row: do their ranges overlap?

    tests/bench/agree.py ONE/results.json OTHER/results.json

Exit code 1 if a row of both does not agree.
"""
import argparse
import json
import pathlib
import sys

from report import number
from yardstick import MACHINE


def ranges(entries):
    """{row: (least, most, unit)} of results.json, which has a row once for each that it is held against."""
    return {entry["name"]: (entry["min"], entry["max"], entry["unit"]) for entry in entries if not entry["name"].startswith(MACHINE)}


def machines(one, other):
    """(name, median, median) of what the yardstick took in both, in ms."""
    then, now = ({entry["name"]: entry["value"] for entry in entries if entry["name"].startswith(MACHINE)} for entries in (one, other))
    return [(name, then[name], now[name]) for name in then if name in now]


def overlap(one, other):
    return one[0] <= other[1] and other[0] <= one[1]


def compared(one, other):
    """(row, range, range, do they agree?) of the rows that both have, in the first one's order."""
    return [(name, one[name], other[name], overlap(one[name], other[name])) for name in one if name in other]


def span(found):
    return f"{number(found[0])} .. {number(found[1])}"


def main():
    parser = argparse.ArgumentParser(description="tells whether two runs of the benchmark agree")
    parser.add_argument("results", nargs=2, type=pathlib.Path)
    entries = [json.loads(path.read_text()) for path in parser.parse_args().results]
    one, other = map(ranges, entries)
    rows = compared(one, other)
    for name, first, second, agrees in rows:
        print(f"{'ok   ' if agrees else 'APART'} {name:22} {span(first):>25} {span(second):>25} {first[2]}")
    for name in sorted(set(one) ^ set(other)):
        print(f"      {name}: in one of them only")
    for name, then, now in machines(*entries):
        print(f"      {name}: a fixed piece of work took {number(then)} ms, then {number(now)} ms ({now / then - 1:+.0%})")
    apart = sum(not agrees for *_, agrees in rows)
    print(f"{len(rows) - apart} rows agree, {apart} do not")
    return 1 if apart or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
