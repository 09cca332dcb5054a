"""What was busy while a row was measured: every process and thread of the installation, the generators, the disk. So a row that
misses can say what bounds it, and how close to that bound it came.

    with watched(careline, "pipeline", deliveries):
        careline.load(…)

Processor is taken from the scheduler's own account (schedstat): how long a thread ran, and how long it waited for a core. What a
child of Redis spent that rewrites its file is counted with Redis. What else ran on the machine is all that is left over.
"""
import os
import pathlib
import resource
import time
from dataclasses import dataclass, field

MAIN = "main"
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
DISK_SECONDS = 0.3
IN_TURN = 0.75                  # of the run: two threads that together were busy for so long, while nothing else was full
THREADS_TOLD = 4
NANO, MICRO = 1e-9, 1e6
NOT_MEASURED = ("generators", "benchmark")


# ---------------------------------------------------------------- one moment

def threads_of(pid):
    """{thread: (seconds that it ran, seconds that it waited for a core)}; those of one name added up."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            ran, waited = (int(word) * NANO for word in (task / "schedstat").read_text().split()[:2])
            name = MAIN if task.name == str(pid) else (task / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):         # a thread that has ended meanwhile
            continue
        before = found.get(name, (0.0, 0.0))
        found[name] = (before[0] + ran, before[1] + waited)
    return found


def children_seconds(pid):
    """What its children have used: those that it has waited for, and those that still run."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ended = (int(words[13]) + int(words[14])) * TICK_SECONDS
    running = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    pids = running.read_text().split() if running.exists() else []
    return ended + sum(ran for child in pids if os.path.exists(f"/proc/{child}") for ran, _ in threads_of(child).values())


