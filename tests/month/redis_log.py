"""Reads the event log out of Redis with nothing of Careline's: the wire as proto/PROTOCOL.md tells it, the standard library only."""
import socket
import struct


class Redis:
    """A RESP client of the few commands that are needed. `address` is unix:/path or tcp://host:port."""

    def __init__(self, address, timeout=None, login=()):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address[5:])
        else:
            host, port = address.split("://")[1].rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)), timeout)
        self.file = self.socket.makefile("rb")
        if login:                               # a password, or a user and a password
            self.command("AUTH", *login)

    def close(self):
        self.file.close()
        self.socket.close()

    def command(self, *words):
        parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self.reply()

    def reply(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        return rest


def unpack(data):
    """One msgpack value and where it ends."""
    value, at = _unpack(data, 0)
    if at != len(data):
        raise ValueError("bytes follow the value")
    return value


def _sized(data, at, width):
    return int.from_bytes(data[at:at + width], "big"), at + width


def _text(data, at, size):
    return data[at:at + size].decode(), at + size


def _list(data, at, count):
    values = []
    for _ in range(count):
        value, at = _unpack(data, at)
        values.append(value)
    return values, at


def _map(data, at, count):
    pairs = {}
    for _ in range(count):
        key, at = _unpack(data, at)
        pairs[key], at = _unpack(data, at)
    return pairs, at


def _unpack(data, at):
    head = data[at]
    at += 1
    if head < 0x80:
        return head, at
    if head < 0x90:
        return _map(data, at, head & 15)
    if head < 0xa0:
        return _list(data, at, head & 15)
    if head < 0xc0:
        return _text(data, at, head & 31)
    if head >= 0xe0:
        return head - 256, at
    if head == 0xc0:
        return None, at
    if head in (0xc2, 0xc3):
        return head == 0xc3, at
    if head in (0xc4, 0xc5, 0xc6):
        size, at = _sized(data, at, 1 << (head - 0xc4))
        return data[at:at + size], at + size
    if head in (0xca, 0xcb):
        width = 4 if head == 0xca else 8
        return struct.unpack(">f" if width == 4 else ">d", data[at:at + width])[0], at + width
    if 0xcc <= head <= 0xcf:
        return _sized(data, at, 1 << (head - 0xcc))
    if 0xd0 <= head <= 0xd3:
        width = 1 << (head - 0xd0)
        return int.from_bytes(data[at:at + width], "big", signed=True), at + width
    if head in (0xd9, 0xda, 0xdb):
        size, at = _sized(data, at, 1 << (head - 0xd9))
        return _text(data, at, size)
    if head in (0xdc, 0xdd):
        count, at = _sized(data, at, 2 << (head - 0xdc))
        return _list(data, at, count)
    if head in (0xde, 0xdf):
        count, at = _sized(data, at, 2 << (head - 0xde))
        return _map(data, at, count)
    raise ValueError("no msgpack: 0x%02x" % head)


def read_log(address, login=()):
    """Every event of every partition, in order: dicts with partition, seq, chain, prev, and the event's own attributes."""
    redis = Redis(address, login=login)
    try:
        return [event for key in log_keys(redis) for event in read_partition(redis, key)]
    finally:
        redis.close()


def log_keys(redis):
    keys, cursor = [], b"0"
    while True:
        cursor, found = redis.command("SCAN", cursor, "MATCH", "{p*}log", "COUNT", 10000)
        keys += found
        if cursor == b"0":
            break
    return sorted(keys)


def entry_events(entry):
    """Seq, id, id before and bytes of each event of an entry of the stream."""
    last, fields = int(entry[0].split(b"-")[0]), entry[1]
    if fields[0] == b"i":                       # of an earlier build: one event
        return [(last, fields[1], fields[3], fields[5])]
    chains = fields[2::2]
    return list(zip(range(last - len(chains) + 1, last + 1), chains, fields[1:2] + chains, fields[3::2]))


def read_partition(redis, key):
    partition, start = int(key[2:key.index(b"}")]), "-"
    while True:
        entries = redis.command("XRANGE", key, start, "+", "COUNT", 5000)
        if not entries:
            return
        for seq, chain, prev, packed in (found for entry in entries for found in entry_events(entry)):
            event = unpack(packed)
            event.update(partition=partition, seq=seq, chain=chain.hex(), prev=prev.hex())
            event.setdefault("data", {})
            yield event
        start = "(" + entries[-1][0].decode()
