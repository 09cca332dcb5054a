"""How fast the machine itself was meanwhile: a fixed piece of work before each run, and what the host kept from us.

A virtual machine's neighbours take its caches, its cores and its disk: between two runs of the benchmark all rows may move together,
and then so does this."""
import hashlib
import statistics
import time

PIECE = bytes(range(256)) * 256
TIMES = 300                     # some twenty milliseconds
STOLEN = 7                      # in /proc/stat: time that the host gave to others while a core of ours had work


def ticks():
    with open("/proc/stat") as file:
        return [int(word) for word in file.readline().split()[1:]]


class Yardstick:
    def __init__(self):
        self.took_ms, self.before = [], ticks()

    def hold(self):
        begun = time.perf_counter()
        for _ in range(TIMES):
            hashlib.sha256(PIECE).digest()
        self.took_ms.append((time.perf_counter() - begun) * 1000)

    def told(self):
        if not self.took_ms:
            return "The machine: no run was made."
        passed = [now - then for now, then in zip(ticks(), self.before)]
        return (f"The machine: a fixed piece of work before each run took {statistics.median(self.took_ms):.1f} ms "
                f"({min(self.took_ms):.1f} .. {max(self.took_ms):.1f}); {passed[STOLEN] / max(1, sum(passed)):.1%} of the processor was "
                "kept from it by its host.")
