"""A store that can take no more says so; what was accepted is worked all the same; when there is room, it goes on."""
import os
import unittest

from system import System, delivery, wait_for


class Full(unittest.TestCase):
    def refuses(self, system, number):
        status, headers, body = system.post(delivery(number))
        return (headers, body) if status == 503 else None

    def accepts(self, system, number):
        return system.post(delivery(number))[0] in (200, 201)

    def test_memory_nearly_full_is_refused_before_it_is_full(self):
        with System() as system:
            used = int([line for line in system.redis("INFO", "memory").decode().splitlines() if line.startswith("used_memory:")][0][12:])
            system.redis("CONFIG", "SET", "maxmemory", str(int(used * 1.1)))
            headers, body = wait_for(lambda: self.refuses(system, "P1"), 5, "a refusal")
            self.assertGreaterEqual(int(headers["retry-after"]), 1)
            self.assertIn("full", body["error"])
            self.assertEqual(system.http("GET", "/v1/healthz")[0], 503)
            system.redis("CONFIG", "SET", "maxmemory", "0")
            wait_for(lambda: self.accepts(system, "P1"), 5, "facts are taken again")

    def test_memory_out_is_a_refusal_of_the_whole(self):
        with System("--set", "intake.memory_percent=100") as system:
            self.assertTrue(self.accepts(system, "Q0"))
            system.redis("CONFIG", "SET", "maxmemory", "1")
            headers, body = wait_for(lambda: self.refuses(system, "Q1"), 5, "a refusal")
            self.assertIn("retry-after", headers)
            status, _, batch = system.post([delivery("Q2"), delivery("Q3")])
            self.assertEqual(status, 503, batch)
            system.redis("CONFIG", "SET", "maxmemory", "0")
            wait_for(lambda: self.accepts(system, "Q1"), 5, "facts are taken again")
            system.settle()
            taken = [e["id"] for e in system.log() if e["source"] == "test"]
            self.assertEqual(taken, ["Q0", "Q1"])

    def test_little_disk_is_refused(self):
        free_mb = (lambda disk: disk.f_bavail * disk.f_frsize >> 20)(os.statvfs("/tmp"))
        system = System().start()       # the sample site is set up while there is room
        system.stop()
        system.options = ("--set", f"intake.disk_mb_min={free_mb * 2}")
        with system:
            _, body = wait_for(lambda: self.refuses(system, "D1"), 5, "a refusal")
            self.assertIn("disk", body["error"])

    def test_redis_gone_and_back(self):
        with System() as system:
            before = system.kill("redis")
            system.kill("keys-redis")
            wait_for(lambda: system.pid("redis") != before, 10, "Redis started again")
            wait_for(lambda: self.accepts(system, "R1"), 10, "facts are taken again")
            system.settle()


if __name__ == "__main__":
    unittest.main()
