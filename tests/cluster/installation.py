"""A Careline on several hosts: Redis with its replicas and Sentinels, replicas of every stage, two intakes.

Each host has a folder of its own with what a machine would have: settings, master key, API keys, gateways, logs."""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

from processes import Keeper, Process
from watched_redis import PASSWORD, SENTINEL_PORT, RedisSet, Sentinels, wait

HOSTS = ["north", "east", "west"]
OUTSIDE = "outside"                     # the world: gateways, staff, front desk, other teams
PLACES = [                              # two of each; the first name of a program on a host is the program's own
    ("intake", "north"), ("intake", "west"),
    ("scheduler", "north"), ("scheduler", "east"),
    ("follow-up", "east"), ("follow-up", "west"),
    ("complaint-router", "north"), ("complaint-router", "west"),
    ("notifier", "west"), ("notifier", "east"),
]
STAGES = ["scheduler", "follow-up", "complaint-router", "notifier"]
CONSUMERS = ["in-c", "in-python"]       # other teams' programs, with keys of their own
HTTP, REPLAY = 8081, 8071
PARTITIONS = 16
KEY = hashlib.blake2b(b"the key of this test").hexdigest()
KEYS = """keys:
  - name: staff
    hash: {hash}
    roles: [integration]
    personal: yes
"""


class Installation:
    def __init__(self, network, folder, builds, clock):
        self.network, self.folder, self.builds, self.clock = network, folder, builds, clock
        self.keeper = Keeper()
        self.sentinels = Sentinels("sentinel", SENTINEL_PORT, network, folder, HOSTS, self.keeper)
        self.truth = self.redis_set("careline", 6379, "store")
        self.vault = self.redis_set("careline-keys", 6380, "keys")
        self.daemons, self.build = [], "old"

    def redis_set(self, name, port, server):
        return RedisSet(name, port, self.network, self.folder, HOSTS, self.keeper, self.sentinels,
                        self.folder / "access" / server)

    def address(self, host):
        return self.network.address(host)

    # ---- files of a host

    def write_keys(self):
        """What all hosts carry alike: the master key, passwords, and who may listen to whom."""
        (self.folder / "master.key").write_bytes(os.urandom(32))
        (self.folder / "sentinel.password").write_text(PASSWORD + "\n")
        self.care_keys("redis", self.folder / "access")
        for name in [*HOSTS, *CONSUMERS]:
            may = "daemon" if name in HOSTS else "consume,listen"
            self.care_keys("curve", self.folder / "curve", "--name", name, "--may", may)

    def care_keys(self, *words):
        care = pathlib.Path(self.builds["old"]) / "care"
        subprocess.run([care, "keys", *words], check=True, stdout=subprocess.DEVNULL)

    def secret(self, name):
        return self.folder / "curve" / f"{name}.secret"

    def public_key(self, name):
        words = (self.folder / "curve" / "allowed" / f"{name}.pub").read_text().split()
        return words[words.index("public") + 1]

    def replay(self, host):
        return f"tcp://{self.address(host)}:{REPLAY}"

    def write_host(self, host, gateways):
        here = self.folder / host
        for name in ("log", "keys", "gateways"):
            (here / name).mkdir(parents=True)
        (here / "keys" / "master.key").write_bytes((self.folder / "master.key").read_bytes())
        (here / "keys" / "master.key").chmod(0o600)
        (here / "keys.yaml").write_text(KEYS.format(hash=hashlib.blake2b(KEY.encode(), digest_size=32).hexdigest()))
        for name, text in gateways.items():
            (here / "gateways" / name).write_text(text)
        shutil.copytree(self.folder / "curve" / "allowed", here / "curve" / "allowed")
        shutil.copy(self.secret(host), here / "curve" / "own.key")
        lines = [f"{name}: {value}\n" for name, value in self.settings(host).items()]
        (here / "careline.yaml").write_text("".join(lines))

    def settings(self, host):
        replicas = len(HOSTS) - 1
        return {
            "store": self.truth.url(), "store_replicas": replicas, "keys_store": self.vault.url(),
            "keys_replicas": replicas, "sentinel_password_file": self.folder / "sentinel.password",
            "bus": f"tcp://{self.address(host)}:*", "curve_dir": self.folder / host / "curve",
            "partitions": PARTITIONS, **self.clock,
        }

    # ---- processes

    def daemon(self, program, host, number=1):
        name = program if number == 1 else f"{program}-{number}"
        process = Process(self.network, host, name, lambda: self.argv(process), self.folder / host / "log", True)
        process.program, process.build = program, self.build
        return self.keeper.add(process)

    def argv(self, process):
        here = self.folder / process.host
        argv = [pathlib.Path(self.builds[process.build]) / process.program, "--dir", here,
                "--config", here / "careline.yaml", f"log={here}/log/{process.name}.log",
                *self.login(process.program)]
        if process.program == "intake":
            at = self.address(process.host)
            argv += [f"http={at}:{HTTP}", "http_without_tls=yes", f"replay=tcp://{at}:{REPLAY}"]
        return argv

    def login(self, program):
        """How a daemon comes in at both Redis: as a user of its own."""
        return [f"{server}_{name}={value}" for server, part in (("store", self.truth), ("keys", self.vault))
                for name, value in (("user", program), ("password_file", part.password_file(program)))]

    def start(self, gateways):
        self.write_keys()
        for host in HOSTS:
            self.write_host(host, gateways)
        for part in (self.truth, self.vault):
            part.start()
        self.sentinels.start([self.truth, self.vault])
        self.daemons = [self.daemon(program, host) for program, host in PLACES]
        for process in self.daemons:
            process.start()
        self.keeper.start()
        self.keeper.wait_ready(self.daemons)

    def add(self, program, host, number):
        """One more replica."""
        process = self.daemon(program, host, number)
        self.daemons.append(process)
        process.want()
        return process

    def leave(self, process):
        """It is asked to end and does not come back; its exit code and how long it took."""
        begun = time.monotonic()
        code = process.stop()
        self.keeper.drop(process)
        self.daemons.remove(process)
        return code, time.monotonic() - begun

    def find(self, name, host):
        return next(process for process in self.daemons if process.name == name and process.host == host)

    def heal(self):
        """Whatever was paused goes on; all Redis servers are there and in step again."""
        for process in self.keeper.processes:
            process.signal(signal.SIGCONT)
        for part in (self.truth, self.vault):
            wait(part.whole, f"{part.name}: all replicas are in step")

    def stop(self):
        self.keeper.stop()
