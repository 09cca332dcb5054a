"""What one would otherwise take, measured beside ours: same machine, same payload of 100 bytes, the same fsync, in the same run.

Installed when asked: beanstalkd, PostgreSQL, Sidekiq and Celery by apt, BullMQ and graphile-worker by npm into a folder of the
benchmark. "tuned" is what their own documentation advises for throughput. Each has a server of its own for each run; in our warm-up
they do not run. Sidekiq and Celery have their jobs waiting when their workers start, which is to their advantage.
"""
import glob
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

from installation import Server, free_port, wait_for
from started import die_with_parent

HERE = pathlib.Path(__file__).parent / "peers"
PACKAGES = ["bullmq@6", "ioredis@5", "graphile-worker@0.18", "pg@8"]
PYTHON = "/usr/bin/python3"             # Debian's, for which apt installs Celery
LATE_COUNT, LATE_FEW = 10_000, 2_000
SIDEKIQ_LEAD_MS, SIDEKIQ_LEAD_TUNED_MS = 17_000, 7_500    # Sidekiq looks first 15 s, or 5 s, after its start at the latest
CELERY_LEAD_SECONDS, BEANSTALKD_LEAD_SECONDS = 6, 2
LIMIT_SECONDS, HOUR_MS = 120, 3_600_000


