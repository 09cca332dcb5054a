"""How each row is measured. A group's generator yields once for a warm-up and once for each run."""
import math
import signal
import time

from installation import PARTITIONS, SITES, STAGES, Installation, heard, wait_for
from model import Times, predicted, told
from report import MARKS
from rows import RAW
from takeover import Measurement

BATCH = 100                 # facts in a request where throughput is asked for
WINDOW = 64                 # requests on their way at once
AGENT = "han-xue"
MODEL = 10_000_000          # number of what seed copies


# ---------------------------------------------------------------- taking in

def raw_beside(careline, batch, count):
    """The function in Redis called at the batch size that intake came to, as many calls in one exchange as intake makes."""
    batch = max(1, min(512, round(batch)))
    return careline.load("raw_append", redis=careline.redis.address, exchanges=max(4, count // (batch * PARTITIONS)), each=batch)["per_s"]


def intake(bench):
    count = bench.size(100_000)
    with Installation(bench, "always") as careline:
        careline.furnish("work-list.yaml")
        for _ in bench.rounds():
            before, _ = careline.redis.function_calls()
            zmq = careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW)
            calls = careline.redis.function_calls()[0] - before
            raw = raw_beside(careline, count / calls, count)
            single = careline.load("load_http", port=careline.http_port, requests=count // 10)
            hundred = careline.load("load_http", port=careline.http_port, requests=count // BATCH, each=BATCH)
            ack = careline.load("load_zmq", to=careline.zmq, requests=bench.size(10_000), rate=2000)
            yield {"intake_zmq": zmq["per_s"], ("intake_zmq", RAW): raw, "intake_http": single["per_s"],
                   "intake_http_100": hundred["per_s"], "ack_p50": ack["p50_us"] / 1000, "ack_p99": ack["p99_us"] / 1000,
                   "curve ack_p99": ack["curve_us"]}


# ---------------------------------------------------------------- all the way through

def through(careline, count, watch, stage, **words):
    """Facts in, until each one's event is on the bus."""
    return careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, watch=watch,
                         buses=careline.buses(stage), **words)["per_s"]


def at_rate(careline, count, rate, watch, stage):
    return careline.load("load_zmq", to=careline.zmq, requests=count, rate=rate, watch=watch, buses=careline.buses(stage))


def pipeline(bench):
    with Installation(bench, "everysec") as careline:
        careline.furnish("message.yaml")
        careline.start(*STAGES)
        for _ in bench.rounds():
            rate = through(careline, bench.size(40_000), "notice.attempted", "notifier")
            paced = at_rate(careline, bench.size(5_000), 1000, "notice.attempted", "notifier")
            careline.settle()
            yield {"pipeline": rate, "pipeline_p50": paced["p50_us"] / 1000, "pipeline_p99": paced["p99_us"] / 1000,
                   "curve pipeline_p99": paced["curve_us"]}


def replicas(bench):
    """One replica of each stage and two, in turn; what each program spends on a delivery, for the model."""
    count = bench.size(30_000)
    with Installation(bench, "everysec") as careline:
        careline.furnish("message.yaml")
        for _ in bench.rounds(3):
            rates, found = {}, {}
            for number in (1, 2):
                careline.start(*STAGES, replicas=number)
                times = Times(careline)
                rates[number] = through(careline, count, "notice.attempted", "notifier")
                careline.settle()
                found[number] = times.each(count)
                if number == 1:
                    single = through(careline, bench.size(10_000), "notice.attempted", "notifier", sites=1)
                    careline.settle()
                careline.stop(*[name for name in careline.daemons if name != "intake"])
            yield {"pipeline_replicas": rates[2], ("pipeline_replicas", "one replica"): rates[1], "one_site": single,
                   "one_redis": 1 / found[1]["redis"], "predicted_one": predicted(found[1], 1)[0] / rates[1],
                   "predicted_two": predicted(found[1], 2)[0] / rates[2], "note model": list(told(found[1], rates))}


def jobs(bench, fsync, measure):
    with Installation(bench, fsync) as careline:
        careline.furnish("work-list.yaml")
        careline.start("scheduler", "follow-up")
        for _ in bench.rounds():
            found = measure(careline)
            careline.settle()
            yield found


def jobs_everysec(bench):
    def measure(careline):
        rate = through(careline, bench.size(40_000), "task.opened", "follow-up")
        paced = at_rate(careline, bench.size(5_000), 1000, "task.opened", "follow-up")
        return {"job_everysec": rate, "job_p99": paced["p99_us"] / 1000, "curve job_p99": paced["curve_us"],
                **bench.peers.jobs("job_everysec", "everysec")}
    yield from jobs(bench, "everysec", measure)


def jobs_always(bench):
    def measure(careline):
        return {"job_always": through(careline, bench.size(40_000), "task.opened", "follow-up"),
                **bench.peers.jobs("job_always", "always")}
    yield from jobs(bench, "always", measure)


def rate_from_start(careline, programs, count_now, target, seconds=600):
    """Starts programs; how fast a count grows, from when it first does until it has grown by `target`."""
    before = count_now()
    begun_at, begun, end = before, None, time.monotonic() + seconds
    daemons = careline.launch(*programs)
    while (now := count_now()) < before + target:
        if begun is None and now > before:
            begun_at, begun = now, time.monotonic()
        if time.monotonic() > end:
            raise RuntimeError(f"{now - before} of {target} after {seconds} s")
        time.sleep(0.005)
    rate = (now - begun_at) / (time.monotonic() - begun) if begun else 0.0
    for daemon in daemons:
        daemon.wait_ready()
    return rate


def drain(bench):
    count = bench.size(200_000)
    with Installation(bench, "always") as careline:
        careline.furnish("work-list.yaml")
        for _ in bench.rounds(3):
            careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW)
            rate = rate_from_start(careline, ["scheduler", "follow-up"], careline.queued, count)
            careline.settle()
            careline.stop("scheduler", "follow-up")
            yield {"drain": rate, **bench.peers.drain("drain")}


def schedule(bench):
    count, steps = bench.size(20_000), 8
    with Installation(bench, "everysec") as careline:
        careline.furnish("plan-of-eight.yaml")
        for _ in bench.rounds():
            careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW)
            rate = rate_from_start(careline, ["scheduler"], careline.timers, count)
            careline.settle()
            careline.stop("scheduler")
            yield {"schedule": rate * steps, **bench.peers.schedule("schedule")}


