"""A ZeroMQ DEALER in the standard library only: ZMTP 3.0 with the NULL mechanism (rfc.zeromq.org/spec/23), and msgpack."""
import socket


def pack(value):
    """msgpack, in the simplest form that holds the value."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xd3" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + len(data).to_bytes(4, "big") + data
    if isinstance(value, list):
        return b"\xdd" + len(value).to_bytes(4, "big") + b"".join(pack(item) for item in value)
    return b"\xdf" + len(value).to_bytes(4, "big") + b"".join(pack(key) + pack(item) for key, item in value.items())


class Dealer:
    def __init__(self, endpoint, timeout=20):
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
        self.file.read(64)
        self.send_frame(4, b"\x05READY" + b"\x0bSocket-Type" + (6).to_bytes(4, "big") + b"DEALER")
        self.read_frame()

    def send_frame(self, flags, body):
        if len(body) < 256:
            self.socket.sendall(bytes([flags, len(body)]) + body)
        else:
            self.socket.sendall(bytes([flags | 2]) + len(body).to_bytes(8, "big") + body)

    def read_frame(self):
        flags = self.file.read(1)[0]
        size = int.from_bytes(self.file.read(8 if flags & 2 else 1), "big")
        return flags, self.file.read(size)

    def send(self, *frames):
        for frame in frames[:-1]:
            self.send_frame(1, frame)
        self.send_frame(0, frames[-1])

    def receive(self):
        frames, more = [], True
        while more:
            flags, body = self.read_frame()
            if not flags & 4:           # commands are the connection's own
                frames.append(body)
                more = flags & 1
        return frames

    def close(self):
        self.file.close()
        self.socket.close()
