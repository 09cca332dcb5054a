"""A thousand requests by ZeroMQ in flight at once: each answered under its own number, with where its events stand in the log,
whoever else sends, whatever is malformed in between, and whatever is killed."""
import unittest

from system import System, delivery, unpack, wait_for
from zmtp import Dealer, pack

REQUESTS = 1000
SITES = [f"shop-{n}" for n in range(12)]
MALFORMED = [b"", b"\xc1", b"\xdd\x00\x0f\xff\xff", pack({}), pack([]), b"\x91" * 40]


def fnv_1a(text):
    """As proto/PROTOCOL.md says."""
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value


def fact(number, prefix):
    event = delivery(f"{prefix}{number}")
    event["site"] = SITES[number % len(SITES)]
    return event


def send_all(dealer, prefix, malformed=False):
    for number in range(REQUESTS):
        dealer.send(b"%d" % number, b"", pack([fact(number, prefix)]))
        if malformed and number % 50 == 0:
            dealer.send(b"bad%d" % number, b"", MALFORMED[number // 50 % len(MALFORMED)])


def receive_all(dealer, count):
    """{request number: answers}; a number that is answered twice is an error."""
    answers = {}
    for _ in range(count):
        number, body = dealer.receive()
        if number in answers:
            raise AssertionError(f"{number} is answered twice")
        answers[number] = unpack(body)
    return answers


class Pipeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System().start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def dealer(self):
        dealer = Dealer(self.system.endpoints["zmq"])
        self.addCleanup(dealer.close)
        return dealer

    def stands(self):
        return {(event["partition"], event["seq"]): event for event in self.system.log()}

    def check_places(self, answers, prefix):
        log = self.stands()
        for number in range(REQUESTS):
            [answer] = answers[b"%d" % number]
            event = log[answer["partition"], answer["seq"]]
            self.assertEqual((answer["status"], answer["id"]), ("new", f"{prefix}{number}"))
            self.assertEqual((event["id"], event["site"], event["chain"]), (answer["id"], SITES[number % len(SITES)], answer["chain_id"]))
            self.assertEqual(answer["partition"], fnv_1a(event["site"]) % 64)

    def test_a_thousand_in_flight(self):
        dealer = self.dealer()
        send_all(dealer, "A", malformed=True)
        answers = receive_all(dealer, REQUESTS + REQUESTS // 50)
        self.check_places(answers, "A")
        bad = [answer for number, answer in answers.items() if number.startswith(b"bad")]
        self.assertEqual(len(bad), REQUESTS // 50)
        self.assertTrue(all(len(answer) == 1 and answer[0]["status"] == "refused" and answer[0]["reason"] for answer in bad))
        send_all(dealer, "A")
        for number, again in receive_all(dealer, REQUESTS).items():
            first = dict(answers[number][0], status="known")
            del first["chain_id"]
            self.assertEqual(again, [first])

    def test_two_clients_with_the_same_numbers(self):
        one, two = self.dealer(), self.dealer()
        send_all(one, "B")
        send_all(two, "C")
        self.check_places(receive_all(two, REQUESTS), "C")
        self.check_places(receive_all(one, REQUESTS), "B")

    def test_killed_in_between_nothing_is_lost_or_doubled(self):
        """No answer? Send the same again."""
        dealer = self.dealer()
        send_all(dealer, "D")
        before = self.system.kill("intake")
        wait_for(lambda: self.system.pid("intake") != before and self.answers(), 20, "intake started again")
        again = self.dealer()
        send_all(again, "D")
        answers = receive_all(again, REQUESTS)
        self.assertLessEqual({answer[0]["status"] for answer in answers.values()}, {"new", "known"})
        taken = [event["id"] for event in self.system.log() if event["source"] == "test" and event["id"].startswith("D")]
        self.assertEqual(sorted(taken), sorted(f"D{number}" for number in range(REQUESTS)))

    def answers(self):
        try:
            return self.system.http("GET", "/v1/healthz")[0] == 200
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
