"""Other teams' consumers as processes, in C and in Python, each keeping a list; for whatever test attacks them."""
import os
import signal
import sqlite3
import subprocess
import threading

from system import BIN, ROOT, SLOW, delivery

EXAMPLE = os.path.join(BIN, "consumer-example")
PYTHON = ["/usr/bin/python3", str(ROOT / "proto" / "consumer" / "consumer.py")]         # the one that Debian's packages are for


class Consumer:
    """Started, killed and started again; its list survives."""

    def __init__(self, folder, name):
        self.file, self.errors, self.name = folder / f"{name}.list", folder / f"{name}.err", name
        self.process, self.arguments = None, ()

    def start(self, endpoint, *more):
        self.arguments = (endpoint, *more)
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(self.argv(endpoint, *more), stdout=subprocess.DEVNULL, stderr=errors)

    def restart(self):
        """Again, as it was started."""
        self.start(*self.arguments)

    def kill(self, number=signal.SIGKILL):
        """Ends it, if it runs; its exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        if self.process:
            self.process.wait(20 * SLOW)
        return self.process.returncode if self.process else 0

    def said(self):
        return self.errors.read_text()


class InC(Consumer):
    def argv(self, endpoint, *more):
        return [EXAMPLE, endpoint, "--name", self.name, "--list", str(self.file), "--open-timeout", "-1", *more]

    def list(self):
        """[(partition, seq, chain id)] in the order in which it took them."""
        lines = self.file.read_text().splitlines(keepends=True) if self.file.exists() else []
        return [(int(p), int(seq), id) for p, seq, id, _ in (line.split(" ", 3) for line in lines if line.endswith("\n"))]


class InPython(Consumer):
    def argv(self, endpoint, *more):
        return [*PYTHON, endpoint, str(self.file), "--name", self.name, *more]

    def list(self):
        if not self.file.exists():
            return []
        base = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            return base.execute("SELECT partition, seq, id FROM events ORDER BY rowid").fetchall()
        except sqlite3.OperationalError:        # it has not made its tables yet
            return []
        finally:
            base.close()


def log_list(system):
    return sorted((e["partition"], e["seq"], e["chain"]) for e in system.log())


class Posting(threading.Thread):
    """Posts deliveries, one after the other, until it is told to end; what is not taken is posted again."""

    def __init__(self, system):
        super().__init__(daemon=True)
        self.system, self.ended, self.taken = system, threading.Event(), 0

    def run(self):
        number = 0
        while not self.ended.wait(0.005):
            try:
                taken = self.system.post(delivery(f"P{number}"))[0] in (200, 201)
            except Exception:                   # whatever is dead now: the same again
                taken = False
            number += taken
            self.taken = number
