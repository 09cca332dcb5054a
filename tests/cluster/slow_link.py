#!/usr/bin/env python3
"""A slow and lossy link between hosts: packets that the router hands to a TUN device come back to it later, or never.

    slow_link.py --seed N

Prints the name of its device. Each line on standard input sets one direction: `FROM TO DELAY_MS LOSS_PERCENT`. Packets
of a direction keep their order; a delay varies by a quarter of itself. Ends with its standard input.
"""
import argparse
import collections
import fcntl
import os
import random
import select
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_BYTES_MAX = 65536
QUEUE_MAX = 2000                # packets of one direction; a full queue loses, as a router's does


class Direction:
    def __init__(self, delay_ms, loss_percent):
        self.delay, self.loss = delay_ms / 1000, loss_percent / 100
        self.queue = collections.deque()

    def take(self, packet, dice, now):
        if dice.random() < self.loss or len(self.queue) >= QUEUE_MAX:
            return
        after = self.queue[-1][0] if self.queue else 0
        self.queue.append((max(after, now + self.delay * (0.75 + dice.random() / 2)), packet))


class SlowLink:
    def __init__(self, seed):
        self.dice, self.directions = random.Random(seed), {}
        self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        made = fcntl.ioctl(self.device, TUNSETIFF, struct.pack("16sH", b"slow%d", IFF_TUN | IFF_NO_PI))
        print(made[:16].rstrip(b"\0").decode(), flush=True)

    def set(self, line):
        here, there, delay_ms, loss_percent = line.split()
        key = socket.inet_aton(here) + socket.inet_aton(there)
        before = self.directions.get(key)
        self.directions[key] = Direction(float(delay_ms), float(loss_percent))
        if before:
            self.directions[key].queue = before.queue

    def receive(self, now):
        while True:
            try:
                packet = os.read(self.device, PACKET_BYTES_MAX)
            except (BlockingIOError, OSError):
                return
            direction = self.directions.get(packet[12:20])
            if packet[0] >> 4 == 4 and direction:
                direction.take(packet, self.dice, now)

    def release(self, now):
        """Sends what is due; when the next is."""
        due = None
        for direction in self.directions.values():
            while direction.queue and direction.queue[0][0] <= now:
                try:
                    os.write(self.device, direction.queue.popleft()[1])
                except OSError:
                    pass                        # the device is down: lost
            if direction.queue:
                due = min(due or direction.queue[0][0], direction.queue[0][0])
        return due

    def serve(self):
        rest = b""
        while True:
            due = self.release(time.monotonic())
            wait = None if due is None else max(0.0, due - time.monotonic())
            ready, _, _ = select.select([self.device, 0], [], [], wait)
            if 0 in ready:
                data = os.read(0, 4096)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.set(line.decode())
            if self.device in ready:
                self.receive(time.monotonic())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="delays and loses packets of a TUN device")
    parser.add_argument("--seed", type=int, default=1)
    SlowLink(parser.parse_args().seed).serve()
    sys.exit(0)
