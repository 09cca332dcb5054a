"""Processes on hosts, kept running as a service manager would: what dies is started again."""
import os
import select
import signal
import subprocess
import threading
import time

from network import ends_with_us

RESTART_SECONDS = 1.0
NO_STORE = 69                   # how a daemon ends that finds no store at its start: it may be started again
READY_SECONDS = 60
LOOK_SECONDS = 0.05
STOP_SECONDS = 15


class Process:
    """One program on one host. `argv()` is asked at each start, so that a restart may be of another build."""

    def __init__(self, network, host, name, argv, folder, tells_ready=False):
        self.network, self.host, self.name, self.argv, self.tells_ready = network, host, name, argv, tells_ready
        self.errors, self.folder = folder / f"{name}.err", folder
        self.process, self.wanted, self.start_at = None, False, 0.0
        self.asked = False                      # to end
        self.pipe, self.line, self.ready, self.words = None, b"", not tells_ready, {}
        self.lock = threading.RLock()

    def __str__(self):
        return f"{self.name}@{self.host}"

    @property
    def pid(self):
        return self.process.pid if self.process else 0

    def alive(self):
        return self.process is not None and self.process.poll() is None

    # ---- starting

    def want(self):
        """The keeper starts it: what is started by a thread that ends would end with it."""
        with self.lock:
            self.wanted, self.start_at = True, 0.0

    def start(self):
        with self.lock:
            self.wanted, self.asked, argv, passed = True, False, list(self.argv()), ()
            self.ready, self.line, self.words = not self.tells_ready, b"", {}
            self.close_pipe()
            if self.tells_ready:
                self.pipe, write = os.pipe()
                argv, passed = [*argv, "--ready-fd", str(write)], (write,)
            with open(self.errors, "ab") as errors:
                self.process = subprocess.Popen(self.network.command(self.host, argv), stdin=subprocess.DEVNULL,
                                                stdout=errors, stderr=errors, pass_fds=passed, start_new_session=True,
                                                preexec_fn=ends_with_us, cwd=self.folder)
            for fd in passed:
                os.close(fd)

    def read_ready(self):
        """Takes the line `ready name=value …` if it has come; is it ready?"""
        with self.lock:
            while self.pipe is not None and select.select([self.pipe], [], [], 0)[0]:
                data = os.read(self.pipe, 4096)
                self.line += data
                if b"\n" in self.line:
                    self.ready = True
                    self.words = dict(word.split("=", 1) for word in self.line.decode().split() if "=" in word)
                if self.ready or not data:
                    self.close_pipe()
            return self.ready and self.alive()

    def close_pipe(self):
        if self.pipe is not None:
            os.close(self.pipe)
            self.pipe = None

    # ---- ending

    def signal(self, number):
        with self.lock:
            if self.alive():
                self.process.send_signal(number)

    def kill(self, back_after=RESTART_SECONDS):
        """kill -9; it is started again after so many seconds."""
        with self.lock:
            self.start_at, self.asked = time.monotonic() + back_after, True
            self.signal(signal.SIGKILL)
            if self.process:
                self.process.wait()

    def stop(self):
        """Asked to end, and not started again; its exit code."""
        with self.lock:
            self.wanted, self.asked = False, True
            self.signal(signal.SIGTERM)
        if not self.process:
            return 0
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.close_pipe()


class Keeper(threading.Thread):
    """Starts again what has ended although it is wanted."""

    def __init__(self):
        super().__init__(daemon=True)
        self.processes, self.ended, self.unasked = [], threading.Event(), []
        self.lock = threading.Lock()

    def add(self, process):
        with self.lock:
            self.processes.append(process)
        return process

    def drop(self, process):
        with self.lock:
            self.processes.remove(process)

    def run(self):
        while not self.ended.wait(LOOK_SECONDS):
            for process in list(self.processes):
                self.check(process)

    def check(self, process):
        with process.lock:
            process.read_ready()
            if not process.wanted or process.alive() or time.monotonic() < process.start_at:
                return
            code = process.process.returncode if process.process and not process.asked else None
            if code not in (None, NO_STORE):
                self.unasked.append(f"{process} ended with {code} unasked")
            process.start_at = time.monotonic() + RESTART_SECONDS
            process.start()

    def wait_ready(self, processes, seconds=READY_SECONDS):
        end = time.monotonic() + seconds
        while not all(process.read_ready() for process in processes):
            if time.monotonic() > end:
                late = [str(process) for process in processes if not process.ready]
                raise SystemExit("not ready: " + ", ".join(late))
            time.sleep(0.05)

    def stop(self):
        """Ends all: first what was started last."""
        self.ended.set()
        if self.is_alive():
            self.join()
        for process in reversed(self.processes):
            process.signal(signal.SIGCONT)
            process.wanted = False
        for process in reversed(self.processes):
            process.stop()
