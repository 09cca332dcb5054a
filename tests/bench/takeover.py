#!/usr/bin/env python3
"""How long a stage's partitions stand still when the replica that works them goes: real processes, real Redis, events flowing.

    tests/bench/takeover.py [--bin DIR] [--kills N] [--stops N]

Two replicas of each stage. The one that holds more partitions is killed with SIGKILL (one of each stage at once), or stopped with
SIGTERM (one stage at a time), N times each; from that moment to the first commit by another replica, on each partition that it
held. One figure for each kill or stop: its slowest partition. Fails when the 99th percentile is over its bound. Closes with the
line `N passed, N failed`.
"""
import argparse
import multiprocessing
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "month"), str(ROOT / "tests" / "process")]
from redis_log import Redis     # noqa: E402
from started import die_with_parent, ready_words, start_daemon   # noqa: E402
from zmtp import Dealer, pack   # noqa: E402

PARTITIONS = 64
BOUND_MS = {"kill -9": 5000, "stop": 200}
FLOW_SECONDS = 0.05             # so often each partition gets something to work, for one of the stages that are watched in turn
MEET_SECONDS = 1.5              # daemons look for each other once a second: until then one that is new is not heard by the others
LIMIT_SECONDS = 30
# What makes each stage commit at once, whatever site it is of.
PROBES = {
    "scheduler": ("car.delivered", lambda n: {"order": n, "name": "王芳", "mobile": "13800000001", "model": "UNI-K"}),
    "follow-up": ("task.claim", lambda n: {"task": n, "agent": "han-xue"}),
    "complaint-router": ("case.acknowledge", lambda n: {"case_id": n}),
    "notifier": ("notice.resend", lambda n: {"notice": n}),
}
STAGES = list(PROBES)


def arguments():
    parser = argparse.ArgumentParser(description="measures how fast a stage is taken over")
    parser.add_argument("--bin", type=os.path.abspath, default=str(ROOT / "build" / "bin"))
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stops", type=int, default=100)
    return parser.parse_args()


def fnv_1a(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value


def site_of_each_partition():
    sites, number = {}, 0
    while len(sites) < PARTITIONS:
        number += 1
        sites.setdefault(fnv_1a(f"shop-{number}") % PARTITIONS, f"shop-{number}")
    return [sites[partition] for partition in range(PARTITIONS)]


def feed(endpoint, wanted):
    """Facts for the stages whose bits are set in `wanted`, one for each partition at a time, until it is negative."""
    dealer, sites, number = Dealer(endpoint), site_of_each_partition(), 0
    while wanted.value >= 0:
        number += 1
        stage, begun = number % len(STAGES), time.monotonic()
        if not wanted.value >> stage & 1:
            time.sleep(FLOW_SECONDS / 50)
            continue
        kind, data = PROBES[STAGES[stage]]
        events = [{"source": "takeover", "id": f"{number}-{p}", "type": kind, "site": site, "data": data(f"{site}/none-{number}")}
                  for p, site in enumerate(sites)]
        dealer.send(b"%d" % number, b"", pack(events))
        _, answer = dealer.receive()    # the next ones when these are in the log: the flow never outruns the store
        if b"refused" in answer:
            raise SystemExit(f"a probe was refused: {answer}")
        time.sleep(max(0.0, FLOW_SECONDS - (time.monotonic() - begun)))
    dealer.close()


class Process:
    """A daemon that tells when it is ready."""

    def __init__(self, system, program, name):
        self.system, self.program, self.name = system, program, name
        self.start()

    def start(self):
        self.process, self.pipe = start_daemon(self.system.bin, self.system.dir, self.program, self.name,
                                               self.system.settings(self.program))

    def wait_ready(self):
        words = ready_words(self.pipe, LIMIT_SECONDS, f"{self.name} did not get ready; see {self.system.dir}/log")
        self.met_at = time.monotonic() + MEET_SECONDS
        self.owner = words["owner"].encode()
        return self

    def end(self, number):
        self.process.send_signal(number)

    def start_again(self):
        self.process.wait(LIMIT_SECONDS)
        self.start()


class System:
    def __init__(self, bin_dir):
        self.bin, self.dir = bin_dir, pathlib.Path(tempfile.mkdtemp(prefix="takeover-"))
        for name in ["log", "redis", "keys-redis", "keys"]:
            (self.dir / name).mkdir()
        self.everything = [self.redis(name) for name in ("redis", "keys-redis")]
        self.zmq = f"tcp://127.0.0.1:{self.free_port()}"
        intake = Process(self, "intake", "intake")
        self.replicas = {stage: [Process(self, stage, f"{stage}-{n}") for n in (1, 2)] for stage in STAGES}
        self.everything += [intake] + [process for pair in self.replicas.values() for process in pair]
        for process in self.everything[2:]:
            process.wait_ready()
        self.store = Redis(f"unix:{self.dir}/redis/redis.sock")

    def free_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def redis(self, name):
        folder = self.dir / name
        argv = ["redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock", "--dir", str(folder), "--appendonly", "yes",
                "--appendfsync", "always", "--save", "", "--logfile", f"{self.dir}/log/{name}.log"]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def settings(self, program):
        mine = [f"partitions={PARTITIONS}", "watchdog_s=30"]
        return mine + ([f"zmq={self.zmq}", "http=127.0.0.1:0", "replay=tcp://127.0.0.1:*"] if program == "intake" else [])

    def standing(self, stages):
        """{stage: [(owner, seq)] by partition}, in one round trip."""
        command = b"".join(b"*4\r\n$5\r\nHMGET\r\n$%d\r\n%s\r\n$5\r\nowner\r\n$3\r\nseq\r\n" % (len(key), key) for stage in stages
                           for key in (b"{p%04d}stage:%s" % (p, stage.encode()) for p in range(PARTITIONS)))
        self.store.socket.sendall(command)
        read = [self.store.reply() for _ in range(len(stages) * PARTITIONS)]
        return {stage: [(owner or b"", int(seq or 0)) for owner, seq in read[i * PARTITIONS:(i + 1) * PARTITIONS]]
                for i, stage in enumerate(stages)}

    def stop(self):
        for process in reversed(self.everything):
            (process.end if isinstance(process, Process) else process.send_signal)(signal.SIGTERM)
            (process.process if isinstance(process, Process) else process).wait(LIMIT_SECONDS)
        shutil.rmtree(self.dir)


class Takeover:
    """One that goes, and what becomes of its partitions."""

    def __init__(self, stage, replicas, standing, number):
        self.is_killed = number == signal.SIGKILL
        held = {process: [p for p, (owner, _) in enumerate(standing) if owner == process.owner] for process in replicas}
        self.stage, self.victim = stage, max(replicas, key=lambda process: len(held[process]))
        self.open, self.seen, self.took_ms = set(held[self.victim]), {}, []

    def look(self, standing, elapsed_ms):
        """A partition is taken over when its checkpoint has moved under another owner. One that stops may commit until it lets go:
        what has moved when another is first seen may still be its doing, and does not count."""
        for p in list(self.open):
            owner, seq = standing[p]
            if owner in (b"", self.victim.owner):
                if self.is_killed:
                    self.seen[p] = seq
            elif seq > self.seen.setdefault(p, seq):
                self.open.remove(p)
                self.took_ms.append(elapsed_ms)


def strike(system, stages, number, wanted):
    """Ends one replica of each of the stages; the takeovers, complete."""
    wanted.value = sum(1 << STAGES.index(stage) for stage in stages)
    met_at = max(process.met_at for stage in stages for process in system.replicas[stage])
    time.sleep(max(0.0, met_at - time.monotonic()))
    held = wait_until(lambda: all_held(system.standing(stages)), "all partitions held")
    takeovers = [Takeover(stage, system.replicas[stage], held[stage], number) for stage in stages]
    begun = time.monotonic()
    for takeover in takeovers:
        takeover.victim.end(number)
    while any(takeover.open for takeover in takeovers):
        standing, elapsed_ms = system.standing(stages), (time.monotonic() - begun) * 1000
        for takeover in takeovers:
            takeover.look(standing[takeover.stage], elapsed_ms)
        if elapsed_ms > LIMIT_SECONDS * 1000:
            raise SystemExit(f"not taken over within {LIMIT_SECONDS} s: {[(t.stage, sorted(t.open)) for t in takeovers]}")
        time.sleep(0.002)
    for takeover in takeovers:
        takeover.victim.start_again()
    for takeover in takeovers:
        takeover.victim.wait_ready()
    return takeovers


def wait_until(condition, what):
    end = time.monotonic() + LIMIT_SECONDS
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"not within {LIMIT_SECONDS} s: {what}")
        time.sleep(0.01)
    return value


