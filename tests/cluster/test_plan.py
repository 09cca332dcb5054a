"""What a seed decides: the same each time, everything at least once, and whatever comes goes again."""
import unittest

from installation import HOSTS, PLACES
from plan import FAULTS, plan

SECONDS = 180
KINDS = {"kill", "pause", "cut", "cut_one_way", "unplug", "slow", "redis_primary", "redis_primary_paused",
         "redis_replica", "sentinel", "roll", "add", "leave", "consumers", "kill_consumer"}
DAEMONS = [f"{program}@{host}" for program, host in PLACES]


def told(seed, seconds=SECONDS):
    return [[str(step) for step in steps] for steps in plan(seed, seconds, HOSTS, DAEMONS)]


class Plan(unittest.TestCase):
    def test_a_seed_is_a_plan(self):
        self.assertEqual(told(7), told(7))
        self.assertNotEqual(told(7), told(8))

    def test_three_minutes_hold_every_fault(self):
        for seed in range(1, 200):
            faults, beside = plan(seed, SECONDS, HOSTS, DAEMONS)
            self.assertGreaterEqual(len(faults), len(FAULTS))
            kinds = {step.kind for step in faults + beside}
            self.assertEqual(kinds, KINDS, seed)

    def test_faults_follow_each_other(self):
        for seed in range(1, 200):
            faults, _ = plan(seed, SECONDS, HOSTS, DAEMONS)
            for one, next_one in zip(faults, faults[1:]):
                self.assertGreater(next_one.at, one.at + one.seconds)
            self.assertLessEqual(faults[-1].at + faults[-1].seconds, SECONDS)

    def test_back_to_the_former_build_and_replicas(self):
        for seed in range(1, 200):
            _, beside = plan(seed, SECONDS, HOSTS, DAEMONS)
            self.assertEqual([step.more["build"] for step in beside if step.kind == "roll"], ["new", "old"])
            came, left = ([step.more for step in beside if step.kind == kind] for kind in ("add", "leave"))
            self.assertEqual(came, left)

    def test_every_stage_is_there_twice_on_different_hosts(self):
        for program in {program for program, _ in PLACES}:
            hosts = [host for name, host in PLACES if name == program]
            self.assertGreaterEqual(len(set(hosts)), 2, program)
        self.assertEqual({host for _, host in PLACES}, set(HOSTS))


if __name__ == "__main__":
    unittest.main()
