"""How many replicas and Redis nodes a rate of deliveries needs: a model fitted to what one run measured, held against others.

A program works on one thread, so n replicas of it bear n / (what its busiest thread spends on a delivery); Redis is one thread a
node; all of them, the generator and the kernel's work for them share the cores that nobody else on the machine keeps busy, and of
these they use at best the share that the fitted run used. The least of these is the prediction.
"""
import math
from dataclasses import dataclass

from busy import NOT_MEASURED
from installation import STAGES

BUSY_MOST = 0.7                 # of a core: above that, queues grow long
RATES = [10_000, 100_000, 1_000_000]
PROGRAMS = ["intake", *STAGES]


def program_of(process):
    """scheduler-2 is a replica of scheduler."""
    return next((program for program in PROGRAMS if process == program or process.startswith(program + "-")), process)


@dataclass
class Fit:
    """Of one run, in seconds for one delivery."""
    total: dict                 # {program: all its threads}
    thread: dict                # {program: the busiest thread}
    full: float                 # of the cores that were left to it: the share that worked

    @classmethod
    def of(cls, profile, cores):
        total, threads = {}, {}
        for (process, thread), (ran, _) in profile.threads.items():
            program = program_of(process)
            total[program] = total.get(program, 0.0) + ran / profile.items
            threads[program, thread] = threads.get((program, thread), 0.0) + ran / profile.items
        busiest = {program: max(each for (name, _), each in threads.items() if name == program) for program in total}
        return cls(total, busiest, profile.ours() / profile.worked / (cores - profile.others(cores)))

    def bounds(self, replicas, cores):
        """{what: deliveries a second}; `cores`: left to it."""
        found = {"all cores": cores * self.full / sum(self.total.values())}
        for program, seconds in self.thread.items():
            if program in (*PROGRAMS, "redis") and seconds > 0:
                found[program] = (replicas if program in STAGES else 1) / seconds
        return found

    def predicted(self, replicas, cores):
        return min(self.bounds(replicas, cores).values())

    def needed(self, rate):
        """{program or "redis": how many}, and cores in all; what generates the load is not counted."""
        served = [*PROGRAMS, "redis"]
        counts = {program: math.ceil(rate * self.thread[program] / BUSY_MOST) for program in served if program in self.thread}
        everything = sum(seconds for program, seconds in self.total.items() if program not in NOT_MEASURED)
        return counts, math.ceil(rate * everything / BUSY_MOST)


def told(fit, held, cores):
    """The model in words. `held`: [(replicas, predicted, measured)] of runs that it was not fitted to."""
    yield "Processor for one delivery: " + ", ".join(
        f"{program} {seconds * 1e6:.0f} us" for program, seconds in sorted(fit.total.items(), key=lambda pair: -pair[1])
        if seconds >= 5e-7) + f"; {fit.full:.0%} of the cores that were left to it worked."
    for replicas, predicted, measured in held:
        bounds = fit.bounds(replicas, cores)
        yield (f"With {replicas} of each stage the model, fitted to the run before, says {predicted:,.0f} deliveries/s, bounded by "
               f"{min(bounds, key=bounds.get)}; measured {measured:,.0f}: {predicted / measured - 1:+.0%}.")
    for rate in RATES:
        counts, cores_needed = fit.needed(rate)
        nodes = counts.pop("redis")
        yield (f"{rate:,} deliveries/s need {nodes} Redis nodes, {cores_needed} cores and, of each program, "
               + ", ".join(f"{count} {program}" for program, count in counts.items()) + f", each busy for {BUSY_MOST:.0%} at most.")
