"""The outside, as the test plays it: one address before all intakes, who holds virtual time, other teams' consumers."""
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

from installation import HOSTS, HTTP, KEY
from network import ends_with_us

HERE = pathlib.Path(__file__).resolve().parent
PARK_SECONDS = 5.0                      # how often the driver says that it is still there


class Front:
    """What the outside sees of the installation: one address before all intakes."""

    def __init__(self, network, balancer_errors):
        self.url, self.key = f"http://127.0.0.1:{HTTP}", KEY
        hosts = ",".join(network.address(host) for host in HOSTS)
        argv = [sys.executable, HERE / "balancer.py", "--hosts", hosts, "--health", str(HTTP), "--ports", str(HTTP)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=balancer_errors,
                                        preexec_fn=ends_with_us)
        if self.process.stdout.readline() != b"ready\n":
            raise SystemExit("the balancer does not start")

    def call(self, path, body=None):
        """One request; None when there is no answer now."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, ValueError, urllib.error.URLError):
            return None

    def end(self):
        self.process.kill()
        self.process.wait()


class Time:
    """Virtual time, held by the driver so that the month lasts as long as the attack."""

    def __init__(self, front, begin_ms, end_ms):
        self.front, self.begin_ms, self.end_ms, self.now_ms = front, begin_ms, end_ms, 0
        self.until_ms, self.parked = 0, 0.0     # where it is held, and when that was said

    def hold(self, until_ms):
        """Time may go on until then; what time it is."""
        say = until_ms > self.until_ms or time.monotonic() - self.parked > PARK_SECONDS
        if say:
            clock = self.front.call("/v1/clock/participants", {"name": "driver", "wake_at": until_ms})
        else:
            clock = self.front.call("/v1/clock")
        if clock and say:
            self.until_ms, self.parked = until_ms, time.monotonic()
        self.now_ms = clock["now_ms"] if clock else self.now_ms
        return self.now_ms

    def pass_slowly(self, seconds, each_turn):
        """The month, evenly over so many seconds; where it is slower than that, it comes later."""
        begun, until_ms = time.monotonic(), self.begin_ms
        while (passed := time.monotonic() - begun) < seconds:
            each_turn()
            if self.hold(until_ms) >= until_ms:
                until_ms = int(self.begin_ms + (self.end_ms - self.begin_ms) * min(1.0, passed / seconds))
            time.sleep(0.1)

    def pass_on(self, seconds, each_turn):
        """The rest as fast as it goes; did it come to the end?"""
        end = time.monotonic() + seconds
        while self.hold(self.end_ms) < self.end_ms and time.monotonic() < end:
            each_turn()
            time.sleep(0.1)
        return self.now_ms >= self.end_ms


class Follower:
    """A consumer of another team that keeps a list. It asks the replay of some hosts, and listens to every daemon."""

    def __init__(self, kind, name, hosts, run):
        here = run.folder / "outside"
        self.consumer, self.name, installation = kind(here, name), name, run.installation
        self.endpoints = ",".join(installation.replay(host) for host in hosts)
        self.more = ["--key", KEY, "--server-key", ",".join(installation.public_key(host) for host in hosts),
                     "--secret", str(installation.secret(name))]
        self.wanted = False

    def start(self):
        self.consumer.start(self.endpoints, *self.more)
        self.wanted = True

    def kill(self):
        self.wanted = False
        self.consumer.kill()

    def keep(self):
        """Started again when it has ended by itself: no intake answered it at its start."""
        if self.wanted and self.consumer.process.poll() is not None:
            self.consumer.restart()

    def list(self):
        return sorted(self.consumer.list())
