"""How long a stage's partitions are without an owner: looked at in Redis, from the outside."""
import threading
import time

LOOK_SECONDS = 0.01
SECONDS_MAX = 15.0
STAGES = ("scheduler", "follow-up", "complaint-router", "notifier")


class Standing:
    def __init__(self, values):
        self.owner, self.epoch, self.seq = (values[0] or b"").decode(), int(values[1] or 0), int(values[2] or 0)


def standings(redis, stage, partitions):
    return {p: Standing(redis.command("HMGET", "{p%04d}stage:%s" % (p, stage), "owner", "epoch", "seq")) for p in partitions}


class Takeovers:
    def __init__(self, truth, partitions):
        self.truth, self.partitions, self.threads = truth, partitions, []
        self.claimed, self.committed = {}, {}       # how it ended -> seconds, each

    def watch(self, process, how):
        """To be called just before a process is ended."""
        owner = process.words.get("owner")
        if process.program not in STAGES or not owner or not process.alive():
            return
        try:
            redis = self.truth.connect()
            before = {p: s for p, s in standings(redis, process.program, range(self.partitions)).items() if s.owner == owner}
        except (OSError, RuntimeError, IndexError):
            return                              # no Redis to look at: nothing is measured
        thread = threading.Thread(target=self.follow, args=(redis, process.program, before, how, time.monotonic()), daemon=True)
        self.threads.append(thread)
        thread.start()

    def follow(self, redis, stage, before, how, begun):
        unclaimed, idle = dict(before), dict(before)
        try:
            while idle and time.monotonic() - begun < SECONDS_MAX:
                for partition, now in standings(redis, stage, idle).items():
                    if now.epoch <= before[partition].epoch or not now.owner:
                        continue
                    if unclaimed.pop(partition, None):
                        self.claimed.setdefault(how, []).append(time.monotonic() - begun)
                    if now.seq > before[partition].seq:
                        self.committed.setdefault(how, []).append(time.monotonic() - begun)
                        del idle[partition]
                time.sleep(LOOK_SECONDS)
        except (OSError, RuntimeError, IndexError):
            pass                                # the primary went meanwhile
        redis.close()

    def lines(self):
        for thread in self.threads:
            thread.join(SECONDS_MAX)
        for what, times in (("claimed by another replica", self.claimed), ("first commit of another replica", self.committed)):
            for how, seconds in sorted(times.items()):
                ordered = sorted(seconds)
                yield (f"{what} after {how}: {len(ordered)} times, median {ordered[len(ordered) // 2]:.3f} s, "
                       f"p99 {ordered[int(len(ordered) * 0.99)]:.3f} s, longest {ordered[-1]:.3f} s")
