#!/usr/bin/env python3
"""A dealer's month on the stepped clock, with robot staff, real Redis, a real mail and a real web server; then an independent
checker holds every promise against it.

    tests/month/month.py [--kill] [--seed N] [--redis KIND [--reshard]] [--data DIR] [--bin DIR] [--keep DIR] [--days N]

--kill kills every daemon and Redis with SIGKILL at random moments, at least 20 times, repeatable by --seed.
--redis single, sentinel or cluster: a set of Redis servers (tests/process/redis_set.py) instead of the one of deploy/run. --reshard: while the month passes, slots of the Cluster are moved from master to master.
--data takes other files: DIR/deliveries.csv, DIR/settlement.csv and any DIR/complaints*.csv, as deploy/imports reads them.
Closes with the line `N passed, N failed`.
"""
import argparse
import copy
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "month"), str(ROOT / "tests" / "process")]

import redis_set  # noqa: E402
from month_data import Month, check, good_numbers, json_lines  # noqa: E402
from planted import PLANTED  # noqa: E402
from promises import PROMISES  # noqa: E402
from redis_log import Redis, log_keys, read_partition  # noqa: E402

ZONE = datetime.timezone(datetime.timedelta(hours=8))
SITE = "sample"
PARTITIONS = 64
KILLS = 24
GATEWAYS = {
    "sms.yaml": 'gateway: sms\nchannel: sms\nkind: http\nmethod: GET\nurl: "http://127.0.0.1:{http}/sms?to={{{{to}}}}&text={{{{text}}}}"\n'
                'accepted: "^0: "\nconcurrency: 8\nper_second: 1000\n',
    "mail.yaml": 'gateway: mail\nchannel: email\nkind: smtp\nurl: "smtp://127.0.0.1:{smtp}"\nfrom: "Careline <care@example.invalid>"\n'
                 'tls: none\nconcurrency: 8\nper_second: 1000\n',
    "chat.yaml": 'gateway: chat\nchannel: webhook\nkind: http\nmethod: POST\nurl: "http://127.0.0.1:{http}/chat"\n'
                 'content_type: application/json\nbody: \'{{"text":"{{{{text}}}}"}}\'\nconcurrency: 8\nper_second: 1000\n',
}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--redis", choices=redis_set.KINDS, help="what holds the truth")
    parser.add_argument("--reshard", action="store_true", help="move slots of the Cluster meanwhile")
    parser.add_argument("--data", default=str(ROOT / "deploy" / "sample" / "month"))
    parser.add_argument("--bin", type=os.path.abspath, default=str(ROOT / "build" / "bin"))
    parser.add_argument("--keep", help="directory of the run; kept afterwards")
    parser.add_argument("--days", type=int, default=62, help="virtual days from 1 March 2026 on")
    parser.add_argument("--limit", type=int, default=1500, help="real seconds after which it is given up")
    options = parser.parse_args()
    if options.reshard and options.redis != "cluster":
        parser.error("--reshard needs --redis cluster")
    return options