# ---------------------------------------------------------------- time

def late(careline, count, spread_ms):
    """Deliveries whose follow-up is due ten seconds after them; how late its timer is with a consumer."""
    delivered = int(time.time() * 1000) - 4000
    listener = careline.listen("listen", buses=careline.buses("scheduler"), type="timer.fired", count=count)
    careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, occurred_at=delivered,
                  spread_ms=spread_ms)
    found = heard(listener)
    careline.settle()
    return found


def lateness(bench):
    with Installation(bench, "everysec") as careline:
        careline.furnish("call-in-a-moment.yaml")
        careline.start("scheduler", "follow-up")
        for _ in bench.rounds():
            once, spread = late(careline, bench.size(10_000), 0), late(careline, bench.size(10_000), 1000)
            yield {"lateness_p50": once["p50_us"] / 1000, "lateness_p99": once["p99_us"] / 1000,
                   "lateness_spread_p99": spread["p99_us"] / 1000, "early": once["early"] + spread["early"],
                   "curve lateness_p99": once["curve_us"], "curve lateness_spread_p99": spread["curve_us"],
                   **bench.peers.lateness("lateness_p99")}


def seed_plans(careline, count, due_in_ms, name):
    """Plans with one follow-up, due so long from now: one that the scheduler makes, and copies of it."""
    day_ms = 24 * 60 * 60 * 1000
    delivered = int(time.time() * 1000) - day_ms + due_in_ms
    before = careline.timers()
    careline.start("scheduler")
    careline.load("load_zmq", to=careline.zmq, requests=1, occurred_at=delivered, run=name, first=MODEL)
    wait_for(lambda: careline.timers() > before, "a plan is made")
    careline.settle()
    careline.stop("scheduler")
    careline.load("seed", redis=careline.redis.address, kind="plan", model=f"{name}-{MODEL}", count=count - 1)


def overdue(bench):
    """Once, after a warm-up of a tenth: what takes so long does not vary much."""
    with Installation(bench, "everysec") as careline:
        careline.furnish("call-in-a-day.yaml")
        for number, count in enumerate([bench.size(100_000), bench.size(1_000_000)]):
            due = time.time() + 8
            seed_plans(careline, count, 8000, f"late{number}")
            time.sleep(max(0.0, due - time.time()))
            tasks, begun = careline.queued(), time.monotonic()
            careline.start("scheduler", "follow-up")
            ack = careline.load("load_zmq", to=careline.zmq, requests=bench.size(5_000), rate=500)
            wait_for(lambda: careline.queued() >= tasks + count, "all tasks are on work lists", 900, 0.02)
            took = time.monotonic() - begun
            careline.settle()
            careline.stop("scheduler", "follow-up")
            yield {"overdue": took, "overdue_ack_p99": ack["p99_us"] / 1000, "curve overdue_ack_p99": ack["curve_us"]}


# ---------------------------------------------------------------- size

def hashes(careline):
    """Names of all keys, without their partition."""
    return sorted({key.split(b"}", 1)[1].decode() for key in careline.redis.command("KEYS", "{p*")})


def sizes(bench):
    """As large as they come through the engine; used_memory of Redis less what keys that are not asked about take."""
    count = bench.size(50_000, 20_000)             # enough that no sorted set is kept as a short list
    with Installation(bench, "no") as careline:
        careline.furnish("call-in-a-day.yaml")
        careline.start("scheduler", "follow-up", "complaint-router")
        yield {}
        for _ in bench.rounds(1, warm_up=False):
            follow_up = growth(careline, count, customers=100)
            case = growth(careline, count // 5, type="complaint.received", customers=count)
            yield {"timer_bytes": follow_up["timers"], "follow_up_bytes": follow_up["kept"], "case_bytes": case["kept"],
                   "case_log_bytes": case["log"]}


def growth(careline, count, **words):
    """Per thing: what timers and log grow by, and what all grows by but the log and the keys of what was said once."""
    def measure():
        names = hashes(careline)
        return {name: careline.key_bytes(name) for name in names}
    before = measure()
    careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW, **words)
    careline.settle()
    grown = {name: (size - before.get(name, 0)) / count for name, size in measure().items()}
    kept = sum(size for name, size in grown.items() if name != "log" and not name.startswith("keys"))
    return {"timers": grown.get("timers", 0), "log": grown["log"], "kept": kept}


