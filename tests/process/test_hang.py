"""A Redis that is there but does not answer holds nobody up for longer than one timeout: no watchdog strikes, and the work goes on."""
import os
import signal
import time
import unittest

from posting import Client, check
from system import DAEMONS, SLOW, System, delivery, wait_for

WATCHDOG_SECONDS = 12 * SLOW    # thirty, unless it is set
HANG_SECONDS = 25 * SLOW


class Hang(unittest.TestCase):
    def hang(self, system, names):
        """Each answers nothing for a while, as behind a link that swallows all."""
        status, _, answers = system.post([delivery(f"many{number}", source="elsewhere", site=f"shop-{number}") for number in range(100)])
        self.assertEqual(status, 200, answers)      # so that there is work in most partitions
        pids = [pid for name in names for pid in ([system.pid(name)] if isinstance(system.pid(name), int) else system.pid(name))]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(HANG_SECONDS)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    def hold(self, names):
        with System("--set", f"all.watchdog_s={WATCHDOG_SECONDS}") as system:
            client = Client(system, "h")
            client.start()
            wait_for(lambda: len(client.acks) > 20, 20, "some facts")
            before = {name: system.pid(name) for name in DAEMONS}
            self.hang(system, names)
            count = len(client.acks)
            wait_for(lambda: len(client.acks) > count + 20, 30, "facts are taken again")
            self.assertEqual({name: system.pid(name) for name in DAEMONS}, before, "a daemon was started again")
            check(self, system, [client])

    def test_the_truth_and_the_keys(self):
        self.hold(["redis", "keys-redis"])


if __name__ == "__main__":
    unittest.main()