class System:
    """A running installation, its sinks, and the time it keeps."""

    def __init__(self, options):
        self.options = options
        self.dir = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="month-"))
        self.dir.mkdir(parents=True, exist_ok=True)
        self.start = datetime.datetime(2026, 3, 1, tzinfo=ZONE)
        self.end_ms = int((self.start + datetime.timedelta(days=options.days)).timestamp() * 1000)
        self.processes, self.parked = [], 0.0
        make, self.store_options = redis_set.KINDS[options.redis] if options.redis else (lambda: None, [])
        self.redis = make()
        self.deadline = time.monotonic() + options.limit

    def spawn(self, *argv, **more):
        process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process

    def start_all(self):
        sink = self.spawn(sys.executable, ROOT / "tests/support/sink.py", "--journal", self.dir / "sinks.jsonl", stdout=subprocess.PIPE)
        ports = dict(w.split("=") for w in sink.stdout.readline().decode().split()[1:])
        (self.dir / "run" / "gateways").mkdir(parents=True)
        for name, text in GATEWAYS.items():
            (self.dir / "run" / "gateways" / name).write_text(text.format(**ports))
        until = datetime.datetime.fromtimestamp(self.end_ms / 1000, ZONE)
        if self.redis:
            self.store_options = ["--store", self.redis.address, *self.store_options]
        self.run = self.spawn(ROOT / "deploy/run", "--dir", self.dir / "run", "--step", "--clock", self.start.isoformat(), "--until",
                              until.isoformat(), "--empty", "--quiet", "--bin", self.options.bin, *self.store_options, stdout=subprocess.PIPE)
        ready = self.run.stdout.readline().decode()
        if not ready.startswith("ready"):
            raise SystemExit("deploy/run did not get ready; see " + str(self.dir))
        self.endpoints = dict(line.strip().split("=", 1) for line in open(self.dir / "run" / "endpoints"))

    def care(self, *words):
        log = open(self.dir / "care.log", "ab")
        return self.spawn(pathlib.Path(self.options.bin) / "care", *words, "--dir", self.dir / "run", "--site", SITE, stdout=log, stderr=log)

    def call(self, path, body=None):
        """One request; None when there is no answer now."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.endpoints["http"] + path, data=data, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError, urllib.error.URLError):
            return None

    def participate(self, **saying):
        return self.call("/v1/clock/participants", {"name": "month", **saying})

    def until(self, at_ms, done=lambda clock: False):
        """Holds time at `at_ms` and waits until it has come there (or until `done`)."""
        self.parked = 0.0
        while time.monotonic() < self.deadline:
            again = time.monotonic() - self.parked > 5
            clock = self.participate(wake_at=at_ms) if again else self.call("/v1/clock")
            if clock and again:
                self.parked = time.monotonic()
            if clock and (clock["now_ms"] >= at_ms or done(clock)):
                return clock
            if self.run.poll() is not None:
                raise SystemExit("deploy/run ended by itself")
            time.sleep(0.02)
        raise SystemExit(f"not done after {self.options.limit} s; see {self.dir}")

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.redis:
            self.redis.stop()

    def kill(self, name):
        """kill -9; it is started again."""
        if name == "redis" and self.redis:
            self.redis.kill()
        else:
            os.kill(int((self.dir / "run" / "pids" / name).read_text()), signal.SIGKILL)

    def log(self):
        return self.redis.log() if self.redis else read_log(self)


class Killer:
    """Kills what runs, chosen by the seed."""

    def __init__(self, system, seed):
        self.system, self.dice, self.kills = system, random.Random(seed), []

    def strike(self):
        names = ["intake", "scheduler", "follow-up", "complaint-router", "notifier", "redis"]
        name = names[len(self.kills) % len(names)] if len(self.kills) < len(names) else self.dice.choice(names)
        time.sleep(self.dice.random() * 0.4)
        try:
            self.system.kill(name)
            self.kills.append(name)
        except (OSError, ValueError):
            pass                                # it is just being started again


class Resharder(threading.Thread):
    """Moves slots of the Cluster, those of the shop's own partition every other time, as long as the month lasts."""

    def __init__(self, system, seed):
        super().__init__(daemon=True)
        self.redis, self.dice, self.ended = system.redis, random.Random(seed), threading.Event()
        self.slots = self.keys = 0
        self.wrong = None

    def run(self):
        try:
            while not self.ended.is_set():
                own = self.slots % 2 == 0
                self.move(redis_set.slot_of(f"p{fnv_1a(SITE) % PARTITIONS if own else self.dice.randrange(PARTITIONS):04d}"))
                self.ended.wait(0.2)
        except Exception as wrong:      # told in the end: a slot that is left half-way is a failure of the test
            self.wrong = wrong

    def move(self, slot):
        masters = self.redis.masters()
        source = next(server for server in masters if slot in redis_set.slots_of(server))
        target = self.dice.choice([server for server in masters if server is not source])
        self.keys += redis_set.slot_move(slot, source, target, masters)
        self.slots += 1

    def end(self):
        self.ended.set()
        self.join(60)
        if self.wrong or self.is_alive():
            raise SystemExit(f"resharding failed: {self.wrong}")


def fnv_1a(text):
    """As proto/PROTOCOL.md says."""
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value


def feed(system):
    """The front desk's files, each row at its own time, and the staff."""
    maps, data = ROOT / "deploy" / "imports", pathlib.Path(system.options.data)
    files = [("deliveries", data / "deliveries.csv"), ("settlement", data / "settlement.csv")]
    files += [("complaints", path) for path in sorted(data.glob("complaints*.csv"))]
    system.participate(busy=True)
    feeders = [system.care("import", "--paced", "--map", maps / f"{name}.yaml", path, "--journal", system.dir / f"acks-{path.name}.jsonl")
               for name, path in files]
    until = datetime.datetime.fromtimestamp(system.end_ms / 1000, ZONE).isoformat()
    feeders.append(system.care("robots", "--seed", system.options.seed, "--until", until, "--journal", system.dir / "acts.jsonl"))
    end = time.monotonic() + 30
    while len(system.call("/v1/clock")["participants"]) < len(feeders) + 1:
        system.participate(busy=True)
        if time.monotonic() > end:
            raise SystemExit("not everybody takes part; see " + str(system.dir / "care.log"))
        time.sleep(0.05)
    return feeders


