#!/usr/bin/env python3
"""Several hosts under attack: the sample month runs in two shops while processes, links and Redis servers die; then the
independent checker of the month must find every promise kept.

    tests/cluster/cluster.py [--seed N] [--seconds N] [--bin DIR] [--next DIR] [--keep DIR]

The hosts are network namespaces that it makes and removes; it must be root. --next: another build of the same, for the
rolling restart. Closes with the line `N passed, N failed`; a failure prints the seed, what was done when, and where the
logs are.
"""
import argparse
import collections
import datetime
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path += [str(ROOT / "tests" / "month"), str(ROOT / "tests" / "process")]

import month as month_test                                                                  # noqa: E402
from attack import Attack                                                                   # noqa: E402
from installation import CONSUMERS, HOSTS, OUTSIDE, PARTITIONS, PLACES, Installation    # noqa: E402
from month_data import check, json_lines                                                    # noqa: E402
from network import Network, ends_with_us, why_not                                          # noqa: E402
from outside import Follower, Front, Time                                                   # noqa: E402
from plan import plan                                                                       # noqa: E402
from promises import PROMISES                                                               # noqa: E402
from takeover import Takeovers                                                              # noqa: E402
from shop import ZONE, Shop                                                                 # noqa: E402

SHOPS = ["sample", "harbour"]           # of two partitions
START = datetime.datetime(2026, 3, 1, tzinfo=ZONE)
QUIET_SECONDS = 400                     # in which the month must end after the attack


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
        builds = {"old": options.bin, "new": options.next or options.bin}
        self.installation = Installation(self.network, self.folder, builds, clock)

    # ---- from start to end

    def start(self):
        self.network.make()
        self.network.enter(OUTSIDE)
        errors = open(self.folder / "outside.err", "ab")
        self.installation.start(self.gateways(errors))
        self.front = Front(self.network, errors)
        self.ending.append(self.front.end)
        self.time = Time(self.front, int(START.timestamp() * 1000), self.end_ms)
        self.takeovers = Takeovers(self.installation.truth, PARTITIONS)
        self.open_shops()
        self.start_consumers()

    def gateways(self, errors):
        """The ways out of the installation, to sinks that take all messages."""
        here = self.network.address(OUTSIDE)
        argv = [sys.executable, ROOT / "tests/support/sink.py", "--host", here, "--journal",
                self.folder / "sinks.jsonl"]
        sink = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                preexec_fn=ends_with_us)
        self.ending.append(sink.kill)
        ports = dict(word.split("=") for word in sink.stdout.readline().decode().split()[1:])
        return {name: text.format(**ports).replace("127.0.0.1", here) for name, text in month_test.GATEWAYS.items()}

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
        self.followers = [Follower(InC, CONSUMERS[0], intakes, self),
                          Follower(InPython, CONSUMERS[1], intakes[:1], self)]
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
        came = self.time.pass_on(QUIET_SECONDS, self.keep_consumers)
        self.tell("The month came to its end.", [] if came else [f"it stands at {self.time.now_ms} of {self.end_ms}"])
        self.tell("Nobody who fed the month was refused.", [line for shop in self.shops for line in shop.close()])
        settled = month_test.settled(self.front)
        wrong = [] if settled and settled["consistent"] else [str(settled)]
        self.tell("Every open entity has its timer and its list entry.", wrong)
        self.tell("The attack went as planned.", self.attacked.broken)
        refused = [line for part in (self.installation.truth, self.installation.vault) for line in part.refused()]
        self.tell("Redis refused none of its users anything.", refused)
        self.tell("Nothing ended by a fault of its own.", self.installation.keeper.unasked)

    def judge(self):
        log = self.installation.truth.log()
        messages = json_lines(self.folder / "sinks.jsonl")
        for shop in self.shops:
            month = shop.month(log, messages, self.end_ms)
            for _, says, broken in check(month, PROMISES):
                self.tell(f"{shop.site}: {says}", broken)
            counts = collections.Counter(e["type"] for e in month.events)
            print(f"     {shop.site}: {len(month.events)} events, {len(month.acknowledged)} acknowledged facts, "
                  f"{len(month.acts)} acts, {counts['task.closed']} tasks, {counts['case.opened']} cases, "
                  f"{len(month.messages)} messages at the sinks, {month.doubled} of them a second time, each matched "
                  "to an attempt without a recorded answer")
        self.judge_consumers(log)

    def judge_consumers(self, log):
        whole = sorted((e["partition"], e["seq"], e["chain"]) for e in log)
        end = time.monotonic() + 30
        while any(f.list() != whole for f in self.followers) and time.monotonic() < end:
            self.keep_consumers()
            time.sleep(0.2)
        for follower in self.followers:
            had, has = collections.Counter(whole), collections.Counter(follower.list())
            wrong = [f"lacks {place}" for place in sorted(had - has)]
            wrong += [f"has {place} too often" for place in sorted(has - had)]
            self.tell(f"The list of the consumer {follower.name} is the log: {len(whole)} events.", wrong)

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
        print(f"seed {options.seed}: {len(PLACES)} daemons on {len(HOSTS)} hosts; {run.folder}", flush=True)
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
