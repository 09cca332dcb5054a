"""Whatever process dies, nothing that was acknowledged is lost, nothing stands twice, and the work goes on."""
import os
import signal
import time
import unittest

from posting import Client, check
from system import DAEMONS, SLOW, System, delivery, wait_for


class Crash(unittest.TestCase):
    def test_every_daemon_and_redis_killed(self):
        with System() as system:
            clients = [Client(system, name) for name in ("a", "b")]
            for client in clients:
                client.start()
            for name in [*DAEMONS, "redis", "keys-redis", "intake", "redis"]:
                before = system.kill(name)
                wait_for(lambda: system.pid(name) != before, 10, f"{name} started again")
                time.sleep(0.3)
            acks = check(self, system, clients)
            self.assertGreater(len(acks), 50)
            self.assertGreater(sum(client.again for client in clients), 0, "no request met a dead intake or Redis")

    def test_all_at_once(self):
        with System() as system:
            client = Client(system, "a")
            client.start()
            wait_for(lambda: len(client.acks) > 20, 20, "some facts")
            for name in [*DAEMONS, "redis", "keys-redis"]:
                system.kill(name)
            count = len(client.acks)
            wait_for(lambda: len(client.acks) > count + 20, 20, "facts are taken again")
            check(self, system, [client])

    def test_a_stage_that_stops_hands_over_at_once(self):
        with System("--replicas", "2") as system:
            wait_for(lambda: all(s["replicas"] == 2 for s in system.get("/v1/status")["stages"]), 20, "two of each stage")
            os.kill(system.pid("scheduler"), signal.SIGTERM)
            begun = time.monotonic()
            system.post(delivery("H1"))
            wait_for(lambda: any(e["type"] == "plan.made" for e in system.log()), 10, "a plan")
            self.assertLess(time.monotonic() - begun, 3 * SLOW, "a clean stop must not wait for its leases to run out")

    def test_an_intake_that_stops_amid_requests_ends_well(self):
        with System() as system:
            clients = [Client(system, name) for name in "abcd"]
            for client in clients:
                client.start()
            for _ in range(5):
                count, before = len(clients[0].acks), system.pid("intake")
                wait_for(lambda: len(clients[0].acks) > count, 20, "facts are taken")
                os.kill(before, signal.SIGTERM)
                wait_for(lambda: system.pid("intake") != before, 20, "intake started again")
            check(self, system, clients)
            ends = [line for line in (system.dir / "log" / "run.log").read_text().splitlines() if "intake ended" in line]
            self.assertEqual([line for line in ends if "(exit 0)" not in line], [])
            self.assertEqual(len(ends), 5)

    def test_a_paused_stage_that_wakes_changes_nothing_twice(self):
        with System("--replicas", "2") as system:
            client = Client(system, "z")
            client.start()
            names = ["scheduler", "follow-up"]
            wait_for(lambda: len(client.acks) > 20, 20, "some facts")
            pids = [system.pid(name) for name in names]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(6)               # longer than a lease
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            wait_for(lambda: len(client.acks) > 40, 20, "more facts")
            check(self, system, [client])


if __name__ == "__main__":
    unittest.main()
