"""Redis servers of a test's own, on free ports of 127.0.0.1: one alone, a primary with replicas and Sentinels, a Cluster.

    with redis_set.sentinel(replicas=2, sentinels=3) as redis:
        ... store={redis.address} ... redis.primary().kill()

Every server is a process that ends with the test; `stop` ends them by pid and removes their directories."""
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "month"))
from redis_log import Redis, read_log       # noqa: E402

SLOW = 4 if os.environ.get("CARELINE_MODE") == "asan" else 1
NAME = "careline"               # of the primary, for Sentinel
PR_SET_PDEATHSIG = 1
SLOTS = 16384
CLUSTER_BUS = 10000             # a Cluster node also listens on its port and this


def wait_for(condition, seconds, what):
    """Asks until it holds; what it returned."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds * SLOW} s: {what}")
        time.sleep(0.02)


def free_port():
    """One that is free together with its Cluster bus; below those that the system hands out to clients."""
    for _ in range(200):
        port = 10000 + int.from_bytes(os.urandom(4), "big") % 10000
        try:
            for number in (port, port + CLUSTER_BUS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
            return port
        except OSError:
            continue
    raise AssertionError("no free port")


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """One redis-server, or one Sentinel."""

    def __init__(self, folder, lines, is_sentinel=False):
        self.port = free_port()
        self.dir = pathlib.Path(folder) / f"{'sentinel' if is_sentinel else 'redis'}-{self.port}"
        self.dir.mkdir(parents=True)
        self.is_sentinel, self.process, self.password = is_sentinel, None, None
        self.address = f"tcp://127.0.0.1:{self.port}"
        (self.dir / "redis.conf").write_text(f"bind 127.0.0.1\nport {self.port}\ndir {self.dir}\nlogfile {self.dir}/log\n"
                                             + "".join(line + "\n" for line in lines))

    def start(self):
        argv = ["redis-server", str(self.dir / "redis.conf")] + (["--sentinel"] if self.is_sentinel else [])
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True, preexec_fn=die_with_parent)
        wait_for(self.answers, 10, f"an answer of {self.address}: see {self.dir}/log")
        return self

    def answers(self):
        try:
            return self.command("PING") == b"PONG"
        except (OSError, RuntimeError):
            return False

    def command(self, *words):
        """One command over a connection of its own. RuntimeError: Redis said an error; OSError: no answer."""
        redis = Redis(self.address)
        redis.socket.settimeout(5 * SLOW)
        try:
            if self.password:
                redis.command("AUTH", self.password)
            return redis.command(*words)
        except (IndexError, ValueError) as error:           # the connection ended in the middle of an answer
            raise ConnectionError(str(error)) from error
        finally:
            redis.close()

    def role(self):
        try:
            return self.command("ROLE")[0].decode()
        except (OSError, RuntimeError):
            return "gone"

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9; what it had on disk stays, and `start` goes on from it."""
        if self.is_running():
            self.process.kill()
            self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


class RedisSet:
    """What `store=` takes is `address`."""

    def __init__(self, folder=None):
        self.owned = folder is None
        self.dir = pathlib.Path(folder or tempfile.mkdtemp(prefix="careline-redis-"))
        self.servers, self.sentinels, self.address = [], [], None
        self.is_cluster, self.kills = False, 0

    def add(self, *lines, appendfsync="always", password=None):
        server = Server(self.dir, ["appendonly yes", f"appendfsync {appendfsync}", 'save ""', "maxmemory-policy noeviction",
                                   "repl-diskless-sync-delay 0", *lines])
        server.password = password
        self.servers.append(server)
        return server.start()

    def masters(self):
        """Those that say that they are primaries now."""
        return [server for server in self.servers if server.is_running() and server.role() == "master"]

    def primary(self):
        """The one that Sentinel names (or the only one)."""
        if not self.sentinels:
            return self.servers[0]
        for sentinel in self.sentinels:
            if sentinel.is_running():
                _, port = sentinel.command("SENTINEL", "get-master-addr-by-name", NAME)
                return next(server for server in self.servers if server.port == int(port))
        raise AssertionError("no Sentinel runs")

    def wait_for_fail_over(self, from_server, seconds=30):
        """Until another than `from_server` is named and says that it is the primary; tells which."""
        def promoted():
            primary = self.primary()
            return primary if primary is not from_server and primary.role() == "master" else None
        return wait_for(promoted, seconds, "another primary")

    def wait_for_replicas(self, count, seconds=30):
        """Until so many replicas follow the primary, in step."""
        def followed():
            lines = self.primary().command("INFO", "replication").decode()
            return lines.count("state=online") >= count
        wait_for(followed, seconds, f"{count} replicas in step")

    def command(self, *words):
        """One command to the primary; in a Cluster to whoever has the slot of a key {…}, else to every master, the last one's answer."""
        if self.is_cluster:
            tags = [word[word.index("{") + 1:word.index("}")] for word in words if isinstance(word, str) and "{" in word]
            return [server.command(*words) for server in self.masters() if not tags or slot_of(tags[0]) in slots_of(server)][-1]
        return self.primary().command(*words)

    def kill(self):
        """kill -9 of what the work stands on: the primary, or one master of a Cluster, each in its turn; it is started again at once."""
        masters = self.masters() if self.is_cluster else [self.primary()]
        victim = masters[self.kills % len(masters)]
        self.kills += 1
        victim.kill()
        victim.start()

    def pids(self):
        return [server.process.pid for server in self.servers]

    def log(self):
        """Every event of every partition, wherever it is, by partition and seq."""
        servers = self.servers if not self.sentinels else [self.primary()]
        events = [event for server in servers if server.is_running() and server.role() == "master"
                  for event in read_log(server.address)]
        return sorted(events, key=lambda event: (event["partition"], event["seq"]))

    def stop(self):
        for server in [*self.sentinels, *self.servers]:
            server.kill()
        if self.owned:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def single(folder=None):
    made = RedisSet(folder)
    made.address = made.add().address
    return made


