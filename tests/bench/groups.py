"""How each row is measured. A group's generator yields once for a warm-up and once for each run."""
import math
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from busy import watched
from installation import PARTITIONS, SITES, STAGES, Installation, heard, wait_for
from model import Fit, told
from report import MARKS
from rows import RAW
from takeover import Measurement

BATCH = 100                 # facts in a request where throughput is asked for
WINDOW = 64                 # requests on their way at once
AGENT = "han-xue"
KNOWN = 1_000               # customers whom intake knows after the warm-up, where only intake is measured
MODEL = 10_000_000          # number of what seed copies
LEAD_SECONDS, QUICK_LEAD_SECONDS = 7, 2     # until timers are due: long enough that all are planned and the system is at rest
OUTAGE_SECONDS = 8          # after the plan that is copied is made, its copies are due
QUEUE_FILLED = 80_000       # events: more than the bus and the kernel keep for a consumer that reads nothing
LOOK_SECONDS = 0.02         # a count over all partitions costs Redis less than a hundredth of that


# ---------------------------------------------------------------- taking in

def raw_beside(careline, batch, count):
    """The function in Redis called at the batch size that intake came to, as many calls in one exchange as intake makes."""
    batch = max(1, min(512, round(batch)))
    return careline.load("raw_append", redis=careline.redis.address, exchanges=max(4, count // (batch * PARTITIONS)), each=batch)["per_s"]


def taken_in(careline, row, requests, **words):
    """Facts over HTTP, on 64 connections."""
    with watched(careline, row, requests * words.get("each", 1)) as seen:
        seen.rate = careline.load("load_http", port=careline.http_port, requests=requests, customers=KNOWN, **words)["per_s"]
    return seen.rate


def intake(bench):
    with Installation(bench, "always") as careline:
        careline.furnish("work-list.yaml")
        for _ in bench.rounds("intake"):
            count, paced = bench.size(60_000), bench.size(5_000)
            with watched(careline, "intake_zmq", count) as seen:
                zmq = careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, customers=KNOWN)
                seen.rate = zmq["per_s"]
            raw = raw_beside(careline, count / seen.profile.calls, count)
            single = taken_in(careline, "intake_http", count // 6)
            hundred = taken_in(careline, "intake_http_100", count // BATCH, each=BATCH)
            with watched(careline, "ack_p50 ack_p99", paced) as seen:
                ack = careline.load("load_zmq", to=careline.zmq, requests=paced, rate=2000, customers=KNOWN)
                seen.rate = ack["per_s"]
            yield {"intake_zmq": zmq["per_s"], ("intake_zmq", RAW): raw, "intake_http": single,
                   "intake_http_100": hundred, "ack_p50": ack["p50_us"] / 1000, "ack_p99": ack["p99_us"] / 1000,
                   "curve ack_p99": ack["curve_us"]}


# ---------------------------------------------------------------- all the way through

def through(careline, count, watch, stage, **words):
    """Facts in, until each one's event is on the bus."""
    return careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, watch=watch,
                         buses=careline.buses(stage), **words)["per_s"]


def at_rate(careline, count, rate, watch, stage):
    return careline.load("load_zmq", to=careline.zmq, requests=count, rate=rate, watch=watch, buses=careline.buses(stage))


def through_and_paced(careline, bench, row, paced_row, watch, stage):
    """{row, paced_row_p50, paced_row_p99} and the curve: as fast as it goes, then at 1,000/s."""
    count, paced_count = bench.size(20_000), bench.size(4_000)
    with watched(careline, row, count) as seen:
        rate = seen.rate = through(careline, count, watch, stage)
    careline.settle()
    with watched(careline, f"{paced_row}_p50 {paced_row}_p99", paced_count) as seen:
        paced = at_rate(careline, paced_count, 1000, watch, stage)
        seen.rate = paced["per_s"]
    careline.settle()
    return {row: rate, f"{paced_row}_p50": paced["p50_us"] / 1000, f"{paced_row}_p99": paced["p99_us"] / 1000,
            f"curve {paced_row}_p99": paced["curve_us"]}


def pipeline(bench):
    with Installation(bench, "everysec") as careline:
        careline.furnish("message.yaml")
        careline.start(*STAGES)
        for _ in bench.rounds("pipeline"):
            yield through_and_paced(careline, bench, "pipeline", "pipeline", "notice.attempted", "notifier")


def with_replicas(careline, number, count, single_site):
    """Deliveries a second with so many replicas of each stage, what was busy, and the ceiling of a single site when asked."""
    careline.start(*STAGES, replicas=number)
    with watched(careline, "pipeline_replicas" if number > 1 else "", count) as seen:
        rate = seen.rate = through(careline, count, "notice.attempted", "notifier")
    careline.settle()
    single = through(careline, single_site, "notice.attempted", "notifier", sites=1) if single_site else None
    careline.settle()
    careline.stop(*[name for name in careline.daemons if name != "intake"])
    return rate, seen.profile, single


def replicas(bench):
    """One replica of each stage and two, now these first, now those; the model is fitted to each run with one, and held against the
    run after it."""
    count, single_site, cores = bench.size(10_000), bench.size(5_000), os.cpu_count()
    with Installation(bench, "everysec") as careline:
        careline.furnish("message.yaml")
        fit = None
        for run in bench.rounds("replicas"):
            found = {number: with_replicas(careline, number, count, single_site if number == 1 else 0)
                     for number in ((1, 2), (2, 1))[run % 2]}
            (one, profile, single), (two, profile_two, _) = found[1], found[2]
            before, fit = fit, Fit.of(profile, cores)
            if not before:
                yield {}
                continue
            held = [(1, before.predicted(1, cores - profile.others(cores)), one), (2, before.predicted(2, cores - profile_two.others(cores)), two)]
            yield {"pipeline_replicas": two, ("pipeline_replicas", "one replica"): one, "one_site": single,
                   "one_redis": 1 / fit.thread["redis"], "predicted_one": held[0][1] / one, "predicted_two": held[1][1] / two,
                   "note model": list(told(before, held, cores))}


def jobs(bench, fsync, measure):
    with Installation(bench, fsync) as careline:
        careline.furnish("work-list.yaml")
        careline.start("scheduler", "follow-up")
        for run in bench.rounds(f"jobs_{fsync}"):
            yield {**measure(careline), **bench.peers.jobs(run, f"job_{fsync}", fsync)}


def jobs_everysec(bench):
    def measure(careline):
        return through_and_paced(careline, bench, "job_everysec", "job", "task.opened", "follow-up")
    yield from jobs(bench, "everysec", measure)


def jobs_always(bench):
    def measure(careline):
        count = bench.size(20_000)
        with watched(careline, "job_always", count) as seen:
            rate = seen.rate = through(careline, count, "task.opened", "follow-up")
        careline.settle()
        return {"job_always": rate}
    yield from jobs(bench, "always", measure)


def rate_from_start(careline, row, programs, count_now, target, seconds=600):
    """Starts programs; how fast a count grows, from when it first does until it has grown by `target`."""
    with watched(careline, row, target) as seen:
        daemons, seen.rate = grown(careline, programs, count_now, target, seconds)
    for daemon in daemons:
        daemon.wait_ready()
    careline.settle()
    careline.stop(*programs)
    return seen.rate


def grown(careline, programs, count_now, target, seconds):
    """The daemons that it launched, and how fast the count grew."""
    before = count_now()
    begun_at, begun, end = before, None, time.monotonic() + seconds
    daemons = careline.launch(*programs)
    while (now := count_now()) < before + target:
        if begun is None and now > before:
            begun_at, begun = now, time.monotonic()
        if time.monotonic() > end:
            raise RuntimeError(f"{now - before} of {target} after {seconds} s")
        time.sleep(LOOK_SECONDS)
    return daemons, (now - begun_at) / (time.monotonic() - begun) if begun else 0.0


def drain(bench):
    with Installation(bench, "always") as careline:
        careline.furnish("work-list.yaml")
        for run in bench.rounds("drain"):
            count = bench.size(200_000)
            careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW)
            rate = rate_from_start(careline, "drain", ["scheduler", "follow-up"], careline.queued, count)
            yield {"drain": rate, **bench.peers.drain(run, "drain")}


def schedule(bench):
    steps = 8
    with Installation(bench, "everysec") as careline:
        careline.furnish("plan-of-eight.yaml")
        for run in bench.rounds("schedule"):
            count = bench.size(20_000)
            careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW)
            rate = rate_from_start(careline, "schedule", ["scheduler"], careline.timers, count)
            yield {"schedule": rate * steps, **bench.peers.schedule(run, "schedule")}


