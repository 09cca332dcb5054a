"""What is measured, how often, and what it is to reach. A group is a generator that runs an installation and yields, run after run,
what it measured: {row: value}, {(row, peer): value} for what it is held against, {"curve row": values} for the charts, {"note name":
lines} for the page."""
from dataclasses import dataclass, field

RUNS = 5


@dataclass
class Group:
    """Its runs are `runs`, in each pass some, behind a warm-up; fewer, but one at least, when the time would be over. So all groups end
    in bounded time."""
    seconds: int                    # for all runs of all passes
    peer_seconds: int = 0           # more, when others are measured beside
    runs: int = RUNS
    passes: int = 2                 # at most
    why: str = "no time for more"   # there are fewer than five


GROUPS = {
    "intake": Group(90),
    "pipeline": Group(85, passes=3),
    "replicas": Group(70),
    "jobs_everysec": Group(65, 130),
    "jobs_always": Group(45, 120),
    "drain": Group(90, 110),
    "schedule": Group(35, 80),
    "lateness": Group(140),                 # the others' comes on top, once in a pass
    "overdue": Group(110, runs=3, passes=3, why="a run fills Redis with a million first"),
    "sizes": Group(40, runs=3, passes=1, why="bytes hardly vary"),
    "many": Group(120, passes=1, why="filling Redis with eleven million takes the time of all others"),
    "fanout": Group(60),
    "takeover": Group(55),
    "recover": Group(40, passes=1),
}


@dataclass
class Row:
    name: str
    unit: str
    measured: str                   # in words
    group: str                      # function of groups.py
    at_least: float = None
    at_most: float = None
    ratio_at_least: dict = field(default_factory=dict)      # by peer: our value / its value
    ratio_at_most: dict = field(default_factory=dict)
    quick: bool = True              # also by bench-quick

    def misses(self, value, peers):
        """What is not reached, in words."""
        found = []
        if self.at_least is not None and value < self.at_least:
            found.append(f"below {self.at_least:g}")
        if self.at_most is not None and value > self.at_most:
            found.append(f"above {self.at_most:g}")
        found += [f"{value / peers[peer]:.2f} x {peer}, not {bound:g}" for peer, bound in self.ratio_at_least.items()
                  if peers.get(peer) and value / peers[peer] < bound]
        found += [f"{value / peers[peer]:.2f} x {peer}, at most {bound:g}" for peer, bound in self.ratio_at_most.items()
                  if peers.get(peer) and value / peers[peer] > bound]
        return found

    def drifts(self):
        """Does it depend on how fast the machine is?"""
        return self.unit not in ("bytes", "timers")

    def goal(self):
        parts = [f">= {self.at_least:g}"] if self.at_least is not None else []
        parts += [f"<= {self.at_most:g}"] if self.at_most is not None else []
        parts += [f">= {bound:g} x {peer}" for peer, bound in self.ratio_at_least.items()]
        parts += [f"<= {bound:g} x {peer}" for peer, bound in self.ratio_at_most.items()]
        return ", ".join(parts) or "stated"


