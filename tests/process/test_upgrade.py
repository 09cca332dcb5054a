"""Daemons of two builds side by side, one replaced after the other, forward and back, while facts come in."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.request

from posting import Client, check
from system import BIN, DAEMONS, System, wait_for

STAGES = DAEMONS[1:]
# What makes another build of the same executable: its functions have another text, so another hash and other names in Redis,
# and it gives another version. The lengths stay, so that nothing else moves.
OTHER_BUILD = [(b"-- functions: the store's writes inside Redis", b"-- FUNCTIONS: the store's writes inside Redis"),
               (b'"build\\":\\"0.', b'"build\\":\\"9.'), (b'"build":"0.', b'"build":"9.')]


def another_build(path, to):
    data, changes = path.read_bytes(), 0
    for old, new in OTHER_BUILD:
        changes += data.count(old)
        data = data.replace(old, new)
    if changes < (2 if path.name in DAEMONS else 1):        # care tells nobody its version
        raise AssertionError(f"{path} is not what this test knows how to change")
    to.write_bytes(data)
    to.chmod(0o755)


class Builds:
    """A folder of executables, each of the one build or the other."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="builds-"))
        for name in ["old", "new"]:
            (self.dir / name).mkdir()
        for name in [*DAEMONS, "care"]:
            (self.dir / "old" / name).symlink_to(f"{BIN}/{name}")
            another_build(pathlib.Path(BIN) / name, self.dir / "new" / name)
            self.use(name, "old")

    def use(self, name, build):
        link = self.dir / f".{name}"
        link.symlink_to(self.dir / build / name)
        link.rename(self.dir / name)

    def remove(self):
        shutil.rmtree(self.dir)


def is_ready(system, name):
    endpoints = dict(line.split("=", 1) for line in (system.dir / "endpoints").read_text().splitlines())
    try:
        with urllib.request.urlopen(endpoints[f"health_{name}"] + "/readyz", timeout=5) as answer:
            return json.load(answer)["status"] == "ready"
    except (OSError, KeyError, ValueError):
        return False


def versions(system):
    return sorted({member["details"]["build"][0] for member in system.get("/v1/status")["members"]})


def libraries(system):
    """Of functions, in Redis."""
    return len(system.redis("FUNCTION", "LIST"))


class Upgrade(unittest.TestCase):
    def replace(self, system, builds, name, build):
        """By the one of that build, as a rolling restart does: stopped, started, ready."""
        program = name.removesuffix("-2")
        builds.use(program, build)
        before = system.pid(name)
        os.kill(before, signal.SIGTERM)
        wait_for(lambda: system.pid(name) != before and is_ready(system, name), 30, f"{name} of the {build} build")

    def roll(self, system, builds, clients, build):
        """Its functions come first: of the daemons only the scheduler may load any."""
        builds.use("care", build)
        subprocess.run([builds.dir / "care", "functions", "load", "--dir", system.dir], check=True, stdout=subprocess.DEVNULL)
        names = ["intake"] + [name for stage in STAGES for name in (stage, f"{stage}-2")]
        for number, name in enumerate(names):
            self.replace(system, builds, name, build)
            if number == len(names) // 2:
                counts = [len(client.acks) for client in clients]
                self.assertEqual(versions(system), ["0", "9"], "both work side by side")
                wait_for(lambda: all(len(c.acks) > n for c, n in zip(clients, counts)), 20, "facts are taken meanwhile")

    def test_forward_and_back(self):
        builds = Builds()
        self.addCleanup(builds.remove)
        with System("--bin", str(builds.dir), "--replicas", "2") as system:
            clients = [Client(system, name) for name in "ab"]
            for client in clients:
                client.start()
            wait_for(lambda: clients[0].acks, 20, "some facts")
            self.assertEqual((versions(system), libraries(system)), (["0"], 1))
            self.roll(system, builds, clients, "new")
            wait_for(lambda: versions(system) == ["9"], 10, "all are new")
            self.assertEqual(libraries(system), 2, "each build has its functions")
            self.roll(system, builds, clients, "old")
            wait_for(lambda: versions(system) == ["0"], 10, "all are old again")
            acks = check(self, system, clients)
            self.assertGreater(len(acks), 100)
            said = "".join(path.read_text() for path in (system.dir / "log").glob("*.log"))
            for what in ("history.rewound", "commit.refused", "event.quarantined"):
                self.assertNotIn(f'"{what}"', said)


if __name__ == "__main__":
    unittest.main()
