"""How many replicas and Redis nodes a rate of events needs: from what the processor spends on one delivery in each program.

A program is one thread, so n replicas of it serve n / (its time for one) deliveries a second; Redis is one thread a node; all of them
and the generator share this machine's cores. The least of these is the prediction, which is held against the runs.
"""
import math
import os

from installation import STAGES

BUSY_MOST = 0.7                 # of a core: above that, queues grow long
RATES = [10_000, 100_000, 1_000_000]


class Times:
    """Seconds of processor for one delivery, by program; taken over one run of load."""

    def __init__(self, careline):
        self.careline, self.before = careline, self.read(careline)

    @staticmethod
    def read(careline):
        spent = {"redis": careline.redis.cpu_seconds(), "generator": sum(os.times()[2:4])}
        for name, daemon in careline.daemons.items():
            program = next((stage for stage in ["intake", *STAGES] if name == stage or name.startswith(stage + "-")), name)
            spent[program] = spent.get(program, 0.0) + daemon.cpu_seconds()
        return spent

    def each(self, deliveries):
        now = self.read(self.careline)
        return {program: (now[program] - self.before[program]) / deliveries for program in now}


def predicted(times, replicas, cores=None):
    """Deliveries a second with so many replicas of each stage, and what bounds them."""
    bounds = {"redis": 1 / times["redis"], "all cores": (cores or os.cpu_count()) / sum(times.values()), "intake": 1 / times["intake"]}
    bounds.update({stage: replicas / times[stage] for stage in STAGES})
    bound = min(bounds, key=bounds.get)
    return bounds[bound], bound


def needed(times, rate):
    return {program: math.ceil(rate * seconds / BUSY_MOST) for program, seconds in times.items() if program != "generator"}


def told(times, measured):
    """The model in words: service times, prediction against runs, what three rates need."""
    yield "Processor for one delivery: " + ", ".join(f"{program} {seconds * 1e6:.0f} us" for program, seconds in times.items()) + "."
    for replicas, rate in measured.items():
        value, bound = predicted(times, replicas)
        yield f"With {replicas} of each stage the model says {value:,.0f} deliveries/s, bounded by {bound}; measured {rate:,.0f}."
    for rate in RATES:
        counts = needed(times, rate)
        yield (f"{rate:,} deliveries/s need {counts.pop('redis')} Redis nodes and, of each program, "
               + ", ".join(f"{count} {program}" for program, count in counts.items()) + f", each busy for {BUSY_MOST:.0%} at most.")