# ---------------------------------------------------------------- with much in hand

def percentile(values, percent):
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def claim_next(careline, number):
    """Seconds that it takes an agent to claim the next task of a site's list."""
    begun = time.monotonic()
    careline.ask("POST", "/v1/acts", {"type": "task.claim", "site": f"bench-{number % SITES:02}", "data": {"agent": AGENT}})
    return time.monotonic() - begun


def claims_and_complaints(bench, careline):
    """p99 in ms of claiming the next task, one after the other, and of a complaint until it is a case."""
    took = [claim_next(careline, number) * 1e6 for number in range(bench.size(1_000, 200))]
    filed = careline.load("load_zmq", to=careline.zmq, requests=bench.size(1_000, 200), rate=100, type="complaint.received",
                          watch="case.opened", name="case_id", buses=careline.buses("complaint-router"), customers=10_000_000)
    careline.hang_up()
    curve = [percentile(took, mark) for mark in MARKS]
    return percentile(took, 99) / 1000, filed["p99_us"] / 1000, curve, filed["curve_us"]


def fill(careline, name, kinds):
    """Deliveries with a call now and one in a day: one through the engine, copies of what it led to."""
    tasks = careline.queued()
    careline.start("scheduler", "follow-up")
    careline.load("load_zmq", to=careline.zmq, requests=1, run=name, first=MODEL)
    wait_for(lambda: careline.queued() > tasks, "a task is on the work list")
    careline.settle()
    careline.stop("scheduler", "follow-up")
    for kind, number in kinds.items():
        careline.load("seed", redis=careline.redis.address, kind=kind, model=f"{name}-{MODEL}", count=number)


def at_rest(careline, seconds):
    """Per cent of a core that all daemons use while nothing happens, and what the largest of them keeps in memory."""
    before = sum(daemon.cpu_seconds() for daemon in careline.daemons.values())
    time.sleep(seconds)
    used = sum(daemon.cpu_seconds() for daemon in careline.daemons.values()) - before
    return 100 * used / seconds, max(daemon.memory_mb()[0] for daemon in careline.daemons.values())


def many(bench):
    """The same acts among few things, then among many, in one installation; and what the many cost while nothing happens. Once:
    filling takes minutes."""
    with Installation(bench, "always") as careline:
        careline.furnish("now-and-in-a-day.yaml")
        found = []
        for tasks, plans in ((10_000, 10_000), (bench.size(1_000_000), bench.size(10_000_000))):
            fill(careline, f"n{len(found)}", {"task": tasks, "plan": plans})
            careline.start(*STAGES)
            careline.settle()
            resting = at_rest(careline, 5 if bench.quick else 20)
            claims_and_complaints(bench, careline)
            found.append(claims_and_complaints(bench, careline))
            careline.settle()
            careline.stop(*STAGES)
        few, much = found
        yield {}
        yield {"claim_flat": much[0] / few[0], "complaint_flat": much[1] / few[1], "idle_cpu": resting[0], "idle_mb": resting[1],
               "curve size claim, few": few[2], "curve size claim, many": much[2],
               "curve size complaint, few": few[3], "curve size complaint, many": much[3]}


# ---------------------------------------------------------------- consumers, failures, rest

def fanned(careline, count, stalled):
    listener = careline.listen("fanout", buses=careline.buses("intake"), consumers=10, stalled=stalled, count=count)
    careline.load("load_zmq", to=careline.zmq, requests=count // BATCH, each=BATCH, window=WINDOW)
    return heard(listener)["per_s"]


def fanout(bench):
    count = bench.size(100_000, 20_000)
    with Installation(bench, "everysec") as careline:
        careline.furnish("work-list.yaml")
        for _ in bench.rounds():
            free, stalled = fanned(careline, count, 0), fanned(careline, count, 1)
            yield {"fanout": free, "fanout_stalled": stalled, ("fanout_stalled", "none stalled"): free}


def takeover(bench):
    """One replica of each stage is killed at once; takeover.py says how it is watched."""
    with Measurement(bench.bin) as measurement:
        for _ in bench.rounds():
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
        yield {}
        for _ in bench.rounds(3, warm_up=False):
            careline.settle()
            begun = time.monotonic()
            careline.redis.stop(signal.SIGKILL)
            careline.redis.start()
            wait_for(careline.redis.is_loaded, "Redis has loaded", 300)
            wait_for(lambda: works(careline), "facts lead to tasks again")
            yield {"recover": time.monotonic() - begun}
