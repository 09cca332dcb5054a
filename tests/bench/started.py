"""Daemons that a measurement starts itself: they tell over a pipe when they are ready, and end when it does."""
import ctypes
import os
import select
import signal
import subprocess

PR_SET_PDEATHSIG = 1


def die_with_parent():
    """Between fork and exec of what is started."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start_daemon(bin_dir, directory, program, name, settings):
    """(process, the pipe that tells that it is ready); logs are under `directory`."""
    read, write = os.pipe()
    argv = [f"{bin_dir}/{program}", "--dir", str(directory), "--ready-fd", str(write), f"log={directory}/log/{name}.log", *settings]
    with open(directory / "log" / f"{name}.err", "ab") as errors:
        process = subprocess.Popen(argv, pass_fds=[write], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                   preexec_fn=die_with_parent)
    os.close(write)
    return process, read


def ready_words(pipe, seconds, what):
    """The NAME=VALUE words of its ready line, by name; RuntimeError if none comes."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([pipe], [], [], seconds)[0] or not (data := os.read(pipe, 4096)):
            raise RuntimeError(what)
        line += data
    os.close(pipe)
    return dict(word.split("=", 1) for word in line.decode().split() if "=" in word)
