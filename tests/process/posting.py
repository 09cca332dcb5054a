"""A client that never gives up, and what must be true of the log once all its facts are worked."""
import http.client
import threading
import time

from system import SLOW, delivery


class Client(threading.Thread):
    """Posts facts without pause; sends again, with the same name, whatever was not acknowledged."""

    def __init__(self, system, name):
        super().__init__(daemon=True)
        self.system, self.client_name = system, name
        self.acks, self.again, self.ended = {}, 0, threading.Event()

    def run(self):
        number = 0
        while not self.ended.is_set():
            number += 1
            self.post_until_taken(f"{self.client_name}-{number}")
            time.sleep(0.005)

    def post_until_taken(self, number):
        end = time.monotonic() + 60 * SLOW
        while time.monotonic() < end:
            try:
                status, _, ack = self.system.post(delivery(number))
            except (OSError, http.client.HTTPException):
                status = 0
            if status in (200, 201):
                self.acks[number] = (ack["partition"], ack["seq"])
                return
            self.again += 1
            time.sleep(0.05)
        raise AssertionError(f"{number} was not taken")

    def end(self):
        self.ended.set()
        self.join(60 * SLOW)


def stands(log):
    """{fact's id: where it stands} of those that clients posted; a list, since twice would be a fault."""
    places = {}
    for event in log:
        if event["source"] == "test":
            places.setdefault(event["id"], []).append((event["partition"], event["seq"]))
    return places


def check(test, system, clients):
    """Ends the clients and waits until all is worked; what they have been told."""
    for client in clients:
        client.end()
    system.settle(30)
    log = system.log()
    acks, there = {number: place for client in clients for number, place in client.acks.items()}, stands(log)
    test.assertEqual({n: p for n, p in there.items() if len(p) > 1}, {}, "these stand twice")
    test.assertEqual({n for n in acks if there.get(n) != [acks[n]]}, set(), "these were acknowledged and are not there")
    plans = [e["data"]["about"] for e in log if e["type"] == "plan.made"]
    test.assertEqual(sorted(plans), sorted(there), "every delivery has its plan, once")
    consistent = system.get("/v1/check")
    test.assertFalse(consistent.get("wrong"), consistent)
    return acks
