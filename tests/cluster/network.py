"""Hosts as network namespaces, each with an address of its own, behind a router that can lose, delay and cut.

Every host has a subnet and one link to the router; what one host sends to another passes the router's rules. A rule
without an answer (`blackhole`) cuts one direction of one pair; a rule that leads into a TUN device hands that direction
to slow_link.py, which delays and loses packets of every protocol on any kernel. Needs root, iproute2 and /dev/net/tun.
"""
import ctypes
import os
import pathlib
import signal
import subprocess
import sys

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
SLOW_TABLE = 87
HERE = pathlib.Path(__file__).resolve().parent


def why_not():
    """Why there can be no such hosts here; "" if there can."""
    if os.geteuid():
        return "hosts are network namespaces, and only root can make those"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun, which slow links are made of"
    name = f"careline{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return ""


def ends_with_us():
    """In a child: nothing outlives this program, even if it is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Network:
    def __init__(self, hosts, seed):
        self.hosts, self.seed = list(hosts), seed
        self.prefix = f"careline{os.getpid()}"
        self.rules, self.away, self.slow_link = [], set(), None

    def namespace(self, host):
        return f"{self.prefix}-{host}"

    def address(self, host):
        return f"10.87.{self.hosts.index(host) + 1}.2"

    def ip(self, host, *words):
        subprocess.run(["ip", "-n", self.namespace(host), *words], check=True, capture_output=True, text=True)

    def command(self, host, argv):
        """`argv` as it is run on a host; the process keeps its id."""
        return ["ip", "netns", "exec", self.namespace(host), *map(str, argv)]

    # ---- making and removing

    def make(self):
        self.make_host("router")
        for name, value in (("ip_forward", 1), ("conf/all/rp_filter", 0), ("conf/default/rp_filter", 0)):
            setting = ["sh", "-c", f"echo {value} > /proc/sys/net/ipv4/{name}"]
            subprocess.run(self.command("router", setting), check=True)
        for number, host in enumerate(self.hosts, 1):
            self.make_host(host)
            there = ("peer", "name", host, "netns", self.namespace("router"))
            self.ip(host, "link", "add", "eth0", "type", "veth", *there)
            self.ip(host, "address", "add", f"10.87.{number}.2/24", "dev", "eth0")
            self.ip("router", "address", "add", f"10.87.{number}.1/24", "dev", host)
            self.ip("router", "link", "set", host, "up")
            self.ip(host, "link", "set", "eth0", "up")
            self.ip(host, "route", "add", "default", "via", f"10.87.{number}.1")
        self.start_slow_link()

    def make_host(self, host):
        subprocess.run(["ip", "netns", "add", self.namespace(host)], check=True)
        self.ip(host, "link", "set", "lo", "up")

    def start_slow_link(self):
        argv = self.command("router", [sys.executable, HERE / "slow_link.py", "--seed", self.seed])
        self.slow_link = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                          preexec_fn=ends_with_us)
        device = self.slow_link.stdout.readline().strip()
        self.ip("router", "link", "set", device, "up")
        self.ip("router", "route", "add", "default", "dev", device, "table", str(SLOW_TABLE))

    def remove(self):
        if self.slow_link:
            self.slow_link.kill()
            self.slow_link.wait()
        for host in [*self.hosts, "router"]:
            subprocess.run(["ip", "netns", "delete", self.namespace(host)], capture_output=True)

    def enter(self, host):
        """This process, and what it starts from now on, stands on that host."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{self.namespace(host)}") as there:
            if libc.setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

    # ---- faults

    def add_rule(self, *rule):
        self.rules.append(rule)
        self.ip("router", "rule", "add", *rule)

    def drop_rules(self, rules):
        for rule in rules:
            self.rules.remove(rule)
            self.ip("router", "rule", "delete", *rule)

    def cut_one_way(self, a, b):
        """What `a` sends never reaches `b`. Returns what heals it."""
        rule = ("from", self.address(a), "to", self.address(b), "blackhole")
        self.add_rule(*rule)
        return lambda: self.drop_rules([rule])

    def cut(self, a, b):
        healing = [self.cut_one_way(a, b), self.cut_one_way(b, a)]
        return lambda: [heal() for heal in healing]

    def unplug(self, host):
        """Its link is down: it reaches nobody. Returns what plugs it in again."""
        self.ip("router", "link", "set", host, "down")
        self.away.add(host)

        def plug():
            self.ip("router", "link", "set", host, "up")
            self.away.discard(host)
        return plug

    def slow(self, a, b, delay_ms, loss_percent):
        """Both directions between two hosts go through the slow link. Returns what ends that."""
        rules = []
        for here, there in ((a, b), (b, a)):
            self.tell_slow_link(here, there, delay_ms, loss_percent)
            rules.append(("iif", here, "to", self.address(there), "table", str(SLOW_TABLE)))
            self.add_rule(*rules[-1])
        return lambda: self.drop_rules(rules)

    def tell_slow_link(self, a, b, delay_ms, loss_percent):
        self.slow_link.stdin.write(f"{self.address(a)} {self.address(b)} {delay_ms} {loss_percent}\n")
        self.slow_link.stdin.flush()

    def heal(self):
        self.drop_rules(list(self.rules))
        for host in list(self.away):
            self.ip("router", "link", "set", host, "up")
            self.away.discard(host)
