#!/usr/bin/env python3
"""Installs the Debian packages in a clean Debian and runs them there: make deb-test, as root.

    tests/deploy/clean_install.py WORK PACKAGE…     the first runs the installation, the others are for other teams' programs

A bare Debian is made by debootstrap from the first mirror that this machine's apt uses, kept as WORK/base.tar, and unpacked
anew each time. The packages are installed with what they recommend; then this program does as systemd would: it starts Redis and
the commands of the units as their users, in a network of their own, and listens to what they tell a service manager.
"""
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import time

DAEMONS = ["intake", "scheduler", "follow-up", "complaint-router", "notifier"]
REDIS = ["careline", "careline-keys"]
WAIT_SECONDS = 60
WATCHDOG_SECONDS = 4
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CLONE_NEWNET = 0x40000000
TOOLS = ["gcc", "libc6-dev", "pkg-config", "libzmq3-dev", "python3-zmq", "python3-msgpack"]
CHECKS = []


def check(good, what):
    CHECKS.append(bool(good))
    print(f"{'ok' if good else 'FAILED':6} {what}", flush=True)


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, **more)


def wait_for(condition, what):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {WAIT_SECONDS} s: {what}")
        time.sleep(0.05)


# -------- a clean Debian

def release():
    text = pathlib.Path("/etc/os-release").read_text()
    return re.search(r"^VERSION_CODENAME=(\w+)", text, re.M)[1]


def mirror(suite):
    """Where this machine's apt has its main archive from."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT) $(CREATED_BY)"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in said.splitlines():
        words = line.split()
        if words[1:] == [suite, "main", "Packages"]:
            return words[0]
    raise SystemExit(f"apt knows no mirror of {suite}")


def make_base(base, work):
    suite, folder = release(), work / "base"
    shutil.rmtree(folder, ignore_errors=True)
    run("debootstrap", "--variant=minbase", suite, folder, mirror(suite), stdout=subprocess.DEVNULL)
    new = base.with_suffix(".new")
    run("tar", "-C", folder, "-cf", new, ".")
    new.rename(base)
    shutil.rmtree(folder)


def make_clean(work):
    base, clean = work / "base.tar", work / "clean"
    if not base.exists():
        make_base(base, work)
    shutil.rmtree(clean, ignore_errors=True)
    clean.mkdir()
    run("tar", "-C", clean, "-xf", base)
    shutil.copy("/etc/resolv.conf", clean / "etc" / "resolv.conf")
    policy = clean / "usr" / "sbin" / "policy-rc.d"         # nothing starts by itself: this test starts things
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    return clean


def inside(clean, *words, **more):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
    environment.update({name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")})
    return run("chroot", clean, *words, env=environment, **more)


def install(clean, packages):
    """The first alone; what the others need is brought, and installed later: nothing of it is there when the daemons start."""
    for package in packages:
        shutil.copy(package, clean / package.name)
        (clean / package.name).chmod(0o644)
    inside(clean, "apt-get", "update", "-q", stdout=subprocess.DEVNULL)
    inside(clean, "apt-get", "install", "-y", "-q", f"/{packages[0].name}", stdout=subprocess.DEVNULL)
    inside(clean, "apt-get", "install", "-y", "-q", "--download-only", *TOOLS, stdout=subprocess.DEVNULL)


# -------- what the installation left

def account(clean, name):
    """(uid, gid) inside."""
    for line in (clean / "etc" / "passwd").read_text().splitlines():
        words = line.split(":")
        if words[0] == name:
            return int(words[2]), int(words[3])
    return None


def check_places(clean):
    for place, user, mode in [("var/lib/careline", "careline", 0o750), ("var/lib/careline/keys", "careline", 0o700),
                              ("var/lib/redis/careline", "redis", 0o750), ("var/lib/redis/careline-keys", "redis", 0o750)]:
        status = (clean / place).stat()
        check((status.st_uid, status.st_mode & 0o7777) == ((account(clean, user) or [None])[0], mode), f"/{place} is {user}'s, {mode:o}")
    group = account(clean, "redis")[1]
    for name in REDIS:
        status = (clean / f"etc/redis/redis-{name}.conf").stat()
        check((status.st_gid, status.st_mode & 0o7777) == (group, 0o640), f"redis-{name}.conf is for Redis to read only")


def check_units(clean):
    units = ["careline.target", *(f"careline-{name}@1.service" for name in DAEMONS)]
    done = subprocess.run(["chroot", str(clean), "systemd-analyze", "verify", "--man=no", *units], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    said = [line for line in done.stdout.splitlines() if "careline" in line]
    check(done.returncode == 0 and not said, "the installed units verify" + "".join("\n       " + line for line in said))


def check_package(clean):
    done = subprocess.run(["chroot", str(clean), "dpkg", "--verify", "careline"], stdout=subprocess.PIPE, text=True)
    check(not done.stdout, "every file is as it was packed" + "".join("\n       " + line for line in done.stdout.splitlines()))
    page = clean / "usr/share/man/man1/care.1.gz"
    check(page.exists() and b"care \\- the command line" in subprocess.run(["zcat", page], stdout=subprocess.PIPE).stdout,
          "care has its manual page")


# -------- running it

class Service:
    """One process, started as its unit says, with a socket where a service manager would listen."""

    def __init__(self, clean, name, user, words, groups=""):
        self.name, self.told = name, ""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(f"\0careline-install-{name}")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "NOTIFY_SOCKET": f"@careline-install-{name}",
                       "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1000000)}
        self.log = open(clean / "tmp" / f"{name}.log", "ab")
        self.process = subprocess.Popen(["chroot", f"--userspec={user}:{user}", f"--groups={groups or user}", str(clean), *words],
                                        env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def hears(self, line):
        try:
            while True:
                self.told += self.socket.recv(4096).decode()
        except BlockingIOError:
            pass
        if self.process.poll() is not None and line != "STOPPING=1":
            raise SystemExit(f"{self.name} ended: " + pathlib.Path(self.log.name).read_text()[-2000:])
        return line in self.told.splitlines()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_SECONDS)


def own_network():
    """From now on this process and its children have a loopback of their own, and nothing else."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise SystemExit(f"no network of one's own: {os.strerror(ctypes.get_errno())}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def start_redis(clean):
    services = []
    for name in REDIS:
        place = clean / "run" / f"redis-{name}"
        place.mkdir(parents=True, exist_ok=True)
        os.chown(place, *account(clean, "redis"))
        place.chmod(0o2755)
        services.append(Service(clean, f"redis-{name}", "redis", ["/usr/bin/redis-server", f"/etc/redis/redis-{name}.conf",
                                                                  "--supervised", "systemd", "--daemonize", "no"]))
    for service in services:
        wait_for(lambda: service.hears("READY=1"), f"{service.name} ready")
    return services


