#!/usr/bin/env python3
"""Keeps every event in an SQLite file, exactly once: the list and the place in it are stored in one transaction.

    consumer.py ENDPOINT FILE [--name NAME] [--key KEY] [--type T]… [--site S]… [--lag N] [--server-key KEY --secret FILE]

ENDPOINT is replay's address, --server-key its public CURVE key if it has one (proto/PROTOCOL.md). Needs pyzmq, msgpack
(Debian: python3-zmq, python3-msgpack). Copy it; change `keep` to what you make of an event."""
import argparse
import itertools
import signal
import sqlite3
import struct
import sys
import time

import msgpack
import zmq

PLACE = struct.Struct(">IQQQ")          # partition, seq, id, id of the one before
ANSWER_MS, TAIL_SECONDS = 2000, 1.0

TABLES = """
CREATE TABLE IF NOT EXISTS events (partition INTEGER, seq INTEGER, id, type, event BLOB, PRIMARY KEY (partition, seq));
CREATE TABLE IF NOT EXISTS places (partition INTEGER PRIMARY KEY, seq INTEGER, id TEXT);
"""


class Consumer:
    def __init__(self, options):
        self.options, self.numbers, self.replay = options, itertools.count(1), (options.endpoint, options.server_key)
        self.secret = open(options.secret, "rb").read().split()[1] if options.secret else None
        self.base = sqlite3.connect(options.file, isolation_level=None)
        self.base.executescript("PRAGMA journal_mode=WAL;" + TABLES)
        self.context = zmq.Context()
        self.context.linger, self.context.ipv6 = 0, "[" in options.endpoint
        self.sub, self.publishers, self.behind = self.context.socket(zmq.SUB), set(), set()
        self.dealer = self.connect(self.context.socket(zmq.DEALER), *self.replay)
        stored = self.base.execute("SELECT partition, seq, id FROM places").fetchall()
        hello = self.ask("hello", durable=True, **{"from": "beginning"}, at=[[p, s, int(i, 16)] for p, s, i in stored])
        self.places = {p: (seq, id) for p, seq, id in hello["at"]}
        self.sites, self.types = set(hello["sites"]), set(hello["types"])
        for partition in self.places:
            self.sub.subscribe(b"p/%04d/" % partition)
        self.meet(hello)

    def connect(self, socket, endpoint, server_key):
        """With a secret: to whoever has the secret of `server_key`, and has allowed our public key."""
        if self.secret:
            socket.curve_secretkey, socket.curve_publickey = self.secret, zmq.curve_public(self.secret)
            socket.curve_serverkey = server_key.encode()
        socket.connect(endpoint)
        return socket

    def ask(self, what, **more):
        """Asks until it is answered."""
        body = {"ask": what, "name": self.options.name, "sites": self.options.site, "types": self.options.type, **more}
        while True:
            number = b"%d" % next(self.numbers)
            self.dealer.send_multipart([number, self.options.key.encode(), msgpack.packb(body)])
            while self.dealer.poll(ANSWER_MS):
                got, packed = self.dealer.recv_multipart()
                answer = msgpack.unpackb(packed, raw=False)
                if got == number and answer["answer"] == "busy":
                    time.sleep(0.05)
                    break
                if got == number:
                    return answer if answer["answer"] != "refused" else sys.exit(f"refused: {answer['reason']}")
            else:
                self.dealer.close()     # intake was away: what stood in this socket's queue is not wanted any more
                self.dealer = self.connect(self.context.socket(zmq.DEALER), *self.replay)

    def meet(self, answer):
        told = zip(answer["publishers"], answer["publisher_keys"])
        now = {(endpoint, key) for endpoint, key in told if bool(key) == bool(self.secret)}
        for endpoint, key in self.publishers - now:
            self.sub.disconnect(endpoint)
        for endpoint, key in now - self.publishers:
            self.connect(self.sub, endpoint, key)
        self.publishers = now

    def keep(self, place, packed):
        event, id = msgpack.unpackb(packed, raw=False), f"{place[2]:016x}"
        if (not self.types or event["type"] in self.types) and (not self.sites or event["site"] in self.sites):
            self.base.execute("INSERT INTO events VALUES (?,?,?,?,?)", (*place[:2], id, event["type"], packed))

    def move(self, partition, seq, id):
        self.places[partition] = (seq, id)
        self.base.execute("REPLACE INTO places VALUES (?,?,?)", (partition, seq, "%016x" % id))

    def frames(self):
        """Takes what was published and fits; what does not fit tells that the log must be read."""
        while self.sub.poll(0):
            _, head, packed = self.sub.recv_multipart()
            partition, seq, id, prev = place = PLACE.unpack(head)
            last_seq, last_id = self.places[partition]
            if (seq, prev) == (last_seq + 1, last_id):
                self.keep(place, packed)
                self.move(partition, seq, id)
            elif (seq, id) != (last_seq, last_id) and seq >= last_seq:
                self.behind.add(partition)

    def fetch(self, partition):
        seq, id = self.places[partition]
        newest = "SELECT seq, id FROM events WHERE partition=? ORDER BY seq DESC LIMIT 4096"
        seen = self.base.execute(newest, (partition,)).fetchall()
        seen = seen[:32] + [seen[2 ** i] for i in range(5, 13) if 2 ** i < len(seen)]       # fewer the farther back
        page = self.ask("fetch", partition=partition, seq=seq, id=id, at=[[partition, s, int(i, 16)] for s, i in seen])
        if page["answer"] in ("trimmed", "rewound"):
            print(f"{page['answer']}: partition {partition}, goes on after {page['to'][0]}", file=sys.stderr)
            self.base.execute("DELETE FROM events WHERE partition=? AND seq>?", (partition, page["to"][0]))     # void, if any
        for head, packed in page.get("events", []):
            self.keep(PLACE.unpack(head), packed)
        self.move(partition, *page["to"])
        self.behind -= {partition} if page.get("head") == page["to"][0] else set()

    def tail(self):
        """Once a second: the last frame may be the one that was lost."""
        lag = self.ask("lag", at=[[p, *at] for p, at in self.places.items()])
        if lag["lag"] >= self.options.lag:
            print(f"lag: {lag['lag']} events behind", file=sys.stderr)
        self.behind |= {p for p, seq, id in lag["heads"] if p in self.places and (seq, id) != self.places[p]}
        self.meet(lag)
        if self.ask("acknowledge", at=[[p, *at] for p, at in self.places.items()])["answer"] != "acknowledged":
            self.behind |= set(self.places)         # a place that is not on the log: fetch will tell

    def run(self):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        due = 0.0
        while True:
            if time.monotonic() >= due:
                self.tail()
                due = time.monotonic() + TAIL_SECONDS
            self.sub.poll(50 if not self.behind else 5)
            self.base.execute("BEGIN")
            self.frames()
            for partition in sorted(self.behind):
                self.fetch(partition)
            self.base.execute("COMMIT")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("endpoint")
    parser.add_argument("file")
    for option, default in [("--name", "consumer.py"), ("--key", ""), ("--server-key", ""), ("--secret", ""), ("--lag", 10000)]:
        parser.add_argument(option, default=default, type=type(default))
    for option in ["--type", "--site"]:
        parser.add_argument(option, action="append", default=[])
    Consumer(parser.parse_args()).run()