def live(system, killer):
    """Lets the month pass; in between, things are killed."""
    first = int(system.start.timestamp() * 1000)
    rounds = KILLS if killer else 1
    for number in range(1, rounds + 1):
        if killer:
            killer.strike()
        system.until(first + (system.end_ms - first) * number // rounds)
    while killer and len(killer.kills) < 20:
        killer.strike()


def settled(system):
    """At the end of the month: all work done, every entity with its timer and list entry."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = system.call("/v1/status")
        if status and not any(s["lag"] for s in status["stages"]) and not status["sending"]:
            return system.call("/v1/check")
        time.sleep(0.2)
    return None


def read_log(system):
    """Every event, as the user of Redis that may look and do nothing."""
    redis = Redis(system.endpoints["redis"])
    redis.command("AUTH", "observer", (system.dir / "run" / "access" / "store" / "observer.password").read_text().strip())
    try:
        return [event for key in log_keys(redis) for event in read_partition(redis, key)]
    finally:
        redis.close()


def gather(system):
    data = pathlib.Path(system.options.data)
    acknowledged = [(line["event"], line["answer"]) for path in system.dir.glob("acks-*.jsonl") for line in json_lines(path)
                    if line["answer"].get("status") in ("new", "known")]
    acts = [(line["act"], line["answer"] if line["status"] == 200 else None) for line in json_lines(system.dir / "acts.jsonl")]
    messages = [m for m in json_lines(system.dir / "sinks.jsonl") if m["taken"]]
    ics = (ROOT / "deploy" / "calendars" / "china-2026.ics").read_text()
    return Month(SITE, system.log(), acknowledged, acts, messages, good_numbers(data / "deliveries.csv", 8),
                 good_numbers(data / "settlement.csv", 10), ics, system.end_ms)


def report(month, results):
    failed = 0
    for name, says, broken in results:
        print(f"{'ok  ' if not broken else 'FAIL'} {says}")
        for line in broken[:10]:
            print(f"       {line}")
        if len(broken) > 10:
            print(f"       … and {len(broken) - 10} more")
        failed += bool(broken)
    return failed


def checker_sees(month):
    """Plants each fault in a copy of the month: the checker must notice it."""
    failed = 0
    for name, plant, promise in PLANTED:
        copied = copy.copy(month)
        copied.read(copy.deepcopy(month.events))
        copied.messages, copied.acknowledged = list(month.messages), list(month.acknowledged)
        where = plant(copied)
        before = set(promise(month))
        seen = where is not None and set(promise(copied)) - before
        print(f"{'ok  ' if seen else 'FAIL'} planted: {name}{'' if where else ' (nothing to plant it in)'}")
        failed += not seen
    return failed


def numbers(month, killer, resharder, begun, ran):
    counts = {kind: len(month.of_type(kind)) for kind in ("task.opened", "task.claimed", "task.closed", "case.opened", "case.warned",
                                                          "case.breached", "case.escalated", "notice.sent")}
    print(f"{len(month.events)} events; " + ", ".join(f"{n} {k}" for k, n in counts.items()))
    print(f"{len(month.acknowledged)} acknowledged facts, {len(month.acts)} acts, {len(month.messages)} messages at the sinks, "
          f"{month.doubled} of them a second time, each matched to an attempt without a recorded answer")
    if killer:
        print(f"killed {len(killer.kills)} times: " + ", ".join(f"{n} {killer.kills.count(n)}" for n in sorted(set(killer.kills))))
    if resharder:
        print(f"{resharder.slots} times a slot was moved to another master, with {resharder.keys} keys in all")
    print(f"the month took {ran - begun:.0f} s")


def main():
    options = arguments()
    system = System(options)
    begun = time.monotonic()
    try:
        system.start_all()
        killer = Killer(system, options.seed) if options.kill else None
        resharder = Resharder(system, options.seed) if options.reshard else None
        feeders = feed(system)
        if resharder:
            resharder.start()
        live(system, killer)
        if resharder:
            resharder.end()
        ran = time.monotonic()
        for feeder in feeders:
            feeder.wait(60)
        consistent = settled(system)
        month = gather(system)
    finally:
        system.stop()
    results = check(month, PROMISES)
    failed = report(month, results)
    fine = consistent is not None and consistent["consistent"] and not any(f.returncode for f in feeders)
    print(f"{'ok  ' if fine else 'FAIL'} Every open entity has its timer and its list entry, and nobody who fed the month was refused.")
    failed += not fine
    failed += checker_sees(month)
    numbers(month, killer, resharder, begun, ran)
    if not options.keep:
        shutil.rmtree(system.dir, ignore_errors=True)
    print(f"{len(results) + 1 + len(PLANTED) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