RAW = "raw function"
ROWS = [
    # ---- taking in, fsync always
    Row("intake_zmq", "events/s", "accepted and durable, pipelined over ZeroMQ, 100 a request, fsync always", "intake",
        at_least=50000, ratio_at_least={RAW: 0.6}),
    Row("intake_http", "events/s", "single events over 64 keep-alive connections, fsync always", "intake", at_least=12000),
    Row("intake_http_100", "events/s", "arrays of 100 over 64 keep-alive connections, fsync always", "intake", at_least=20000),
    Row("ack_p50", "ms", "acknowledgement at 2,000/s offered over ZeroMQ, fsync always", "intake", at_most=1),
    Row("ack_p99", "ms", "the same, 99th percentile", "intake", at_most=5),
    # ---- all the way through
    Row("pipeline", "deliveries/s", "delivery in, its message handed to the sender, everysec", "pipeline", at_least=8000),
    Row("pipeline_p50", "ms", "the same at 1,000/s offered", "pipeline", at_most=1),
    Row("pipeline_p99", "ms", "the same, 99th percentile", "pipeline", at_most=3),
    Row("pipeline_replicas", "deliveries/s", "pipeline with two replicas of each stage", "replicas", ratio_at_least={"one replica": 1},
        quick=False),
    Row("one_site", "deliveries/s", "pipeline of a single site: one partition's ceiling", "replicas", quick=False),
    Row("one_redis", "deliveries/s", "what its one thread leaves time for: one Redis's ceiling", "replicas", quick=False),
    Row("predicted_one", "times", "what the model says for one replica of each stage, to what was measured", "replicas", quick=False),
    Row("predicted_two", "times", "the same for two", "replicas", quick=False),
    Row("job_everysec", "jobs/s", "fact in, one task on a work list, everysec", "jobs_everysec", ratio_at_least={"bullmq tuned": 2.5}),
    Row("job_p99", "ms", "the same at 1,000/s offered, 99th percentile", "jobs_everysec", at_most=3),
    Row("job_always", "jobs/s", "fact in, one task on a work list, fsync always", "jobs_always", ratio_at_least={"beanstalkd -f 0": 3}),
    Row("drain", "tasks/s", "200,000 facts wait in the log when the stages start, fsync always", "drain",
        ratio_at_least={"graphile-worker tuned": 1.3, "bullmq tuned": 3}),
    Row("schedule", "steps/s", "plans made times their eight steps, in bulk, everysec", "schedule", at_least=100000,
        ratio_at_least={"sidekiq bulk": 2, "bullmq bulk": 2, "graphile-worker bulk": 2, "beanstalkd -f 1000": 2}),
    # ---- time
    Row("lateness_p50", "ms", "10,000 timers due in the same millisecond: due until at a consumer, everysec", "lateness", at_most=40),
    Row("lateness_p99", "ms", "the same, 99th percentile", "lateness", at_most=90),
    Row("lateness_spread_p99", "ms", "10,000 timers due within a second, 99th percentile", "lateness", at_most=5),
    Row("early", "timers", "of both that came before their time", "lateness", at_most=0),
    Row("overdue", "s", "1,000,000 timers overdue after an outage until each one's task is on a work list, everysec", "overdue", at_most=25,
        quick=False),
    Row("overdue_ack_p99", "ms", "new facts acknowledged meanwhile, 99th percentile", "overdue", at_most=50, quick=False),
    # ---- size
    Row("timer_bytes", "bytes", "of Redis for a pending timer", "sizes", at_most=160),
    Row("follow_up_bytes", "bytes", "of Redis for a pending follow-up with all that it needs, log apart", "sizes", at_most=300),
    Row("case_bytes", "bytes", "of Redis for an open complaint with its clocks, log apart", "sizes", at_most=1200),
    Row("case_log_bytes", "bytes", "that its events take in the log", "sizes"),
    Row("claim_flat", "times", "p99 of claiming the next task: 1 M open tasks and 10 M timers against 10 k", "many", at_most=1.5, quick=False),
    Row("complaint_flat", "times", "p99 of filing a complaint, likewise", "many", at_most=1.5, quick=False),
    # ---- consumers, failures, rest
    Row("fanout", "events/s", "to each of 10 consumers", "fanout"),
    Row("fanout_stalled", "events/s", "the same while one of them reads nothing", "fanout", ratio_at_least={"none stalled": 0.95}),
    Row("takeover", "s", "after kill -9 of a replica until its slowest partition goes on; no client of intake sees an error", "takeover",
        at_most=5, quick=False),
    Row("recover", "s", "Redis killed with 1 M open items, until all stages work again", "recover", quick=False),
    Row("idle_cpu", "% of a core", "the five daemons with 10 M pending timers", "many", at_most=2, quick=False),
    Row("idle_mb", "MB", "resident, the largest of them", "many", at_most=30, quick=False),
]