def start_daemons(clean):
    services = []
    for name in DAEMONS:
        text = (clean / f"lib/systemd/system/careline-{name}@.service").read_text()
        command = re.search(r"^ExecStart=(.*)$", text, re.M)[1].replace("%i", "1")
        words = re.sub(r"\$CARELINE_\w+", "", command).split()        # what an operator may add: nothing
        services.append(Service(clean, name, "careline", words, "careline,redis"))
    for service in services:
        wait_for(lambda: service.hears("READY=1"), f"{service.name} ready")
        wait_for(lambda: service.hears("WATCHDOG=1"), f"a sign of life of {service.name}")
        check(True, f"{service.name} says that it is ready, and alive")
    return services


def care(clean, *words):
    return inside(clean, "care", *words, stdout=subprocess.PIPE, text=True).stdout


def settled(clean):
    stages = json.loads(care(clean, "status", "--json"))["stages"]
    return all(stage["partitions"] == stage["of"] and stage["lag"] == 0 for stage in stages)


def check_work(clean):
    wait_for(lambda: settled(clean), "all partitions taken")
    share = "/usr/share/careline"
    care(clean, "apply", "--site", "sample", f"{share}/calendars/sample.yaml", f"{share}/templates/auto-dealer.yaml",
         f"{share}/playbooks/auto-dealer.yaml", f"{share}/sample/staff.yaml")
    care(clean, "post", "--site", "sample", "car.delivered", "order=JC001", "name=王芳", "mobile=13800000001", "model=UNI-K")
    wait_for(lambda: settled(clean), "the delivery worked")
    types = [json.loads(line)["type"] for line in care(clean, "tail", "--from", "start", "--once", "--json").splitlines()]
    check("car.delivered" in types and "plan.made" in types, "a delivery is planned for")
    care(clean, "check")
    check(True, "care check finds nothing wrong")
    files = list((clean / "var/lib/redis/careline/appendonlydir").glob("*.aof"))
    check(files and sum(path.stat().st_size for path in files) > 1000, "the log is in /var/lib/redis/careline")
    care(clean, "backup", "/root/backup")
    check((clean / "root/backup/keys/files/master.key").exists(), "care backup copies it")


