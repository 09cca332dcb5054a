#!/usr/bin/env python3
"""Several hosts under attack: the sample month runs in two shops while processes, links and Redis servers die; afterwards the
independent checker of the month must find every promise kept.

    tests/cluster/cluster.py [--seed N] [--seconds N] [--bin DIR] [--next DIR] [--keep DIR]

The hosts are network namespaces that it makes and removes; it must be root. --next: another build of the same, for the rolling
restart. Closes with the line `N passed, N failed`; a failure prints the seed, what was done when, and where the logs are.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path += [str(ROOT / "tests" / "month"), str(ROOT / "tests" / "process")]

import month as month_test                                                                  # noqa: E402
from attack import Attack                                                                   # noqa: E402
from installation import CONSUMERS, HOSTS, HTTP, KEY, OUTSIDE, PARTITIONS, PLACES, Installation    # noqa: E402
from month_data import check, json_lines                                                    # noqa: E402
from network import Network, ends_with_us, why_not                                          # noqa: E402
from plan import plan                                                                       # noqa: E402
from promises import PROMISES                                                               # noqa: E402
from takeover import Takeovers                                                              # noqa: E402
from shop import ZONE, Shop                                                                 # noqa: E402

SHOPS = ["sample", "harbour"]           # of two partitions
START = datetime.datetime(2026, 3, 1, tzinfo=ZONE)
QUIET_SECONDS = 400                     # in which the month must end after the attack
PARK_SECONDS = 5.0                      # how often the driver says that it is still there


def arguments():
    parser = argparse.ArgumentParser(description="the sample month on several hosts under attack")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=180, help="real seconds that the attack lasts")
    parser.add_argument("--days", type=int, default=62, help="virtual days from 1 March 2026 on")
    parser.add_argument("--bin", type=os.path.abspath, default=str(ROOT / "build" / "bin"))
    parser.add_argument("--next", type=os.path.abspath, help="another build, for the rolling restart")
    parser.add_argument("--faults", help="only these kinds, as kill,cut; for hunting")
    parser.add_argument("--keep", help="directory of the run; kept afterwards")
    return parser.parse_args()


class Front:
    """What the outside sees of the installation: one address before all intakes."""

    def __init__(self, network, balancer_errors):
        self.url, self.key = f"http://127.0.0.1:{HTTP}", KEY
        self.process = subprocess.Popen(
            [sys.executable, HERE / "balancer.py", "--hosts", ",".join(network.address(h) for h in HOSTS), "--health", str(HTTP),
             "--ports", str(HTTP)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=balancer_errors,
            preexec_fn=ends_with_us)
        if self.process.stdout.readline() != b"ready\n":
            raise SystemExit("the balancer does not start")

    def call(self, path, body=None):
        """One request; None when there is no answer now."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data=data, headers=headers), timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError, urllib.error.URLError):
            return None

    def end(self):
        self.process.kill()
        self.process.wait()


class Time:
    """Virtual time, held by the driver so that the month lasts as long as the attack."""

    def __init__(self, front, end_ms):
        self.front, self.end_ms, self.parked, self.now_ms = front, end_ms, 0.0, 0

    def hold(self, at_ms):
        """Time may go on until then; what time it is."""
        again = time.monotonic() - self.parked > PARK_SECONDS
        clock = self.front.call("/v1/clock/participants", {"name": "driver", "wake_at": at_ms}) if again else self.front.call("/v1/clock")
        if clock:
            self.parked = time.monotonic() if again else self.parked
            self.now_ms = clock["now_ms"]
        return self.now_ms

    def pass_slowly(self, seconds, each_turn):
        """The month, day by day, evenly over so many seconds."""
        begun, first = time.monotonic(), int(START.timestamp() * 1000)
        while time.monotonic() - begun < seconds:
            each_turn()
            share = min(1.0, (time.monotonic() - begun) / seconds)
            before, at_ms = self.now_ms, int(first + (self.end_ms - first) * share)
            self.parked = 0.0 if before >= getattr(self, "until_ms", 0) else self.parked
            self.until_ms = max(at_ms, before + 60000)
            self.hold(self.until_ms)
            time.sleep(0.1)

    def pass_on(self, seconds):
        """The rest as fast as it goes; did it come to the end?"""
        end, self.parked = time.monotonic() + seconds, 0.0
        while self.hold(self.end_ms) < self.end_ms and time.monotonic() < end:
            time.sleep(0.1)
        return self.now_ms >= self.end_ms