# ---------------------------------------------------------------- time

def late(careline, bench, rows, spread_ms):
    """Deliveries whose follow-up is due ten seconds after them; how late its timer is with a consumer."""
    count, lead = bench.size(10_000), QUICK_LEAD_SECONDS if bench.quick or bench.warming else LEAD_SECONDS
    due = time.time() + lead
    delivered = int(due * 1000) - 10_000
    listener = careline.listen("listen", buses=careline.buses("scheduler"), type="timer.fired", count=count)
    careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, occurred_at=delivered,
                  spread_ms=spread_ms)
    careline.settle()
    if time.time() > due - 0.1:
        raise RuntimeError(f"{count} deliveries were not planned within {lead} s")
    time.sleep(due - 0.1 - time.time())
    with watched(careline, rows, count):
        found = heard(listener)
    careline.settle()
    return found


def lateness(bench):
    with Installation(bench, "everysec") as careline:
        careline.furnish("call-in-a-moment.yaml")
        careline.start("scheduler", "follow-up")
        for _ in bench.rounds("lateness"):
            once, spread = late(careline, bench, "lateness_p50 lateness_p99", 0), late(careline, bench, "lateness_spread_p99", 1000)
            yield {"lateness_p50": once["p50_us"] / 1000, "lateness_p99": once["p99_us"] / 1000,
                   "lateness_spread_p99": spread["p99_us"] / 1000, "early": once["early"] + spread["early"],
                   "curve lateness_p99": once["curve_us"], "curve lateness_spread_p99": spread["curve_us"]}
    yield bench.peers.lateness("lateness_p99")