def all_held(standing):
    return standing if all(owner for owners in standing.values() for owner, _ in owners) else None


def percentile(values, percent):
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def report(what, takeovers):
    """True if it is within its bound."""
    slowest = [max(takeover.took_ms) for takeover in takeovers]
    every = [took for takeover in takeovers for took in takeover.took_ms]
    good = percentile(slowest, 99) <= BOUND_MS[what]
    for name, values in [("slowest partition of each", slowest), ("each partition", every)]:
        print(f"     {what:8} {name:26} {len(values):6}   p50 {percentile(values, 50):6.0f} ms   p99 {percentile(values, 99):6.0f} ms   "
              f"max {max(values):6.0f} ms")
    print(f"{'ok  ' if good else 'FAIL'} after {what} within {BOUND_MS[what]} ms, 99th of {len(slowest)}", flush=True)
    return good


class Measurement:
    """A system with events flowing, to strike at."""

    def __init__(self, bin_dir):
        self.system = System(bin_dir)
        self.wanted = multiprocessing.Value("i", 0)
        self.feeder = multiprocessing.Process(target=feed, args=(self.system.zmq, self.wanted), daemon=True)

    def __enter__(self):
        self.feeder.start()
        return self

    def __exit__(self, *error):
        self.wanted.value = -1
        self.feeder.join(LIMIT_SECONDS)
        self.system.stop()

    def stop_one(self, stage):
        return strike(self.system, [stage], signal.SIGTERM, self.wanted)

    def kill_one_of_each(self):
        takeovers = strike(self.system, STAGES, signal.SIGKILL, self.wanted)
        if not self.feeder.is_alive():
            raise SystemExit("a client of intake saw an error")
        return takeovers


def run(measurement, options):
    stops = [takeover for number in range(options.stops) for takeover in measurement.stop_one(STAGES[number % len(STAGES)])]
    results = [report("stop", stops)] if stops else []
    kills = [takeover for _ in range(-(-options.kills // len(STAGES))) for takeover in measurement.kill_one_of_each()]
    return results + ([report("kill -9", kills)] if kills else [])


def main():
    options = arguments()
    with Measurement(options.bin) as measurement:
        results = run(measurement, options)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
