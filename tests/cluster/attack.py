"""Does what the plan says, and writes down when and to whom."""
import signal
import threading
import time
import traceback

ROLL_SECONDS_MAX = 20           # for one process to be ready again


class Attack:
    def __init__(self, installation, consumers, takeovers, journal):
        self.installation, self.consumers, self.network = installation, consumers, installation.network
        self.takeovers = takeovers
        self.begun, self.journal, self.broken = time.monotonic(), journal, []
        self.counts, self.threads, self.ended = {}, [], threading.Event()
        self.lock = threading.Lock()

    def note(self, text):
        with self.lock:
            self.journal.append(f"{time.monotonic() - self.begun:6.1f} s  {text}")

    def begin(self, *lists):
        self.begun = time.monotonic()
        self.threads = [threading.Thread(target=self.follow, args=(steps,), daemon=True) for steps in lists]
        for thread in self.threads:
            thread.start()

    def follow(self, steps):
        for step in steps:
            if self.ended.wait(max(0.0, self.begun + step.at - time.monotonic())):
                return
            try:
                getattr(self, "do_" + step.kind)(step.seconds, **step.more)
                self.counts[step.kind] = self.counts.get(step.kind, 0) + 1
            except Exception:
                self.broken.append(f"{step}: {traceback.format_exc()}")

    def running(self):
        return any(thread.is_alive() for thread in self.threads)

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def last(self, seconds):
        """A fault lasts so long, less when all is to end."""
        self.ended.wait(seconds)

    # ---- processes

    def named(self, names):
        return [p for p in list(self.installation.daemons) if str(p) in names]

    def do_kill(self, seconds, daemons):
        victims = self.named(daemons)
        for process in victims:
            self.note(f"kill -9 {process} ({process.pid}), again after {seconds:.1f} s")
            self.takeovers.watch(process, "kill -9")
            process.kill(back_after=seconds)
        self.last(seconds)

    def do_pause(self, seconds, daemons):
        victims = self.named(daemons)
        paused = [(process, process.pid) for process in victims]
        self.note(f"STOP {', '.join(map(str, victims))} for {seconds:.1f} s")
        for process in victims:
            process.signal(signal.SIGSTOP)
        self.last(seconds)
        for process, pid in paused:
            if process.pid == pid:
                process.signal(signal.SIGCONT)
        self.note(f"CONT {', '.join(map(str, victims))}")

    def do_sentinel(self, seconds, host):
        self.note(f"kill -9 sentinel@{host}, again after {seconds:.1f} s")
        self.installation.sentinels.servers[host].kill(back_after=seconds)
        self.last(seconds)

    # ---- Redis

    def redis_set(self, name):
        return next(s for s in (self.installation.truth, self.installation.vault) if s.name == name)

    def do_redis_primary(self, seconds, set):
        redis, host = self.redis_set(set), self.redis_set(set).primary()
        self.note(f"kill -9 the primary of {set}, on {host}, again after {seconds:.1f} s")
        redis.servers[host].kill(back_after=seconds)
        self.tell_promotion(redis, host, seconds + 8)

    def do_redis_primary_paused(self, seconds, set):
        redis, host = self.redis_set(set), self.redis_set(set).primary()
        self.note(f"STOP the primary of {set}, on {host}, for {seconds:.1f} s")
        redis.servers[host].signal(signal.SIGSTOP)
        self.last(seconds)
        redis.servers[host].signal(signal.SIGCONT)
        self.note(f"CONT {redis.servers[host]}")
        self.tell_promotion(redis, host, 8)

    def tell_promotion(self, redis, before, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended.is_set():
            if redis.primary() != before:
                self.note(f"the primary of {redis.name} is now on {redis.primary()}")
                return
            time.sleep(0.2)
        self.note(f"the primary of {redis.name} is still on {before}")

    def do_redis_replica(self, seconds, set):
        redis = self.redis_set(set)
        host = next(host for host in redis.hosts if host != redis.primary())
        self.note(f"kill -9 a replica of {set}, on {host}, again after {seconds:.1f} s")
        redis.servers[host].kill(back_after=seconds)
        self.last(seconds)

    # ---- links

    def for_a_while(self, what, seconds, heal):
        self.note(f"{what} for {seconds:.1f} s")
        self.last(seconds)
        heal()
        self.note(f"healed: {what}")

    def do_cut(self, seconds, between):
        self.for_a_while(f"cut between {between[0]} and {between[1]}", seconds, self.network.cut(*between))

    def do_cut_one_way(self, seconds, between):
        self.for_a_while(f"cut from {between[0]} to {between[1]}", seconds, self.network.cut_one_way(*between))

    def do_unplug(self, seconds, host):
        self.for_a_while(f"{host} reaches nobody", seconds, self.network.unplug(host))

    def do_slow(self, seconds, between, delay_ms, loss_percent):
        what = f"{delay_ms} ms and {loss_percent} % loss each way between {between[0]} and {between[1]}"
        self.for_a_while(what, seconds, self.network.slow(*between, delay_ms, loss_percent))

    # ---- beside

    def do_roll(self, seconds, build):
        self.note(f"every daemon goes over to the {build} build, one after another")
        self.installation.build = build
        # a scheduler first: of the daemons only it may load functions into Redis
        for process in sorted(self.installation.daemons, key=lambda process: process.program != "scheduler"):
            if self.ended.is_set():
                return
            self.takeovers.watch(process, "a graceful stop")
            begun = time.monotonic()
            process.build = build
            code = process.stop()
            took = time.monotonic() - begun
            if code:
                self.note(f"{process} ended with {code} after {took:.1f} s")
            process.want()
            while not process.read_ready() and time.monotonic() - begun < ROLL_SECONDS_MAX:
                time.sleep(0.05)
        self.note(f"every daemon is of the {build} build")

    def do_add(self, seconds, program, host, number):
        self.note(f"a replica of {program} more, on {host}")
        self.installation.add(program, host, number)

    def do_leave(self, seconds, program, host, number):
        process = self.installation.find(f"{program}-{number}", host)
        self.takeovers.watch(process, "a graceful stop")
        code, took = self.installation.leave(process)
        self.note(f"{process} has left, with {code} after {took:.1f} s")

    def do_consumers(self, seconds):
        self.note("consumers in C and Python start")
        for consumer in self.consumers:
            consumer.start()

    def do_kill_consumer(self, seconds, which):
        consumer = self.consumers[which]
        self.note(f"kill -9 {consumer.name}, again after {seconds:.1f} s")
        consumer.kill()
        self.last(seconds)
        consumer.start()