class Postgres:
    """A PostgreSQL of the benchmark's own, on a unix socket; defaults, fsync on."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.as_user:
            shutil.chown(folder, "postgres", "postgres")
        self.run("initdb", "-D", f"{folder}/data", "-U", self.user, "-A", "trust")
        self.process = subprocess.Popen([*self.as_user, f"{self.bin}/postgres", "-D", f"{folder}/data", "-k", str(folder), "-c", "listen_addresses="],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_for(lambda: self.answers(), "an answer of PostgreSQL")
        self.run("createdb", "-h", str(folder), "-U", self.user, "bench")
        self.address = f"postgres://{self.user}@/bench?host={folder}"

    def run(self, program, *words):
        subprocess.run([*self.as_user, f"{self.bin}/{program}", *words], check=True, capture_output=True, cwd="/", stdin=subprocess.DEVNULL)

    def answers(self):
        return subprocess.run([f"{self.bin}/pg_isready", "-h", str(self.folder)], capture_output=True).returncode == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Peers:
    def __init__(self, folder, bench):
        self.folder, self.bench = folder.resolve(), bench
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(pathlib.Path(__file__).parents[2] / ".ci/install"), "peers"], check=True)
        if not (self.folder / "node_modules/graphile-worker").exists():
            subprocess.run(["npm", "install", "--prefix", str(self.folder), "--no-audit", "--no-fund", *PACKAGES], check=True, capture_output=True)
        for path in HERE.iterdir():
            if path.is_file():
                shutil.copy(path, self.folder)      # beside node_modules, where node looks for them
        self.jobs_count = bench.size(20_000)
        self.few = max(500, self.jobs_count // 10)      # of what is slow by default

    # ---- one run of each

    def told(self, argv, **environment):
        done = subprocess.run([str(word) for word in argv], cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, timeout=LIMIT_SECONDS)
        if done.returncode:
            raise RuntimeError(f"{argv}: {done.stdout[-300:]}{done.stderr[-500:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def with_redis(self, fsync, action):
        with tempfile.TemporaryDirectory(prefix="careline-peer-", dir=self.bench.scratch) as folder:
            server = Server(pathlib.Path(folder), fsync)
            try:
                return action(f"{folder}/redis.sock", pathlib.Path(folder))
            finally:
                server.stop()

    def bullmq(self, mode, fsync, tuned, count=None):
        return self.with_redis(fsync, lambda socket, _: self.told(
            ["node", "bullmq.js", mode, socket, count or self.jobs_count, 100 if tuned else 1, 100 if tuned else 1]))

    def graphile(self, mode, tuned, count=None):
        with tempfile.TemporaryDirectory(prefix="careline-peer-", dir=self.bench.scratch) as folder:
            server = Postgres(pathlib.Path(folder))
            try:
                return self.told(["node", "graphile.js", mode, server.address, count or self.jobs_count, "tuned" if tuned else "default"])
            finally:
                server.stop()

    def sidekiq(self, fsync, count, bulk=1, delay_ms=0, poll=None, work=True):
        """How fast jobs go in, and, if they are worked, how that went."""
        def run(socket, folder):
            names = {"BENCH_REDIS": f"unix://{socket}", "BENCH_COUNT": str(count), "BENCH_RESULT": f"{folder}/result",
                     **({"BENCH_POLL": str(poll)} if poll else {})}
            filled = self.told(["ruby", "sidekiq_client.rb", count, bulk, delay_ms], **names)
            if not work:
                return filled
            worker = subprocess.Popen(["sidekiq", "-r", "./sidekiq_worker.rb", "-c", "10"], cwd=self.folder, env={**os.environ, **names},
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
            try:
                wait_for((folder / "result").exists, "Sidekiq has worked all", LIMIT_SECONDS, 0.1)
                time.sleep(0.2)
                return json.loads((folder / "result").read_text())
            finally:
                worker.kill()
                worker.wait()
        return self.with_redis(fsync, run)

    def celery(self, fsync, count, delay=0, work=True, prefetch=None):
        def run(socket, folder):
            names = {"BENCH_SOCKET": socket, "BENCH_RESULT": f"{folder}/lines", **({"BENCH_PREFETCH": str(prefetch)} if prefetch else {})}
            filled = self.told([PYTHON, "celery_app.py", count, delay], **names)
            if not work:
                return filled
            worker = subprocess.Popen([PYTHON, "-m", "celery", "-A", "celery_app", "worker", "-c", "2", "-l", "CRITICAL", "--without-gossip",
                                       "--without-mingle"], cwd=self.folder, env={**os.environ, **names, "C_FORCE_ROOT": "1"},
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
            try:
                lines = wait_for(lambda: self.lines(folder, count), "Celery has worked all", LIMIT_SECONDS, 0.2)
            finally:
                worker.terminate()
                worker.wait(30)
            done, late = sorted(at for at, _ in lines), sorted(late for _, late in lines)
            return {"per_s": count / max(1e-9, done[-1] - done[0]), "p50_ms": late[count // 2], "p99_ms": late[count * 99 // 100]}
        return self.with_redis(fsync, run)

    @staticmethod
    def lines(folder, count):
        lines = [tuple(map(float, line.split())) for path in folder.glob("lines.*") for line in path.read_text().splitlines(True) if line.endswith("\n")]
        return lines if len(lines) >= count else None

    def beanstalkd(self, sync, **words):
        """`sync`: -f 0 (every write), or -F (never, but written)."""
        with tempfile.TemporaryDirectory(prefix="careline-peer-", dir=self.bench.scratch) as folder:
            port = free_port()
            server = subprocess.Popen(["beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-b", folder, *sync], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
            try:
                time.sleep(0.3)
                return self.told([f"{self.bench.load}/load_beanstalkd", f"port={port}", *[f"{name}={value}" for name, value in words.items()]])
            finally:
                server.kill()
                server.wait()

    # ---- by row: {(row, peer): value}

    @staticmethod
    def under(row, value, found):
        """`found`: {peer: a call}. One that fails is told, and left out."""
        values = {}
        for peer, call in found.items():
            try:
                values[row, peer] = call()[value]
            except (RuntimeError, subprocess.TimeoutExpired, OSError) as error:
                print(f"{peer} was not measured: {str(error)[-400:]}", file=sys.stderr)
        return values

    def jobs(self, run, row, fsync):
        count, few = self.jobs_count, self.few
        unsynced = {"beanstalkd without fsync": lambda: self.beanstalkd(["-F"], jobs=count)}
        both = {"bullmq": lambda: self.bullmq("jobs", fsync, False, few), "bullmq tuned": lambda: self.bullmq("jobs", fsync, True)}
        own = {
            "always": {"beanstalkd -f 0": lambda: self.beanstalkd(["-f", "0"], jobs=few),
                       "graphile-worker": lambda: self.graphile("jobs", False, few), "graphile-worker tuned": lambda: self.graphile("jobs", True)},
            "everysec": {"beanstalkd -f 1000": lambda: self.beanstalkd(["-f", "1000"], jobs=count),
                         "sidekiq": lambda: self.sidekiq(fsync, few), "sidekiq tuned": lambda: self.sidekiq(fsync, count, 100),
                         "celery": lambda: self.celery(fsync, few), "celery tuned": lambda: self.celery(fsync, few, prefetch=128)},
        }
        return self.under(row, "per_s", {**both, **own[fsync], **unsynced}) if run else {}

    def drain(self, run, row):
        """Theirs at everysec where there is a choice, which is to their advantage; PostgreSQL with fsync."""
        return self.under(row, "per_s", {
            "bullmq": lambda: self.bullmq("drain", "everysec", False, self.few), "bullmq tuned": lambda: self.bullmq("drain", "everysec", True),
            "graphile-worker": lambda: self.graphile("drain", False, self.few),
            "graphile-worker tuned": lambda: self.graphile("drain", True, self.bench.size(100_000)),
            "beanstalkd without fsync": lambda: self.beanstalkd(["-F"], jobs=self.jobs_count, fill_first=1)}) if run else {}

    def schedule(self, run, row):
        return self.under(row, "per_s", {
            "bullmq": lambda: self.bullmq("schedule", "everysec", False), "bullmq bulk": lambda: self.bullmq("schedule", "everysec", True),
            "sidekiq": lambda: self.sidekiq("everysec", self.few, 1, HOUR_MS, work=False),
            "sidekiq bulk": lambda: self.sidekiq("everysec", self.jobs_count, 1000, HOUR_MS, work=False),
            "graphile-worker": lambda: self.graphile("schedule", False, self.few), "graphile-worker bulk": lambda: self.graphile("schedule", True),
            "celery": lambda: self.celery("everysec", self.few, HOUR_MS // 1000, work=False),
            "beanstalkd -f 1000": lambda: self.beanstalkd(["-f", "1000"], jobs=self.jobs_count, delay_s=HOUR_MS // 1000, put_only=1)}) if run else {}

    def late_beanstalkd(self, count):
        """Each job is due so long after its own put: what is put within a moment is due within a moment."""
        found = self.beanstalkd(["-f", "1000"], jobs=count, delay_s=BEANSTALKD_LEAD_SECONDS)
        return {"p99_ms": found["p99_us"] / 1000}

    def lateness(self, row):
        """All due at once, as ours. They wait long: once in a pass, and fewer jobs by default than tuned."""
        count, few = self.bench.size(LATE_COUNT), self.bench.size(LATE_FEW)
        return self.under(row, "p99_ms", {
            "bullmq": lambda: self.bullmq("late", "everysec", False, few), "bullmq tuned": lambda: self.bullmq("late", "everysec", True, count),
            "graphile-worker": lambda: self.graphile("late", False, few), "graphile-worker tuned": lambda: self.graphile("late", True, count),
            "sidekiq": lambda: self.sidekiq("everysec", few, 100, SIDEKIQ_LEAD_MS),
            "sidekiq tuned": lambda: self.sidekiq("everysec", count, 100, SIDEKIQ_LEAD_TUNED_MS, 0.5),
            "celery": lambda: self.celery("everysec", few, CELERY_LEAD_SECONDS),
            "beanstalkd -f 1000": lambda: self.late_beanstalkd(count)})