# -------- another team's program, built against the packages

def log_of(clean):
    """[(partition, seq, chain id)] as care tells them."""
    lines = care(clean, "tail", "--from", "start", "--once", "--json").splitlines()
    return sorted((e["partition"], e["seq"], e["chain_id"]) for e in map(json.loads, lines))


def listed(clean, name):
    """The same, as a consumer keeps it: lines, or an SQLite file."""
    path = clean / "root" / name
    if not path.exists():
        return []
    if name.endswith(".sqlite"):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
            try:
                return sorted(base.execute("SELECT partition, seq, id FROM events"))
            except sqlite3.OperationalError:
                return []
    words = [line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return sorted((int(partition), int(seq), chain) for partition, seq, chain, *_ in words)


def follow(clean, what, name, *words):
    process = subprocess.Popen(["chroot", str(clean), *words], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: listed(clean, name) == log_of(clean), f"{what} at the end of the log")
        check(True, f"{what} has the whole log")
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def check_consumers(clean, packages):
    inside(clean, "apt-get", "install", "-y", "-q", "--no-download", *TOOLS, stdout=subprocess.DEVNULL)
    inside(clean, "dpkg", "--install", *(f"/{package.name}" for package in packages), stdout=subprocess.DEVNULL)
    for package in packages:
        name = package.name.split("_")[0]
        done = subprocess.run(["chroot", str(clean), "dpkg", "--verify", name], stdout=subprocess.PIPE, text=True)
        check(not done.stdout, f"{name}: every file is as it was packed")
    examples, replay = "/usr/share/doc/libcareline-consumer-dev/examples", "tcp://127.0.0.1:8071"
    for how, static in [("shared", ""), ("static", "-Wl,-Bstatic -lcareline-consumer -Wl,-Bdynamic -lzmq")]:
        libraries = static or "$(pkg-config --libs careline-consumer)"
        inside(clean, "sh", "-ec", f"cc -Wall -Werror $(pkg-config --cflags careline-consumer) -o /root/{how} {examples}/example.c {libraries}")
        needs = inside(clean, "sh", "-c", f"ldd /root/{how}", stdout=subprocess.PIPE, text=True).stdout
        check(("libcareline-consumer.so.1" in needs) == (how == "shared"), f"a program in C is built with the {how} library")
        follow(clean, f"a consumer in C, {how}", f"{how}.list", f"/root/{how}", replay, "--name", how, "--list", f"/root/{how}.list")
    follow(clean, "a consumer in Python", "list.sqlite", "python3", f"{examples}/consumer.py", replay, "/root/list.sqlite")


def run_inside(clean, packages):
    own_network()
    redis = start_redis(clean)
    daemons = start_daemons(clean)
    check_work(clean)
    check_consumers(clean, packages[1:])
    for service in daemons:
        service.hears("")               # what it said in between: a socket that nobody reads takes no last word
        code = service.stop()
        check(code == 0 and service.hears("STOPPING=1"), f"{service.name} says that it stops, and ends well")
    for service in redis:
        service.stop()
    inside(clean, "dpkg", "--purge", "careline", stdout=subprocess.DEVNULL)
    check(not (clean / "usr/lib/careline").exists() and not (clean / "lib/systemd/system/careline.target").exists(),
          "after a purge no program is left")
    check((clean / "var/lib/careline/keys/master.key").exists() and (clean / "var/lib/redis/careline/appendonlydir").exists(),
          "and all state is")


def count():
    print(f"{sum(CHECKS)} passed, {len(CHECKS) - sum(CHECKS)} failed", flush=True)
    return 0 if CHECKS and all(CHECKS) else 1


def main():
    if sys.argv[1] == "--inside":
        clean, packages = pathlib.Path(sys.argv[2]), [pathlib.Path(word) for word in sys.argv[3:]]
        run("mount", "-t", "proc", "proc", clean / "proc")
        install(clean, packages)
        check_places(clean)
        check_package(clean)
        check_units(clean)
        run_inside(clean, packages)
        sys.exit(count())
    if os.geteuid() != 0:
        raise SystemExit("a clean Debian can be made by root only")
    work, packages = pathlib.Path(sys.argv[1]).resolve(), [str(pathlib.Path(word).resolve()) for word in sys.argv[2:]]
    work.mkdir(parents=True, exist_ok=True)
    clean = make_clean(work)
    try:            # in a process tree of its own, which ends with it
        code = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, __file__, "--inside",
                               str(clean), *packages]).returncode
    finally:
        shutil.rmtree(clean, ignore_errors=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
