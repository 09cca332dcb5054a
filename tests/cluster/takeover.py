"""How long a stage's partitions are without an owner: looked at in Redis, from the outside."""
import threading
import time

LOOK_SECONDS = 0.01
SECONDS_MAX = 15.0
HEAD_ID_BYTES = 8               # then comes the seq, in decimal
STAGES = ("scheduler", "follow-up", "complaint-router", "notifier")


class Standing:
    """Where a stage stands in a partition: who owns it, how far it is, and whether the log goes on behind that."""

    def __init__(self, values, head):
        self.owner, self.epoch, self.seq = (values[0] or b"").decode(), int(values[1] or 0), int(values[2] or 0)
        self.waits = int((head or b"")[HEAD_ID_BYTES:] or 0) > self.seq


def standings(redis, stage, partitions):
    return {p: Standing(redis.command("HMGET", "{p%04d}stage:%s" % (p, stage), "owner", "epoch", "seq"),
                        redis.command("GET", "{p%04d}head" % p)) for p in partitions}


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
            before = standings(redis, process.program, range(self.partitions))
        except (OSError, RuntimeError, IndexError):
            return                              # no Redis to look at: nothing is measured
        owned = {partition: standing for partition, standing in before.items() if standing.owner == owner}
        about = (redis, process.program, owned, how, time.monotonic())
        thread = threading.Thread(target=self.follow, args=about, daemon=True)
        self.threads.append(thread)
        thread.start()

    def follow(self, redis, stage, before, how, begun):
        open_ones, waited = dict(before), set()
        try:
            while open_ones and time.monotonic() - begun < SECONDS_MAX:
                for partition, now in standings(redis, stage, open_ones).items():
                    took = time.monotonic() - begun
                    if now.epoch <= before[partition].epoch or not now.owner:
                        waited |= {partition} if now.waits else set()
                    elif partition not in waited or now.seq > before[partition].seq:
                        times = self.committed if partition in waited else self.claimed
                        times.setdefault(how, []).append(took)
                        del open_ones[partition]
                time.sleep(LOOK_SECONDS)
        except (OSError, RuntimeError, IndexError):
            pass                                # the primary went meanwhile
        redis.close()

    def lines(self):
        for thread in self.threads:
            thread.join(SECONDS_MAX)
        for what, times in (("owned by another replica, which had nothing to do", self.claimed),
                            ("an event that waited was worked by another replica", self.committed)):
            for how, seconds in sorted(times.items()):
                ordered = sorted(seconds)
                yield (f"after {how}, {what}: {len(ordered)} times, median {ordered[len(ordered) // 2]:.3f} s, "
                       f"p99 {ordered[int(len(ordered) * 0.99)]:.3f} s, longest {ordered[-1]:.3f} s")
