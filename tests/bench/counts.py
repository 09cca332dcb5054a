#!/usr/bin/env python3
"""How many instructions a repeat of each subject takes (tests/bench/count), counted by callgrind, beside those on record.

    tests/bench/counts.py PROGRAM [--record]

Between two numbers of repeats, so that beginning and end do not count. What takes more than the record by the margin is told
loudly; the exit code says so, too. --record writes counts.txt anew: for a change that is worth what it costs.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

RECORD = pathlib.Path(__file__).with_name("counts.txt")
MARGIN_PERCENT = 5
FEW, MANY = 128, 640            # both whole rounds of what the subjects go through in turn
WORDS = "# Instructions for one event, by callgrind; written by make counts RECORD=1, held against it by make counts.\n"


def instructions(program, subject, times):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, subject, str(times)],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"{subject}: {done.stderr[-500:]}")
    return int(found.group(1))


def counted(program, subject):
    return (instructions(program, subject, MANY) - instructions(program, subject, FEW)) / (MANY - FEW)


def recorded():
    lines = [line.split() for line in RECORD.read_text().splitlines() if line and not line.startswith("#")] if RECORD.exists() else []
    return {name: int(count) for name, count in lines}


def main():
    parser = argparse.ArgumentParser(description="counts instructions for each event")
    parser.add_argument("program")
    parser.add_argument("--record", action="store_true", help="these are the counts from now on")
    options = parser.parse_args()
    subjects = subprocess.run([options.program], capture_output=True, text=True, check=True).stdout.split()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counts = dict(zip(subjects, pool.map(lambda subject: round(counted(options.program, subject)), subjects)))
    if options.record:
        RECORD.write_text(WORDS + "".join(f"{name:24} {count:>10}\n" for name, count in counts.items()))
    before, worse = recorded(), []
    print(f"{'instructions for one':24} {'now':>10} {'on record':>10} {'change':>9}")
    for name, count in counts.items():
        change = 100 * (count / before[name] - 1) if name in before else 0.0
        worse += [name] if change > MARGIN_PERCENT else []
        print(f"{name:24} {count:>10,} {before.get(name, 0):>10,} {change:>+8.1f}%{'   <<< MORE THAN BEFORE' if name in worse else ''}")
    if worse:
        print(f"!!! {', '.join(worse)}: over the record by more than {MARGIN_PERCENT} %. Mend it, or: make counts RECORD=1")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
