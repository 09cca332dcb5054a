"""A Careline of the benchmark's own: Redis servers and daemons on free ports, each started and stopped when a row wants it.

    with Installation(options, fsync="always") as careline:
        careline.furnish("work-list.yaml")          # starts intake, puts settings in force for all sites
        careline.start("scheduler", "follow-up")

Everything ends with the program, however it ends.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "bench"
sys.path[:0] = [str(ROOT / "tests" / "month"), str(ROOT / "tests" / "process")]
from redis_log import Redis, read_partition     # noqa: E402
from started import die_with_parent, ready_words, start_daemon   # noqa: E402
from zmtp import Dealer, pack           # noqa: E402

PARTITIONS = 64
SITES = 64
STAGES = ["scheduler", "follow-up", "complaint-router", "notifier"]
LIMIT_SECONDS = 60
SETTINGS = [HERE / "settings/calendar.yaml", ROOT / "deploy/sample/staff.yaml", HERE / "settings"]


def wait_for(condition, what, seconds=LIMIT_SECONDS, every=0.01):
    """Asks until it holds; what it returned."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(every)
    return value


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """What all its threads have used; finer than the ticks in stat."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


class Server:
    """One redis-server on a unix socket, as it is shipped but for where it keeps things and how much. `fsync`: always, everysec
    or no."""

    def __init__(self, folder, fsync):
        self.folder, self.fsync = folder, fsync
        folder.mkdir(exist_ok=True)
        self.address = f"unix:{folder}/redis.sock"
        self.start()

    def start(self):
        own = {"unixsocket": f"{self.folder}/redis.sock", "dir": self.folder, "pidfile": f"{self.folder}/pid", "maxmemory": 0,
               "logfile": f"{self.folder}/log", "appendonly": "no" if self.fsync == "no" else "yes", "appendfsync": self.fsync}
        shipped = (ROOT / "deploy/redis/redis-careline.conf").read_text().splitlines()
        lines = [line for line in shipped if line.split(" ")[0] not in own] + [f"{name} {value}" for name, value in own.items()]
        (self.folder / "redis.conf").write_text("\n".join(lines))
        argv = ["redis-server", str(self.folder / "redis.conf")]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.client = wait_for(self.connect, f"an answer of Redis: see {self.folder}/log")

    def connect(self):
        try:
            client = Redis(self.address)
        except OSError:
            return None
        try:
            client.command("PING")
        except RuntimeError as error:
            return client if str(error).startswith("LOADING") else None
        return client

    def command(self, *words):
        return self.client.command(*words)

    def many(self, commands):
        """Replies to several commands, in one round trip."""
        self.client.socket.sendall(b"".join(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
                                            for words in commands))
        return [self.client.reply() for _ in commands]

    def info(self, section, name):
        lines = self.command("INFO", section).decode().splitlines()
        return next(line.split(":", 1)[1] for line in lines if line.startswith(name + ":"))

    def used_bytes(self):
        return int(self.info("memory", "used_memory"))

    def function_calls(self):
        """How often a function was called, and for how many microseconds in all."""
        try:
            stats = dict(pair.split("=") for pair in self.info("commandstats", "cmdstat_fcall").split(","))
        except StopIteration:
            return 0, 0
        return int(stats["calls"]), int(stats["usec"])

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def is_loaded(self):
        try:
            return self.info("persistence", "loading") == "0"
        except RuntimeError:
            return False

    def stop(self, number=signal.SIGTERM):
        self.client.close()
        self.process.send_signal(number)
        self.process.wait(LIMIT_SECONDS)


class Daemon:
    """One that tells when it is ready."""

    def __init__(self, careline, program, name, settings):
        self.careline, self.name = careline, name
        self.process, self.pipe = start_daemon(careline.bin, careline.dir, program, name, settings)

    def wait_ready(self):
        words = ready_words(self.pipe, LIMIT_SECONDS, f"{self.name} did not get ready; see {self.careline.dir}/log")
        self.bus, self.http, self.owner = words["bus"], words["http"], words["owner"].encode()

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def memory_mb(self):
        """Resident, and its share of what is shared."""
        lines = [line.split() for line in open(f"/proc/{self.process.pid}/smaps_rollup") if line.endswith("kB\n")]
        sizes = {words[0]: int(words[1]) / 1024 for words in lines}
        return sizes["Rss:"], sizes["Pss:"]

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(LIMIT_SECONDS)


class Installation:
    def __init__(self, options, fsync="always"):
        self.options, self.bin = options, options.bin
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="careline-bench-", dir=options.scratch))
        for name in ["log", "keys", "gateways"]:
            (self.dir / name).mkdir()
        shutil.copy(SETTINGS[2] / "gateway.yaml", self.dir / "gateways")
        self.keys, self.redis = Server(self.dir / "keys-redis", fsync), Server(self.dir / "redis", fsync)
        self.zmq, self.http_port = f"tcp://127.0.0.1:{free_port()}", free_port()
        self.daemons, self.runs, self.http = {}, 0, None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()
        for server in (self.redis, self.keys):
            server.stop(signal.SIGKILL)
        if kind is None:
            shutil.rmtree(self.dir)
        else:
            print(f"its logs are in {self.dir}", file=sys.stderr)

    # ---- daemons

    def settings(self, program):
        mine = [f"partitions={PARTITIONS}", "log_level=warn"]
        if program == "intake":
            mine += [f"zmq={self.zmq}", f"http=127.0.0.1:{self.http_port}", "memory_percent=100"]
        return mine

    def launch(self, *programs, replicas=1):
        """Starts them, and does not wait."""
        names = [(program, program if not number else f"{program}-{number + 1}") for program in programs
                 for number in range(replicas if program in STAGES else 1)]
        for program, name in names:
            self.daemons[name] = Daemon(self, program, name, self.settings(program))
        return [self.daemons[name] for _, name in names]

    def start(self, *programs, replicas=1):
        """Starts them and waits until they own all their partitions."""
        for daemon in self.launch(*programs, replicas=replicas):
            daemon.wait_ready()
        for program in programs:
            if program in STAGES:
                wait_for(lambda: None not in self.owners(program) and len(set(self.owners(program))) >= min(replicas, 2),
                         f"{program} owns all partitions")

    def start_all(self, replicas=1):
        self.start("intake", *STAGES, replicas=replicas)

    def stop(self, *names):
        """Those named, else all; intake first, so that nothing new comes."""
        for name in names or list(self.daemons):
            self.daemons[name].process.send_signal(signal.SIGTERM)
        for name in names or list(self.daemons):
            self.daemons.pop(name).stop()

    def buses(self, *programs):
        return ",".join(daemon.bus for name, daemon in self.daemons.items() if not programs or name.rsplit("-", 1)[0] in programs or
                        name in programs)

    # ---- the store

    def keys_of(self, what):
        return [b"{p%04d}%s" % (p, what.encode()) for p in range(PARTITIONS)]

    def owners(self, stage):
        return [owner or None for owner in self.redis.many([[b"HGET", key, b"owner"] for key in self.keys_of(f"stage:{stage}")])]

    def heads(self):
        """How many events each log has had."""
        return [int(head[8:]) if head else 0 for head in self.redis.many([[b"GET", key] for key in self.keys_of("head")])]

    def worked(self, stage):
        return [int(seq or 0) for seq in self.redis.many([[b"HGET", key, b"seq"] for key in self.keys_of(f"stage:{stage}")])]

    def timers(self):
        return sum(self.redis.many([[b"ZCARD", key] for key in self.keys_of("timers")]))

    def queued(self, prefix="work/"):
        """How many stand in the queues under a prefix."""
        low, high = b"[" + prefix.encode(), b"(" + prefix[:-1].encode() + bytes([ord(prefix[-1]) + 1])
        return sum(self.redis.many([[b"ZLEXCOUNT", key, low, high] for key in self.keys_of("queue")]))

    def key_bytes(self, what):
        """What the keys of that name take in all partitions, every element counted."""
        return sum(size or 0 for size in self.redis.many([[b"MEMORY", b"USAGE", key, b"SAMPLES", b"0"] for key in self.keys_of(what)]))

    def settle(self, seconds=600):
        """Until all running stages have worked all there is, and it stays so."""
        stages = [stage for stage in STAGES if stage in self.daemons]
        wait_for(lambda: all(self.worked(stage) == self.heads() for stage in stages) and self.still(stages), "all is worked", seconds, 0.1)

    def still(self, stages):
        before = self.heads()
        time.sleep(0.3)
        return all(self.worked(stage) == before for stage in stages)

    # ---- its sites

    def care(self, *words, site="bench-00"):
        environment = {**os.environ, "CARELINE_DIR": str(self.dir), "CARELINE_SITE": site, "CARELINE_ACTOR": "bench"}
        done = subprocess.run([f"{self.bin}/care", *words], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"care {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def furnish(self, playbook):
        """Starts intake and puts settings in force for all sites: applied at the first, and told of the others by the same facts."""
        self.start("intake", "scheduler")
        (self.dir / "endpoints").write_text(f"http=http://127.0.0.1:{self.http_port}\nzmq={self.zmq}\nredis={self.redis.address}\n"
                                            f"keys_redis={self.keys.address}\n")
        self.care("apply", *[str(path) for path in SETTINGS[:2]], str(SETTINGS[2] / "templates.yaml"), str(SETTINGS[2] / playbook))
        facts = [fact for fact in self.log() if fact["type"] == "config.activated"]
        dealer = Dealer(self.zmq)
        for number in range(1, SITES):
            same = [{"source": "bench", "id": f"{fact['id']}-{number}", "type": fact["type"], "site": f"bench-{number:02}",
                     "data": fact["data"]} for fact in facts]
            dealer.send(b"%d" % number, b"", pack(same))
            assert b"refused" not in dealer.receive()[1]
        dealer.close()
        self.settle()
        self.stop("scheduler")

    def log(self):
        for key in self.keys_of("log"):
            yield from read_partition(self.redis, key)

    # ---- over HTTP

    def hang_up(self):
        """Before a pause: a connection on which nothing is asked is closed by intake."""
        if self.http:
            self.http.close()
        self.http = None

    def ask(self, method, path, body=None):
        self.http = self.http or http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=LIMIT_SECONDS)
        self.http.request(method, path, json.dumps(body) if body else None, {"X-Actor": "han-xue", "X-Role": "follow-up-agent"})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[-300:]}")
        return json.loads(text)

    # ---- load

    def load(self, program, **words):
        """Runs a generator; what it measured."""
        self.runs += 1
        words.setdefault("run", f"r{self.runs}")
        argv = [f"{self.options.load}/{program}", *[f"{name}={value}" for name, value in words.items()]]
        done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, timeout=900)
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {done.stdout[-300:]}{done.stderr[-300:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def listen(self, program, **words):
        """A listener that runs beside; `heard` is what it measured."""
        argv = [f"{self.options.load}/{program}", *[f"{name}={value}" for name, value in words.items()]]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        assert process.stdout.readline() == "listening\n"
        return process


def heard(process):
    out, errors = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(f"{' '.join(process.args)}: {out[-300:]}{errors[-300:]}")
    return json.loads(out.splitlines()[-1])
