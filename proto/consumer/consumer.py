#!/usr/bin/env python3
"""Keeps every event in an SQLite file, exactly once: the list and the place in it are stored in one transaction.

    consumer.py ENDPOINT FILE [--name NAME] [--key KEY] [--type TYPE]… [--site SITE]…

ENDPOINT is replay's address (proto/PROTOCOL.md). Needs pyzmq and msgpack (Debian: python3-zmq, python3-msgpack).
What is published comes at once, what was missed is fetched. Copy it; change `keep` to what you make of an event.
"""
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
CREATE TABLE IF NOT EXISTS events (partition INTEGER, seq INTEGER, id TEXT, type TEXT, event BLOB,
                                   PRIMARY KEY (partition, seq));
CREATE TABLE IF NOT EXISTS places (partition INTEGER PRIMARY KEY, seq INTEGER, id TEXT);
"""


class Consumer:
    def __init__(self, options):
        self.options, self.numbers = options, itertools.count(1)
        self.base = sqlite3.connect(options.file, isolation_level=None)
        self.base.executescript("PRAGMA journal_mode=WAL;" + TABLES)
        self.context = zmq.Context()
        self.context.linger = 0
        self.sub = self.context.socket(zmq.SUB)
        self.publishers, self.behind = set(), set()
        self.connect()
        stored = self.base.execute("SELECT partition, seq, id FROM places").fetchall()
        hello = self.ask("hello", durable=True, **{"from": "beginning"}, at=[[p, s, int(i, 16)] for p, s, i in stored])
        self.places = {p: (seq, id) for p, seq, id in hello["at"]}
        self.sites, self.types = set(hello["sites"]), set(hello["types"])
        for partition in self.places:
            self.sub.subscribe(b"p/%04d/" % partition)
        self.meet(hello["publishers"])

    def connect(self):
        self.dealer = self.context.socket(zmq.DEALER)
        self.dealer.connect(self.options.endpoint)

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
                self.connect()

    def meet(self, publishers):
        for gone in self.publishers - set(publishers):
            self.sub.disconnect(gone)
        for new in set(publishers) - self.publishers:
            self.sub.connect(new)
        self.publishers = set(publishers)

    def keep(self, place, packed):
        partition, seq, id, _ = place
        event = msgpack.unpackb(packed, raw=False)
        if (not self.types or event["type"] in self.types) and (not self.sites or event["site"] in self.sites):
            row = (partition, seq, "%016x" % id, event["type"], packed)
            self.base.execute("INSERT INTO events VALUES (?,?,?,?,?)", row)

    def move(self, partition, seq, id):
        self.places[partition] = (seq, id)
        self.base.execute("REPLACE INTO places VALUES (?,?,?)", (partition, seq, "%016x" % id))

    def frames(self):
        """Takes what was published and fits; what does not fit tells that the log must be read."""
        while self.sub.poll(0):
            _, head, packed = self.sub.recv_multipart()
            place = PLACE.unpack(head)
            partition, seq, id, prev = place
            last_seq, last_id = self.places[partition]
            if (seq, prev) == (last_seq + 1, last_id):
                self.keep(place, packed)
                self.move(partition, seq, id)
            elif (seq, id) != (last_seq, last_id) and seq >= last_seq:
                self.behind.add(partition)

    def fetch(self, partition):
        seq, id = self.places[partition]
        kept = "SELECT seq, id FROM events WHERE partition=? ORDER BY seq DESC LIMIT 4096"
        seen = self.base.execute(kept, (partition,)).fetchall()
        seen = seen[:32] + [seen[2 ** i] for i in range(5, 13) if 2 ** i < len(seen)]       # fewer the farther back
        page = self.ask("fetch", partition=partition, seq=seq, id=id, at=[[partition, s, int(i, 16)] for s, i in seen])
        if page["answer"] in ("trimmed", "rewound"):
            print(f"{page['answer']}: partition {partition}, goes on after {page['to'][0]}", file=sys.stderr)
            if page["answer"] == "rewound":         # what was made of what is void goes
                self.base.execute("DELETE FROM events WHERE partition=? AND seq>?", (partition, page["to"][0]))
        for head, packed in page.get("events", []):
            self.keep(PLACE.unpack(head), packed)
        self.move(partition, *page["to"])
        if page.get("head") == page["to"][0]:
            self.behind.discard(partition)

    def tail(self):
        """Once a second: the last frame may be the one that was lost."""
        lag = self.ask("lag", at=[[p, *at] for p, at in self.places.items()])
        self.behind |= {p for p, seq, id in lag["heads"] if p in self.places and (seq, id) != self.places[p]}
        self.meet(lag["publishers"])
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
    parser.add_argument("--name", default="consumer.py")
    parser.add_argument("--key", default="")
    parser.add_argument("--type", action="append", default=[])
    parser.add_argument("--site", action="append", default=[])
    Consumer(parser.parse_args()).run()
