"""How fast the machine itself was meanwhile: fixed pieces of work before each run, and what the host kept from us.

A virtual machine's neighbours take its caches, its cores and its disk: between two runs of the benchmark all rows may move together.
Reckoning alone does not tell: it hardly leaves the core's own cache."""
import contextlib
import hashlib
import mmap
import os
import statistics
import subprocess
import time

from started import die_with_parent

MACHINE = "machine "            # so begin the names of its entries
BLOCK, BLOCK_TIMES = bytes(range(256)) * 256, 300
TABLE_BYTES, LOOKS = 1 << 26, 100_000           # larger than what caches hold of it
NEW_BYTES, PAGE_BYTES = 1 << 25, 4096
WAKES = 300
STOLEN = 7                      # in /proc/stat: time that the host gave to others while a core of ours had work


def ticks():
    with open("/proc/stat") as file:
        return [int(word) for word in file.readline().split()[1:]]


def reckon():
    for _ in range(BLOCK_TIMES):
        hashlib.sha256(BLOCK).digest()


def look_up(table):
    """Here and there in memory, each place known only from the one before."""
    at = 0
    for _ in range(LOOKS):
        at = (at * 1664525 + 1013904221 + table[at]) % TABLE_BYTES      # with the table's 2, the generator of Numerical Recipes
    return at


def take_memory():
    """From the system, a page at a time."""
    with mmap.mmap(-1, NEW_BYTES) as new:
        new[::PAGE_BYTES] = b"1" * (NEW_BYTES // PAGE_BYTES)


def wake(echo):
    """Another process, which answers, as often."""
    for _ in range(WAKES):
        echo.stdin.write(b"1")
        echo.stdout.read(1)


@contextlib.contextmanager
def awake_apart():
    """`cat` on another core than ours, if there is one: where it is decides what waking it costs."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})           # it is born there
    try:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, preexec_fn=die_with_parent) as echo:
            os.sched_setaffinity(0, {min(cores)})
            yield echo
            echo.stdin.close()
    finally:
        os.sched_setaffinity(0, cores)


def took_ms(work, *words):
    begun = time.perf_counter()
    work(*words)
    return (time.perf_counter() - begun) * 1000


class Yardstick:
    def __init__(self):
        self.table, self.before = b"\2" * TABLE_BYTES, ticks()
        self.times = {"reckoning": [], "memory": [], "new pages": [], "waking": []}     # ms that each took

    def hold(self):
        with awake_apart() as echo:
            wake(echo)                          # the first time is its start
            self.times["waking"].append(took_ms(wake, echo))
        self.times["reckoning"].append(took_ms(reckon))
        self.times["memory"].append(took_ms(look_up, self.table))
        self.times["new pages"].append(took_ms(take_memory))

    def entries(self):
        """As those of rows in results.json."""
        return [{"name": MACHINE + name, "value": statistics.median(times), "unit": "ms", "peer": None, "peer_value": None, "ratio": None,
                 "min": min(times), "max": max(times)} for name, times in self.times.items() if times]

    def told(self):
        found = [f"{one['name'].removeprefix(MACHINE)} {one['value']:.1f} ms ({one['min']:.1f} .. {one['max']:.1f})" for one in self.entries()]
        if not found:
            return "The machine: no run was made."
        passed = [now - then for now, then in zip(ticks(), self.before)]
        return (f"The machine: fixed pieces of work before each run took: {', '.join(found)}; {passed[STOLEN] / max(1, sum(passed)):.1%} of "
                "the processor was kept from it by its host.")