def seed_plans(careline, count, due_in_ms, name):
    """Plans with one follow-up, due so long from now: one that the scheduler makes, and copies of it."""
    day_ms = 24 * 60 * 60 * 1000
    delivered = int(time.time() * 1000) - day_ms + due_in_ms
    before = careline.timers()
    careline.start("scheduler")
    careline.load("load_zmq", to=careline.zmq, requests=1, occurred_at=delivered, run=name, first=MODEL)
    careline.settle()
    if careline.timers() == before:
        raise RuntimeError("no plan was made in time")
    careline.stop("scheduler")
    for kind in ("customer", "plan"):
        careline.load("seed", redis=careline.redis.address, kind=kind, model=f"{name}-{MODEL}", count=count - 1)


def overtaken(bench, careline, count):
    """An outage of which `count` timers come out overdue; seconds until each one's task is on a work list, and how facts are
    acknowledged meanwhile."""
    due = time.time() + OUTAGE_SECONDS
    seed_plans(careline, count, OUTAGE_SECONDS * 1000, "late")
    time.sleep(max(0.0, due - time.time()))
    begun = time.monotonic()
    with watched(careline, "overdue overdue_ack_p99", count), ThreadPoolExecutor() as beside:
        careline.launch("scheduler", "follow-up")
        ack = beside.submit(careline.load, "load_zmq", to=careline.zmq, requests=bench.size(5_000), rate=500)
        wait_for(lambda: careline.queued() >= count, "all tasks are on work lists", 600, 0.1)
        took = time.monotonic() - begun
    return took, ack.result()


def overdue(bench):
    """In an installation of its own each time: the tasks of one run would burden the next."""
    yield {}
    for _ in bench.rounds("overdue", warm_up=0):
        with Installation(bench, "everysec") as careline:
            careline.furnish("call-in-a-day.yaml")
            took, ack = overtaken(bench, careline, bench.size(1_000_000))
        yield {"overdue": took, "overdue_ack_p99": ack["p99_us"] / 1000, "curve overdue_ack_p99": ack["curve_us"]}


# ---------------------------------------------------------------- size

def hashes(careline):
    """Names of all keys, without their partition."""
    return sorted({key.split(b"}", 1)[1].decode() for key in careline.redis.command("KEYS", "{p*")})


