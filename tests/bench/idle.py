#!/usr/bin/env python3
"""What a whole installation costs while nothing happens, Redis aside: processor and memory of the daemons and of deploy/run.

    tests/bench/idle.py [--bin DIR] [--seconds N]

Starts one with the sample site and no events, lets it settle, measures, stops it. Fails at 2 % of one core or 100 MB of resident
memory, all processes added up; what they share (libraries) counts once for each, so the true sum is smaller and told too.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETTLE_SECONDS = 20
CPU_PERCENT_MAX = 2.0
MEMORY_MB_MAX = 100.0


def arguments():
    parser = argparse.ArgumentParser(description="measures an idle installation")
    parser.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    parser.add_argument("--seconds", type=int, default=30, help="how long the processor is watched")
    return parser.parse_args()


def processes(directory, run):
    """Name and process id of all but the Redis servers."""
    pids = {path.name: int(path.read_text()) for path in (directory / "pids").iterdir() if "redis" not in path.name}
    return {**pids, "deploy/run": run.pid}


def cpu_ns(pid):
    """What all threads have used; finer than the ticks in stat."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def memory_mb(pid):
    lines = [line.split() for line in open(f"/proc/{pid}/smaps_rollup") if line.endswith("kB\n")]
    sizes = {words[0]: int(words[1]) / 1024 for words in lines}
    return sizes["Rss:"], sizes["Pss:"]


def measure(pids, seconds):
    before, begun = {name: cpu_ns(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    elapsed_ns = (time.monotonic() - begun) * 1e9
    return {name: (100 * (cpu_ns(pid) - before[name]) / elapsed_ns, *memory_mb(pid)) for name, pid in pids.items()}


def report(measured):
    total = [sum(numbers) for numbers in zip(*measured.values())]
    print(f"{'':18} {'% of a core':>12} {'resident MB':>12} {'its share MB':>13}")
    for name, numbers in [*sorted(measured.items()), ("together", total)]:
        print(f"{name:18} {numbers[0]:12.2f} {numbers[1]:12.1f} {numbers[2]:13.1f}")
    return total


def main():
    options = arguments()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="idle-"))
    run = subprocess.Popen([ROOT / "deploy/run", "--dir", directory, "--empty", "--quiet", "--bin", options.bin],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        if not run.stdout.readline().startswith(b"ready"):
            raise SystemExit(f"deploy/run did not get ready; see {directory}/log")
        time.sleep(SETTLE_SECONDS)
        pids = processes(directory, run)
        cpu, resident, _ = report(measure(pids, options.seconds))
        same = processes(directory, run) == pids
    finally:
        run.terminate()
        run.wait(30)
    shutil.rmtree(directory, ignore_errors=True)
    results = [("nothing was started again", same), (f"under {CPU_PERCENT_MAX:g} % of one core", cpu < CPU_PERCENT_MAX),
               (f"under {MEMORY_MB_MAX:g} MB", resident < MEMORY_MB_MAX)]
    for says, good in results:
        print(f"{'ok  ' if good else 'FAIL'} {says}")
    failed = sum(not good for _, good in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
