"""One Redis with replicas, and the Sentinels that watch it: a server of each kind on each host."""
import pathlib
import sys
import time

from processes import Process

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "month"))
from redis_log import Redis, read_log       # noqa: E402

SENTINEL_PORT = 26379
DOWN_AFTER_MS, FAILOVER_MS = 2000, 6000
WAIT_SECONDS = 30
PASSWORD = "of-the-sentinels-of-this-test"
SERVER = """port {port}
bind 0.0.0.0
protected-mode no
dir {folder}
logfile {folder}/redis.log
appendonly yes
appendfsync always
no-appendfsync-on-rewrite no
save ""
maxmemory-policy noeviction
databases 1
repl-diskless-sync-delay 0
repl-ping-replica-period 1
repl-timeout 5
repl-backlog-size 32mb
replica-announce-ip {address}
aclfile {access}/users.acl
masteruser replica
masterauth {replica}
"""
SENTINEL = """port {port}
bind 0.0.0.0
protected-mode no
dir {folder}
logfile {folder}/sentinel.log
requirepass "{password}"
sentinel announce-ip {address}
sentinel sentinel-pass "{password}"
"""
WATCHED = """sentinel monitor {name} {primary} {port} 2
sentinel auth-user {name} sentinel
sentinel auth-pass {name} {login}
sentinel down-after-milliseconds {name} {down_after_ms}
sentinel failover-timeout {name} {failover_ms}
sentinel parallel-syncs {name} 2
"""


def ask(address, port, login, *words):
    """What a server answers; None if it does not."""
    try:
        redis = Redis(f"tcp://{address}:{port}", timeout=1.0, login=login)
    except (OSError, RuntimeError, IndexError):
        return None
    try:
        return redis.command(*words)
    except (OSError, RuntimeError, IndexError):
        return None
    finally:
        redis.close()


def wait(condition, what):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {WAIT_SECONDS} s: {what}")
        time.sleep(0.1)


class Hosted:
    """A server of one kind on each host."""

    def __init__(self, name, port, network, folder, hosts, keeper):
        self.name, self.port, self.network, self.folder = name, port, network, folder
        self.hosts, self.keeper, self.servers = hosts, keeper, {}

    def serve(self, host, configuration, *options, **more):
        here = self.folder / host / self.name
        here.mkdir(parents=True)
        text = configuration.format(folder=here, address=self.network.address(host), port=self.port, **more)
        (here / "server.conf").write_text(text)
        argv = ["redis-server", here / "server.conf", *options]
        self.servers[host] = self.keeper.add(Process(self.network, host, self.name, lambda: argv, here))
        self.servers[host].start()

    def ask(self, host, *words):
        return ask(self.network.address(host), self.port, self.login(), *words)


class Sentinels(Hosted):
    def login(self):
        return (PASSWORD,)

    def start(self, sets):
        for host in self.hosts:
            watched = "".join(WATCHED.format(name=s.name, port=s.port, primary=self.network.address(self.hosts[0]),
                                             login=s.password("sentinel"), down_after_ms=DOWN_AFTER_MS,
                                             failover_ms=FAILOVER_MS) for s in sets)
            self.serve(host, SENTINEL + watched, "--sentinel", password=PASSWORD)
        wait(lambda: all(self.knows_all(host, s) for host in self.hosts for s in sets), "the Sentinels know each other")

    def knows_all(self, host, redis_set):
        fields = self.ask(host, "SENTINEL", "MASTER", redis_set.name) or []
        known = dict(zip(fields[::2], fields[1::2]))
        return known.get(b"num-other-sentinels") == b"2" and known.get(b"num-slaves") == b"2"

    def primary(self, redis_set):
        """The host that most Sentinels call the primary."""
        answers = [self.ask(host, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", redis_set.name) for host in self.hosts]
        told = [answer[0].decode() for answer in answers if answer]
        best = max(set(told), key=told.count) if told else self.network.address(self.hosts[0])
        return next(host for host in self.hosts if self.network.address(host) == best)


class RedisSet(Hosted):
    """One primary, which is another one after a failover, and replicas."""

    def __init__(self, name, port, network, folder, hosts, keeper, sentinels, access):
        super().__init__(name, port, network, folder, hosts, keeper)
        self.sentinels, self.access = sentinels, access

    def password_file(self, user):
        return self.access / f"{user}.password"

    def password(self, user):
        return self.password_file(user).read_text().strip()

    def login(self):
        """As the operator, who may look at everything but the customers' keys."""
        return ("care", self.password("care"))

    def url(self):
        """As the daemons are told it."""
        sentinels = ",".join(f"{self.network.address(host)}:{SENTINEL_PORT}" for host in self.hosts)
        return f"sentinel://{sentinels}/{self.name}"

    def start(self):
        replica = f"replicaof {self.network.address(self.hosts[0])} {self.port}\n"
        for host in self.hosts:
            self.serve(host, SERVER + (replica if host != self.hosts[0] else ""), access=self.access,
                       replica=self.password("replica"))
        wait(lambda: self.in_step(self.hosts[0]), f"{self.name}: all replicas are in step")

    def primary(self):
        return self.sentinels.primary(self)

    def in_step(self, host):
        """Is it a primary with all the others as replicas?"""
        role, info = self.ask(host, "ROLE"), self.ask(host, "INFO", "replication")
        return bool(role and info) and role[0] == b"master" and info.count(b"state=online") == len(self.hosts) - 1

    def whole(self):
        return self.in_step(self.primary())

    def connect(self):
        """To the primary, for a look. OSError or RuntimeError when there is none now."""
        return Redis(f"tcp://{self.network.address(self.primary())}:{self.port}", timeout=1.0, login=self.login())

    def refused(self):
        """What servers refused their users since they started. Whoever lacks the functions tries to load them, but only
        the scheduler may."""
        for host in self.hosts:
            for entry in self.ask(host, "ACL", "LOG") or []:
                told = dict(zip(entry[::2], entry[1::2]))
                if told[b"object"] != b"function|load":
                    what = b" ".join(told[name] for name in (b"username", b"reason", b"object"))
                    yield f"{self.name}@{host}: {what.decode()}"

    def log(self):
        address = f"tcp://{self.network.address(self.primary())}:{self.port}"
        return read_log(address, ("observer", self.password("observer")))