def sizes(bench):
    """As large as they come through the engine, what keys that are not asked about take left out."""
    count = bench.size(50_000, 20_000)             # enough that no sorted set is kept as a short list
    yield {}
    for _ in bench.rounds("sizes", warm_up=0):
        with Installation(bench, "no") as careline:
            careline.furnish("call-in-a-day.yaml")
            careline.start("scheduler", "follow-up", "complaint-router")
            follow_up = growth(careline, count, customers=100)
            case = growth(careline, count // 5, type="complaint.received", customers=count)
        yield {"timer_bytes": follow_up["timers"], "follow_up_bytes": kept(follow_up), "case_bytes": kept(case),
               "case_log_bytes": case["log"],
               "note sizes": [parts_told("A pending follow-up", follow_up), parts_told("An open complaint", case)]}


def growth(careline, count, **words):
    """{key: bytes that it grows by for each thing}."""
    def measure():
        return {name: careline.key_bytes(name) for name in hashes(careline)}
    before = measure()
    careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, **words)
    careline.settle()
    return {name: (size - before.get(name, 0)) / count for name, size in measure().items()}


def of_itself(grown):
    """Without the log, and the keys of what was said once."""
    return {name: size for name, size in grown.items() if name != "log" and not name.startswith("keys")}


def kept(grown):
    return sum(of_itself(grown).values())


def parts_told(what, grown):
    parts = sorted(of_itself(grown).items(), key=lambda pair: -pair[1])
    return f"{what} takes, in bytes: " + ", ".join(f"{name} {size:.0f}" for name, size in parts if size >= 0.5) + "."


# ---------------------------------------------------------------- with much in hand

def percentile(values, percent):
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def claim_next(careline, number):
    """Seconds that it takes an agent to claim the next task of a site's list; she gives it back, as she may not hold many."""
    def act(kind, **data):
        return careline.ask("POST", "/v1/acts", {"type": kind, "site": f"bench-{number % SITES:02}", "data": data})
    begun = time.monotonic()
    claimed = act("task.claim", agent=AGENT)
    took = time.monotonic() - begun
    act("task.release", task=claimed["data"]["task"])
    return took


def claims(bench, installations):
    """{installation: how long claims of the next task took there, in us}, now in one, now in another, so that what disturbs a claim
    comes in each as often."""
    took = {careline: [] for careline in installations}
    for number in range(bench.size(1_000, 200)):
        for careline in installations:
            took[careline].append(claim_next(careline, number) * 1e6)
    return took


def complaints(bench, careline):
    """How long a complaint took until it was a case, in us: each percentile of MARKS, and the 99th."""
    filed = careline.load("load_zmq", to=careline.zmq, requests=bench.size(1_000, 200), rate=200, type="complaint.received",
                          watch="case.opened", name="case_id", buses=careline.buses("complaint-router"), customers=10_000_000)
    careline.settle()
    careline.hang_up()
    return filed["curve_us"], filed["p99_us"]


def fill(careline, name, kinds):
    """Deliveries with a call now and one in a day: one through the engine, copies of what it led to."""
    tasks = careline.queued()
    careline.start("scheduler", "follow-up")
    careline.load("load_zmq", to=careline.zmq, requests=1, run=name, first=MODEL)
    wait_for(lambda: careline.queued() > tasks, "a task is on the work list")
    careline.settle()
    careline.stop("scheduler", "follow-up")
    careline.redis.command("CONFIG", "SET", "appendfsync", "no")        # only while it is filled
    for kind, number in kinds.items():
        careline.load("seed", redis=careline.redis.address, kind=kind, model=f"{name}-{MODEL}", count=number)
    careline.redis.command("CONFIG", "SET", "appendfsync", careline.redis.fsync)


def at_rest(careline, seconds):
    """Per cent of a core that all daemons use while nothing happens, and what the largest of them keeps in memory."""
    before = sum(daemon.cpu_seconds() for daemon in careline.daemons.values())
    time.sleep(seconds)
    used = sum(daemon.cpu_seconds() for daemon in careline.daemons.values()) - before
    return 100 * used / seconds, max(daemon.memory_mb()[0] for daemon in careline.daemons.values())


def rewrite_nothing(careline):
    """From now on Redis' file only grows: a rewrite would come in one of two that are compared."""
    careline.redis.command("CONFIG", "SET", "auto-aof-rewrite-percentage", "0")


def furnished_with(careline, name, kinds):
    """So many entities, and all stages at rest."""
    rewrite_nothing(careline)
    careline.furnish("now-and-in-a-day.yaml")
    fill(careline, name, kinds)
    careline.start(*STAGES)
    careline.settle()


