"""A whole Careline in a directory of its own, for tests: started by deploy/run, asked over its public interfaces."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "month"))
from redis_log import Redis, log_keys, read_partition, unpack       # noqa: E402  (reads the log with nothing of Careline's)

import redis_set        # noqa: E402
from redis_set import SLOW, wait_for     # noqa: E402

BIN = os.environ.get("CARELINE_BIN", str(ROOT / "build" / "bin"))
DAEMONS = ["intake", "scheduler", "follow-up", "complaint-router", "notifier"]
BROKEN = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion|watchdog:|no memory for")

# What holds the truth: nothing said, a Redis that deploy/run starts itself; else a set of servers (redis_set.py).
REDIS = os.environ.get("CARELINE_REDIS", "")
needs_own_redis = unittest.skipIf(REDIS, "about the Redis that deploy/run starts itself")


class System:
    def __init__(self, *options, directory=None, keep=False, redis=None, may_be_refused=False):
        """`redis`: a set of servers, which stays the caller's. `may_be_refused`: the test asks Redis for what nobody may."""
        self.options, self.keep, self.set, self.own_set, self.may_be_refused = options, keep, redis, None, may_be_refused
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="careline-test-"))
        self.process, self.lines, self.set_options = None, [], []

    def store_options(self):
        if not self.set and REDIS:
            make, self.set_options = redis_set.KINDS[REDIS]
            self.set = self.own_set = make()
        return ["--store", self.set.address, *self.set_options] if self.set else []

    def start(self):
        argv = [str(ROOT / "deploy" / "run"), "--dir", str(self.dir), "--bin", BIN, "--empty", "--quiet", *self.store_options(),
                *self.options]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        ready = threading.Event()
        self.reader = threading.Thread(target=self.read_lines, args=(ready,), daemon=True)
        self.reader.start()
        if not ready.wait(60 * SLOW) or not any(line.startswith("ready ") for line in self.lines):
            said = self.lines + [line for name in ("care.log", "intake.err", "scheduler.err") for line in self.log_tail(name)]
            self.remove()
            raise AssertionError("no ready line: " + "\n".join(said))
        self.endpoints = dict(line.split("=", 1) for line in (self.dir / "endpoints").read_text().splitlines())
        return self

    def log_tail(self, name):
        path = self.dir / "log" / name
        return path.read_text(errors="replace").splitlines()[-20:] if path.exists() else []

    def read_lines(self, ready):
        for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())
            if self.lines[-1].startswith("ready "):
                ready.set()
        ready.set()

    def stop(self, number=signal.SIGTERM):
        """Ends it; the exit code. Whatever a sanitizer or an assertion said makes the test fail."""
        self.process.send_signal(number)
        code = self.process.wait(40 * SLOW)
        self.reader.join(5)
        self.process.stdout.close()
        said = [f"{path.name}: {line}" for path in (self.dir / "log").glob("*.err") for line in path.read_text(errors="replace").splitlines()
                if BROKEN.search(line)]
        if said:
            raise AssertionError("\n".join(said[:20]))
        return code

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.own_set:
            self.own_set.stop()
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.close()
        else:
            self.remove()

    def close(self):
        """Ends it, which must go well, and removes its directory. Redis must have refused none of its users anything."""
        try:
            refused = self.refused()
            code = self.stop()
            if refused and not self.may_be_refused:
                raise AssertionError("Redis refused: " + "; ".join(refused))
            if code:
                raise AssertionError(f"deploy/run ended with {code}: " + "\n".join(self.lines[-20:]))
        finally:
            self.remove()

    # ---- asking

    def http(self, method, path, body=None, headers=None):
        """(status, headers, JSON or text). Raises OSError when there is no answer."""
        connection = http.client.HTTPConnection(self.endpoints["http"].removeprefix("http://"), timeout=15 * SLOW)
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, known, json.loads(text) if known.get("content-type") == "application/json" else text

    def get(self, path):
        status, _, body = self.http("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body}")
        return body

    def post(self, event):
        return self.http("POST", "/v1/events", event)

    def act(self, kind, data, **more):
        return self.http("POST", "/v1/acts", {"type": kind, "site": "sample", "data": data, **more})

    def log(self):
        """Every event of every partition, in order."""
        if self.set:
            return self.set.log()
        redis = self.redis_as("observer")
        try:
            return [event for key in log_keys(redis) for event in read_partition(redis, key)]
        finally:
            redis.close()

    def redis(self, *words, user="care"):
        """One command to the Redis that holds the truth, by default the operator's."""
        if self.set:
            return self.set.command(*words)
        redis = self.redis_as(user)
        try:
            return redis.command(*words)
        finally:
            redis.close()

    def refused(self):
        """What Redis has refused its users since it started. Functions are loaded by the scheduler only, others try."""
        found = []
        for server in ["keys"] if self.set else ["store", "keys"]:
            try:
                redis = self.redis_as("care", server)
            except OSError:
                continue                            # it was ended by the test
            entries = [dict(zip(entry[::2], entry[1::2])) for entry in redis.command("ACL", "LOG")]
            redis.close()
            found += [f"{server}: {entry[b'username'].decode()} {entry[b'reason'].decode()} {entry[b'object'].decode()}"
                      for entry in entries if entry[b"object"] != b"function|load"]
        return found

    def redis_as(self, user, server="store"):
        """A connection as one of its users, or as nobody. A Redis of the test's own has none."""
        redis = Redis(self.endpoints["redis" if server == "store" else "keys_redis"])
        if user and not (self.set and server == "store"):
            redis.command("AUTH", user, (self.dir / "access" / server / f"{user}.password").read_text().strip())
        return redis

    def login(self, program):
        """The settings by which a daemon that a test starts itself comes in at both Redis servers."""
        return [f"{server}_{name}={value}" for server in (["keys"] if self.set else ["store", "keys"])
                for name, value in [("user", program), ("password_file", self.dir / "access" / server / f"{program}.password")]]

    # ---- processes

    def pid(self, name):
        """Of a daemon, or of Redis; of a set of servers those of all."""
        if name == "redis" and self.set:
            return self.set.pids()
        return int((self.dir / "pids" / name).read_text())

    def kill(self, name):
        """kill -9; its pid before."""
        pid = self.pid(name)
        if name == "redis" and self.set:
            self.set.kill()
        else:
            os.kill(pid, signal.SIGKILL)
        return pid

    def settled(self):
        """Do all stages own all partitions, with nothing left to work?"""
        try:
            status = self.get("/v1/status")
        except (OSError, AssertionError, http.client.HTTPException):
            return False
        return all(stage["partitions"] == stage["of"] and stage["lag"] == 0 for stage in status["stages"])

    def settle(self, seconds=20):
        wait_for(self.settled, seconds, "all stages at the end of all logs")


def delivery(number, **more):
    """A car.delivered fact."""
    return {"id": number, "source": "test", "type": "car.delivered", "site": "sample",
            "data": {"order": number, "name": "王芳", "mobile": "13800000001", "model": "UNI-K"}, **more}