def rusage_seconds(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def machine_seconds():
    """All cores together, what a hypervisor took from them among it."""
    words = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
    return (sum(words) - words[3] - words[4]) * TICK_SECONDS            # but idle and waiting for a disk


def disk_flushes(folder):
    """How often the disk under a folder was told to make all lasting; None where the kernel does not count it."""
    device = os.stat(folder).st_dev
    for line in open("/proc/diskstats"):
        words = line.split()
        if (int(words[0]), int(words[1])) == (os.major(device), os.minor(device)) and len(words) >= 19:
            return int(words[18])
    return None


def written_bytes(pid):
    lines = dict(line.split(": ") for line in open(f"/proc/{pid}/io"))
    return int(lines["write_bytes"])


def flushes_per_second(folder, size):
    """What the disk does alone: so many bytes appended and made lasting, again and again."""
    path, count = pathlib.Path(folder) / "disk-alone", 0
    with open(path, "wb", buffering=0) as file:
        begun = time.monotonic()
        while time.monotonic() < begun + DISK_SECONDS:
            file.write(b"\0" * size)
            os.fdatasync(file.fileno())
            count += 1
        rate = count / (time.monotonic() - begun)
    path.unlink()
    return rate


class Reading:
    """Everything at one moment."""

    def __init__(self, careline):
        self.at = time.monotonic()
        servers = {"redis": careline.redis, "keys": careline.keys}
        processes = {**careline.daemons, **servers}
        self.threads = {name: threads_of(process.process.pid) for name, process in processes.items()}
        for name, server in servers.items():
            self.threads[name]["rewriting"] = (children_seconds(server.process.pid), 0.0)
        self.threads["generators"] = {MAIN: (rusage_seconds(resource.RUSAGE_CHILDREN), 0.0)}
        self.threads["benchmark"] = {MAIN: (rusage_seconds(resource.RUSAGE_SELF), 0.0)}
        self.machine, self.flushes = machine_seconds(), disk_flushes(careline.dir)
        self.written = sum(written_bytes(server.process.pid) for server in servers.values())
        self.calls, self.call_us = careline.redis.function_calls()


# ---------------------------------------------------------------- between two moments

@dataclass
class Profile:
    """Seconds and counts of one run, or of several added up."""
    items: int = 0
    seconds: float = 0.0
    worked: float = 0.0                                 # seconds that the items took, as the row counts it
    threads: dict = field(default_factory=dict)         # {(process, thread): (ran, waited)}
    machine: float = 0.0
    flushes: int = 0
    disk_flushes: float = 0.0                           # that the disk would have made alone in that time
    written: int = 0
    calls: int = 0
    call_us: int = 0

    def __add__(self, other):
        threads = {key: tuple(map(sum, zip(self.threads.get(key, (0.0, 0.0)), other.threads.get(key, (0.0, 0.0)))))
                   for key in {**self.threads, **other.threads}}
        return Profile(self.items + other.items, self.seconds + other.seconds, self.worked + other.worked, threads, self.machine + other.machine,
                       self.flushes + other.flushes, self.disk_flushes + other.disk_flushes, self.written + other.written,
                       self.calls + other.calls, self.call_us + other.call_us)

    def processes(self):
        """{process: seconds}, the busiest first."""
        found = {}
        for (process, _), (ran, _) in self.threads.items():
            found[process] = found.get(process, 0.0) + ran
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def busiest(self):
        """[(process and thread, (ran, waited))] of what is measured, the busiest first."""
        return sorted(((" ".join(name), times) for name, times in self.threads.items() if name[0] not in NOT_MEASURED),
                      key=lambda pair: -pair[1][0])

    def ours(self):
        return sum(ran for ran, _ in self.threads.values())

    def others(self, cores):
        """Cores that something else kept busy; while the items were worked, no more than these left over."""
        return max(0.0, min((self.machine - self.ours()) / self.seconds, cores - self.ours() / self.worked))

    def rate(self):
        return self.items / self.worked

    def bounds(self, cores):
        """{what: items a second that it would bear if it did nothing else}."""
        found = {name: self.items / ran for name, (ran, _) in self.busiest() if ran > 0}
        found["all cores"] = (cores - self.others(cores)) * self.items / self.ours()
        if self.flushes and self.disk_flushes:
            found["the disk's fsync"] = self.items / self.seconds * self.disk_flushes / self.flushes
        return found


def between(before, after, items, rate, disk_rate):
    threads = {}
    for process, now in after.threads.items():
        then = before.threads.get(process, {})
        for thread, (ran, waited) in now.items():
            ran_before, waited_before = then.get(thread, (0.0, 0.0))
            threads[process, thread] = (ran - ran_before, waited - waited_before)
    seconds = after.at - before.at
    return Profile(items, seconds, items / rate if rate else seconds, threads, after.machine - before.machine,
                   (after.flushes or 0) - (before.flushes or 0), disk_rate * seconds, after.written - before.written,
                   after.calls - before.calls, after.call_us - before.call_us)


class watched:
    """Around what is measured for these rows (names with blanks between), which works on so many items; then it has a `profile`. Inside,
    `rate` may be set to the items a second that the row counts, where a part of the time passes with beginning and ending."""

    def __init__(self, careline, rows, items):
        self.careline, self.rows, self.items, self.rate = careline, rows.split(), items, None

    def __enter__(self):
        self.before = Reading(self.careline)
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            after = Reading(self.careline)
            self.profile = between(self.before, after, self.items, self.rate, self.disk_rate(after))
            for row in self.rows:
                self.careline.options.profiles.setdefault(row, []).append(self.profile)

    def disk_rate(self, after):
        """Of the disk alone, with as many bytes at a time as Redis wrote; 0 where Redis waited for nothing."""
        flushes = (after.flushes or 0) - (self.before.flushes or 0)
        if self.careline.redis.fsync != "always" or not flushes:
            return 0.0
        return flushes_per_second(self.careline.dir, max(512, (after.written - self.before.written) // flushes))


# ---------------------------------------------------------------- in words

def told(profile, cores=None):
    """What bounds it, how close it came, and where the time went: a few lines."""
    cores = cores or os.cpu_count()
    bounds = profile.bounds(cores)
    nearest = min(bounds, key=bounds.get)
    closeness = profile.rate() / bounds[nearest]
    yield (f"nearest bound: {nearest}, {bounds[nearest]:,.0f}/s; {profile.rate():,.0f}/s are {closeness:.0%} of it. "
           f"Of {cores} cores {profile.ours() / profile.worked:.2f} worked for it, {profile.others(cores):.2f} for others")
    if closeness < IN_TURN:
        yield from turns_told(profile)
    each = {process: seconds / profile.items * MICRO for process, seconds in profile.processes().items()}
    yield f"processor for each, {sum(each.values()):.0f} us: " + ", ".join(f"{process} {us:.0f}" for process, us in each.items() if us >= 0.5)
    yield "threads: " + "; ".join(f"{name} ran {ran / profile.worked:.0%}, waited for a core {waited / profile.worked:.0%}"
                                  for name, (ran, waited) in profile.busiest()[:THREADS_TOLD])
    yield from redis_told(profile)


def turns_told(profile):
    """Nothing is full, yet two threads together are busy nearly all the time: each waits for the other."""
    both = profile.busiest()[:2]
    share = sum(ran + waited for _, (ran, waited) in both) / profile.worked
    if IN_TURN < share <= 1:
        yield f"{' and '.join(name for name, _ in both)} worked in turn: nearly always one of them did ({share:.0%}), and the other waited"


def redis_told(profile):
    if not profile.calls:
        return
    line = (f"Redis: {profile.calls / profile.items:.2f} calls of functions for each, {profile.call_us / profile.calls:.0f} us a call; "
            f"{profile.written / profile.items:,.0f} bytes written for each")
    if profile.flushes and profile.disk_flushes:
        line += (f"; {profile.flushes / profile.seconds:,.0f} fsyncs/s, where the disk alone makes "
                 f"{profile.disk_flushes / profile.seconds:,.0f}")
    yield line