def many(bench):
    """The same acts among few things and among many, in two installations side by side and in turn, so that what slows the machine
    or its disk for a while comes in both; and what the many cost while nothing happens."""
    with Installation(bench, "always") as few, Installation(bench, "always") as much:
        furnished_with(few, "few", {"task": 10_000, "plan": 10_000})
        furnished_with(much, "much", {"task": bench.size(1_000_000), "plan": bench.size(10_000_000)})
        for number in bench.rounds("many"):
            percent, megabytes = at_rest(much, 3)
            order = ((few, much), (much, few))[number % 2]
            took, filed = claims(bench, order), {careline: complaints(bench, careline) for careline in order}
            curves = {careline: [percentile(took[careline], mark) for mark in MARKS] for careline in order}
            yield {"claim_flat": percentile(took[much], 99) / percentile(took[few], 99), "complaint_flat": filed[much][1] / filed[few][1],
                   "idle_cpu": percent, **({"idle_mb": megabytes} if number == 1 else {}),  # later runs would say it again
                   "curve size claim, few": curves[few], "curve size claim, many": curves[much],
                   "curve size complaint, few": filed[few][0], "curve size complaint, many": filed[much][0]}


# ---------------------------------------------------------------- consumers, failures, rest

def fanned(bench, careline, row, stalled):
    """Events a second to the slowest of nine consumers, while a tenth, a process of its own, reads as they do, or stands still and has
    as much waiting for it as is kept. Fewer events than are kept for one, so that none that reads slowly misses any."""
    count = bench.size(40_000, 10_000)
    wire = {"buses": careline.buses("intake"), "count": count}
    tenth = careline.listen("fanout", consumers=1, **wire)
    if stalled:
        tenth.send_signal(signal.SIGSTOP)
        careline.load("load_zmq", to=careline.zmq, requests=bench.size(QUEUE_FILLED) // BATCH, each=BATCH, window=WINDOW, customers=KNOWN)
    nine = careline.listen("fanout", consumers=9, **wire)
    with watched(careline, row, count) as seen:
        careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, customers=KNOWN)
        rate = seen.rate = heard(nine)["per_s"]
    if stalled:
        tenth.kill()
        tenth.communicate()
        return rate
    return min(rate, heard(tenth)["per_s"])


def fanout(bench):
    with Installation(bench, "everysec") as careline:
        rewrite_nothing(careline)
        careline.furnish("work-list.yaml")
        for number in bench.rounds("fanout"):
            found = {}
            for stalled in (number % 2, 1 - number % 2):            # in turn, so that neither is always the first
                found[stalled] = fanned(bench, careline, "fanout_stalled" if stalled else "fanout", stalled)
            yield {"fanout": found[0], "fanout_stalled": found[1], ("fanout_stalled", "none stalled"): found[0]}


def takeover(bench):
    """One replica of each stage is killed at once; takeover.py says how it is watched."""
    with Measurement(bench.bin) as measurement:
        for _ in bench.rounds("takeover"):
            struck = measurement.kill_one_of_each()
            yield {"takeover": max(max(one.took_ms) for one in struck) / 1000}


def works(careline):
    """Does a fact for each site lead to a task?"""
    try:
        return through(careline, BATCH, "task.opened", "follow-up")
    except RuntimeError:
        return None


def recover(bench):
    count = bench.size(1_000_000)
    with Installation(bench, "everysec") as careline:
        careline.furnish("now-and-in-a-day.yaml")
        fill(careline, "kept", {"plan": count // 2, "task": count // 2})
        careline.start(*STAGES)
        for _ in bench.rounds("recover"):
            careline.settle()
            begun = time.monotonic()
            careline.redis.stop(signal.SIGKILL)
            careline.redis.start()
            wait_for(careline.redis.is_loaded, "Redis has loaded", 300)
            loaded = time.monotonic() - begun
            wait_for(lambda: works(careline), "facts lead to tasks again")
            took = time.monotonic() - begun
            yield {"recover": took, "note recover": [f"recover: of {took:.1f} s Redis read its files for {loaded:.1f} s "
                                                     f"({careline.redis.used_bytes() / 1e6:,.0f} MB in memory); until the stages "
                                                     f"worked again {took - loaded:.1f} s more."]}