def sentinel(replicas=2, sentinels=3, down_after_ms=1000, min_replicas=0, folder=None):
    """A primary with replicas, and Sentinels that know each other and all of them before they start."""
    made = RedisSet(folder)
    lines = [f"min-replicas-to-write {min_replicas}", "min-replicas-max-lag 2"] if min_replicas else []
    primary = made.add(*lines)
    for _ in range(replicas):
        made.add(f"replicaof 127.0.0.1 {primary.port}", *lines)
    ids = [os.urandom(20).hex() for _ in range(sentinels)]
    for number, own in enumerate(ids):
        made.sentinels.append(Server(made.dir, [
            f"sentinel myid {own}",
            f"sentinel monitor {NAME} 127.0.0.1 {primary.port} {sentinels // 2 + 1}",
            f"sentinel down-after-milliseconds {NAME} {down_after_ms}",
            f"sentinel failover-timeout {NAME} 10000",
            *[f"sentinel known-replica {NAME} 127.0.0.1 {server.port}" for server in made.servers[1:]]], is_sentinel=True))
    for number, one in enumerate(made.sentinels):
        with open(one.dir / "redis.conf", "a") as conf:
            for other, own in enumerate(ids):
                if other != number:
                    conf.write(f"sentinel known-sentinel {NAME} 127.0.0.1 {made.sentinels[other].port} {own}\n")
    for one in made.sentinels:
        one.start()
    made.wait_for_replicas(replicas)
    made.address = "sentinel://" + ",".join(f"127.0.0.1:{one.port}" for one in made.sentinels) + f"/{NAME}"
    return made


def cluster(masters=3, replicas=0, folder=None, node_timeout_ms=2000):
    """Masters that share the slots evenly, each with so many replicas."""
    made = RedisSet(folder)
    made.is_cluster = True
    for _ in range(masters * (1 + replicas)):
        made.add("cluster-enabled yes", f"cluster-node-timeout {node_timeout_ms}", "cluster-allow-replica-migration no")
    first = made.servers[0]
    for server in made.servers[1:]:
        server.command("CLUSTER", "MEET", "127.0.0.1", first.port)
    for number, server in enumerate(made.servers[:masters]):
        server.command("CLUSTER", "ADDSLOTSRANGE", SLOTS * number // masters, SLOTS * (number + 1) // masters - 1)
    wait_for(lambda: all(cluster_knows(server, len(made.servers)) for server in made.servers), 20, "all nodes known to all")
    for number, server in enumerate(made.servers[masters:]):
        server.command("CLUSTER", "REPLICATE", node_id(made.servers[number % masters]))
    wait_for(lambda: all(cluster_is_ok(server) for server in made.servers), 20, "a Cluster that says ok")
    made.address = "cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in made.servers)
    return made


def slot_of(tag):
    """CRC-16/XMODEM, as the Cluster specification says."""
    crc = 0
    for byte in tag.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc % SLOTS


# What REDIS=… of make chooses: a set, and what deploy/run is told beside its address.
KINDS = {
    "single": (single, []),
    "sentinel": (lambda: sentinel(replicas=1, min_replicas=1), ["--set", "all.store_replicas=1"]),
    "cluster": (cluster, []),
}


def node_id(server):
    return server.command("CLUSTER", "MYID").decode()


def cluster_knows(server, count):
    lines = server.command("CLUSTER", "NODES").decode().splitlines()
    return len(lines) == count and not any("handshake" in line or "noaddr" in line for line in lines)


def cluster_is_ok(server):
    return "cluster_state:ok" in server.command("CLUSTER", "INFO").decode()


def slots_of(server):
    """The slots that a master serves, as it says itself."""
    own = next(line for line in server.command("CLUSTER", "NODES").decode().splitlines() if "myself" in line)
    ranges = [word.split("-") for word in own.split()[8:] if not word.startswith("[")]
    return [slot for pair in ranges for slot in range(int(pair[0]), int(pair[-1]) + 1)]


def slot_move(slot, source, target, masters, keys_at_once=10):
    """Moves one slot with all its keys as redis-cli --cluster reshard does; tells how many keys there were."""
    moved = 0
    target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
    source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
    while True:
        keys = source.command("CLUSTER", "GETKEYSINSLOT", slot, keys_at_once)
        if not keys:
            break
        moved += len(keys)
        source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
    for server in [target, source, *[one for one in masters if one not in (source, target)]]:
        server.command("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))
    return moved
