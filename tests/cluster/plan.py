"""What is to be done to the hosts, and when: decided by the seed alone, before anything starts."""
import random

PAUSE_SECONDS = (1.0, 2.5)              # between two faults, so that some are met by a system that is whole
CALM_SECONDS = 6                        # at the beginning
STRAYS = ("scheduler", "follow-up", "complaint-router", "notifier")


class Step:
    def __init__(self, at, kind, seconds=0.0, **more):
        self.at, self.kind, self.seconds, self.more = at, kind, seconds, more

    def __str__(self):
        told = "".join(f" {name}={value}" for name, value in self.more.items())
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:6.1f} s  {self.kind}{told}{lasting}"


# ---- one fault each: (kind, seconds, what it is done to)

def kill(dice, hosts, daemons):
    return "kill", dice.uniform(0.5, 7.0), {"daemons": [dice.choice(daemons)]}


def kill_some(dice, hosts, daemons):
    return "kill", dice.uniform(0.5, 7.0), {"daemons": sorted(dice.sample(daemons, 3))}


def zombie(dice, hosts, daemons):
    """Stopped for longer than a lease, then woken."""
    return "pause", dice.uniform(5.5, 8.0), {"daemons": sorted(dice.sample(daemons, 2))}


def cut(dice, hosts, daemons):
    return "cut", dice.uniform(4.0, 8.0), {"between": sorted(dice.sample(hosts, 2))}


def cut_one_way(dice, hosts, daemons):
    return "cut_one_way", dice.uniform(4.0, 8.0), {"between": dice.sample(hosts, 2)}


def unplug(dice, hosts, daemons):
    return "unplug", dice.uniform(4.0, 8.0), {"host": dice.choice(hosts)}


def slow(dice, hosts, daemons):
    return "slow", dice.uniform(6.0, 10.0), {"between": sorted(dice.sample(hosts, 2)), "delay_ms": dice.randint(5, 60),
                                             "loss_percent": dice.randint(1, 8)}


def redis_primary(dice, hosts, daemons):
    """Down for longer than it takes to promote another, sometimes for less."""
    return "redis_primary", dice.choice([0.5, 5.0, 8.0]), {"set": "careline"}


def redis_primary_paused(dice, hosts, daemons):
    """It wakes up believing that it is still the primary."""
    return "redis_primary_paused", dice.uniform(4.0, 8.0), {"set": "careline"}


def keys_primary(dice, hosts, daemons):
    return "redis_primary", dice.uniform(0.5, 6.0), {"set": "careline-keys"}


def redis_replica(dice, hosts, daemons):
    return "redis_replica", dice.uniform(0.5, 3.0), {"set": "careline"}


def sentinel(dice, hosts, daemons):
    return "sentinel", dice.uniform(1.0, 5.0), {"host": dice.choice(hosts)}


FAULTS = [kill, kill_some, zombie, cut, cut_one_way, unplug, slow, redis_primary, redis_primary_paused, keys_primary,
          redis_replica, sentinel]
SETTLING = {"redis_primary": 8.0, "redis_primary_paused": 8.0, "kill": 3.0}     # until it has had its effect


def faults(dice, hosts, daemons, seconds):
    """One after another, each kind once before any comes again."""
    at, deck = CALM_SECONDS, []
    while True:
        if not deck:
            deck = dice.sample(FAULTS, len(FAULTS))
        kind, lasting, more = deck.pop()(dice, hosts, daemons)
        if at + lasting > seconds:
            return
        yield Step(at, kind, lasting, **more)
        at += lasting + SETTLING.get(kind, 0.0) + dice.uniform(*PAUSE_SECONDS)


def beside(dice, hosts, seconds):
    """What goes on beside the faults: new builds, replicas that come and go, consumers that die."""
    yield Step(seconds * dice.uniform(0.25, 0.35), "roll", build="new")
    yield Step(seconds * dice.uniform(0.65, 0.75), "roll", build="old")
    for number, begin in ((2, 0.1), (3, 0.45)):
        replica = {"program": dice.choice(STRAYS), "host": dice.choice(hosts), "number": number}
        yield Step(seconds * begin, "add", **replica)
        yield Step(seconds * (begin + 0.4), "leave", **replica)
    at = seconds * 0.12
    yield Step(at, "consumers")                 # they come late
    while (at := at + dice.uniform(8.0, 20.0)) < seconds:
        yield Step(at, "kill_consumer", dice.uniform(0.5, 5.0), which=dice.randint(0, 1))


def plan(seed, seconds, hosts, daemons):
    """Two lists of steps, each in order of time: faults, and what goes on beside them."""
    dice = random.Random(seed)
    return list(faults(dice, hosts, daemons, seconds)), sorted(beside(dice, hosts, seconds), key=lambda step: step.at)
