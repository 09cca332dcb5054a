#!/usr/bin/python3
"""A DEALER with a CURVE key, as a program: needs pyzmq, which tests themselves do without.

    curve_client.py ENDPOINT SERVER_KEY SECRET_FILE     - in place of the two keys: without CURVE

Each line of standard input is a message, its frames in hex with blanks between. Lines of standard output: `let_in`, `refused`,
`gone`, and `answer` with its frames."""
import sys

import zmq
from zmq.utils.monitor import recv_monitor_message

SEEN = {zmq.EVENT_HANDSHAKE_SUCCEEDED: "let_in", zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "refused",
        zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "refused", zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused", zmq.EVENT_DISCONNECTED: "gone"}


def main(endpoint, server_key, secret_file):
    dealer = zmq.Context().socket(zmq.DEALER)
    dealer.linger = 0
    monitor = dealer.get_monitor_socket()
    if secret_file != "-":
        secret = open(secret_file, "rb").read().split()[1]
        dealer.curve_secretkey, dealer.curve_publickey = secret, zmq.curve_public(secret)
        dealer.curve_serverkey = server_key.encode()
    dealer.connect(endpoint)
    poller = zmq.Poller()
    for source in (dealer, monitor, sys.stdin):
        poller.register(source, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if monitor in ready:
            event = recv_monitor_message(monitor)["event"]
            if event in SEEN:
                print(SEEN[event], flush=True)
        if dealer in ready:
            print("answer", *(frame.hex() for frame in dealer.recv_multipart()), flush=True)
        if sys.stdin.fileno() in ready:
            line = sys.stdin.readline()
            if not line:
                return
            dealer.send_multipart([bytes.fromhex(frame) for frame in line.rstrip("\n").split(" ")])


if __name__ == "__main__":
    main(*sys.argv[1:])