class Follower:
    """A consumer of another team that keeps a list. It asks the replay of the given hosts, and listens to every daemon."""

    def __init__(self, kind, name, hosts, run):
        here = run.folder / "outside"
        self.consumer, self.name, installation = kind(here, name), name, run.installation
        self.endpoints = ",".join(installation.replay(host) for host in hosts)
        self.more = ["--key", KEY, "--server-key", ",".join(installation.public_key(host) for host in hosts),
                     "--secret", str(installation.secret(name))]
        self.wanted = False

    def start(self):
        self.consumer.start(self.endpoints, *self.more)
        self.wanted = True

    def kill(self):
        self.wanted = False
        self.consumer.kill()

    def keep(self):
        """Started again when it has ended by itself: no intake answered it at its start."""
        if self.wanted and self.consumer.process.poll() is not None:
            self.consumer.restart()

    def list(self):
        return sorted(self.consumer.list())


class Run:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="cluster-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.end_ms = int((START + datetime.timedelta(days=options.days)).timestamp() * 1000)
        self.network = Network([*HOSTS, OUTSIDE], options.seed)
        self.journal, self.results, self.shops, self.ending = [], [], [], []
        clock = {"clock": "stepped", "clock_start": START.isoformat(),
                 "clock_until": datetime.datetime.fromtimestamp(self.end_ms / 1000, ZONE).isoformat()}
        self.installation = Installation(self.network, self.folder, {"old": options.bin, "new": options.next or options.bin}, clock)

    # ---- from start to end

    def start(self):
        self.network.make()
        self.network.enter(OUTSIDE)
        errors = open(self.folder / "outside.err", "ab")
        sink = subprocess.Popen([sys.executable, ROOT / "tests/support/sink.py", "--host", self.network.address(OUTSIDE), "--journal",
                                 self.folder / "sinks.jsonl"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                preexec_fn=ends_with_us)
        self.ending.append(sink.kill)
        ports = dict(word.split("=") for word in sink.stdout.readline().decode().split()[1:])
        self.installation.start({name: text.format(**ports).replace("127.0.0.1", self.network.address(OUTSIDE))
                                 for name, text in month_test.GATEWAYS.items()})
        self.front = Front(self.network, errors)
        self.ending.append(self.front.end)
        self.time = Time(self.front, self.end_ms)
        self.takeovers = Takeovers(self.installation.truth, PARTITIONS)
        self.open_shops()
        self.start_consumers()

    def open_shops(self):
        while not self.front.call("/v1/clock"):
            time.sleep(0.1)
        self.time.hold(1)
        self.shops = [Shop(site, self.front, self.folder, pathlib.Path(self.options.bin) / "care") for site in SHOPS]
        for shop in self.shops:
            shop.set_up()
        for number, shop in enumerate(self.shops):
            shop.open(self.options.seed + number, self.end_ms)
            self.ending.append(shop.end)
        wanted, end = 1 + sum(len(shop.people) for shop in self.shops), time.monotonic() + 60
        while len((self.front.call("/v1/clock") or {}).get("participants", [])) < wanted:
            self.time.hold(1)
            if time.monotonic() > end:
                raise SystemExit(f"not everybody takes part; see {self.folder}")
            time.sleep(0.05)

    def start_consumers(self):
        os.environ["CARELINE_BIN"] = self.options.bin
        from consumers import InC, InPython
        intakes = [host for program, host in PLACES if program == "intake"]
        (self.folder / "outside").mkdir()
        self.followers = [Follower(InC, CONSUMERS[0], intakes, self), Follower(InPython, CONSUMERS[1], intakes[:1], self)]
        self.ending += [follower.kill for follower in self.followers]

    def keep_consumers(self):
        for follower in self.followers:
            follower.keep()

    def attack(self):
        steps = plan(self.options.seed, self.options.seconds, HOSTS, [f"{program}@{host}" for program, host in PLACES])
        if self.options.faults:
            steps = [[step for step in steps if step.kind in self.options.faults.split(",")] for steps in steps]
        attack = Attack(self.installation, self.followers, self.takeovers, self.journal)
        attack.begin(*steps)
        self.time.pass_slowly(self.options.seconds, self.keep_consumers)
        attack.end()
        self.attacked = attack

    def quieten(self):
        """All is healed; the month comes to its end; who fed it ends well."""
        self.network.heal()
        self.installation.heal()
        self.installation.keeper.wait_ready(self.installation.daemons)
        came = self.time.pass_on(QUIET_SECONDS)
        self.tell("The month came to its end.", [] if came else [f"it stands at {self.time.now_ms} of {self.end_ms}"])
        self.tell("Nobody who fed the month was refused.", [line for shop in self.shops for line in shop.close()])
        settled = month_test.settled(self.front)
        self.tell("Every open entity has its timer and its list entry.", [] if settled and settled["consistent"] else [str(settled)])
        self.tell("The attack went as planned.", self.attacked.broken)
        self.tell("Nothing ended by a fault of its own.", self.installation.keeper.unasked)

    def judge(self):
        log = self.installation.truth.log()
        messages = json_lines(self.folder / "sinks.jsonl")
        for shop in self.shops:
            month = shop.month(log, messages, self.end_ms)
            for _, says, broken in check(month, PROMISES):
                self.tell(f"{shop.site}: {says}", broken)
            counts = collections.Counter(e["type"] for e in month.events)
            print(f"     {shop.site}: {len(month.events)} events, {len(month.acknowledged)} acknowledged facts, {len(month.acts)} acts, "
                  f"{counts['task.closed']} tasks, {counts['case.opened']} cases, {len(month.messages)} messages at the sinks, "
                  f"{month.doubled} of them a second time, each matched to an attempt without a recorded answer")
        self.judge_consumers(log)

    def judge_consumers(self, log):
        whole = sorted((e["partition"], e["seq"], e["chain"]) for e in log)
        end = time.monotonic() + 30
        while any(f.list() != whole for f in self.followers) and time.monotonic() < end:
            self.keep_consumers()
            time.sleep(0.2)
        for follower in self.followers:
            had, has = collections.Counter(whole), collections.Counter(follower.list())
            self.tell(f"The list of the consumer {follower.name} is the log: {len(whole)} events.",
                      [f"lacks {place}" for place in sorted(had - has)] + [f"has {place} too often" for place in sorted(has - had)])

    def tell(self, says, broken):
        self.results.append(not broken)
        print(f"{'FAIL' if broken else 'ok  '} {says}", flush=True)
        for line in broken[:10]:
            print(f"       {line}")
        if len(broken) > 10:
            print(f"       … and {len(broken) - 10} more")

    def numbers(self):
        print("     attacked: " + ", ".join(f"{n} {kind}" for kind, n in sorted(self.attacked.counts.items())))
        for line in self.takeovers.lines():
            print(f"     {line}")

    def stop(self):
        for end in reversed(self.ending):
            end()
        self.installation.stop()
        self.network.remove()

    # ---- the end

    def report(self, begun):
        failed = self.results.count(False)
        if failed or not self.results:
            print(f"seed {self.options.seed}; what was done:")
            print("\n".join(f"    {line}" for line in self.journal))
            print(f"logs are kept in {self.folder}")
        elif not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        print(f"{time.monotonic() - begun:.0f} s")
        print(f"{self.results.count(True)} passed, {failed} failed")
        return 1 if failed or not self.results else 0


def main():
    options = arguments()
    reason = why_not()
    if reason:
        raise SystemExit(f"cluster-test cannot run: {reason}")
    run, begun = Run(options), time.monotonic()
    try:
        run.start()
        print(f"seed {options.seed}, {run.folder}: {len(run.installation.daemons)} daemons on {len(HOSTS)} hosts", flush=True)
        run.attack()
        run.quieten()
        run.judge()
        run.numbers()
    except SystemExit as ended:
        run.tell("It came to its end.", [str(ended), *run.installation.keeper.unasked])
    finally:
        run.stop()
        code = run.report(begun)
    return code


if __name__ == "__main__":
    sys.exit(main())
