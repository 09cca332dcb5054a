"""Facts by ZeroMQ: pipelined, acknowledged one by one, malformed ones answered."""
import socket
import unittest

from system import System, delivery, unpack
from zmtp import Dealer, pack


class Router(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.system = System().start()

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def setUp(self):
        self.dealer = Dealer(self.system.endpoints["zmq"])

    def tearDown(self):
        self.dealer.close()

    def ask(self, number, body, key=b""):
        self.dealer.send(number, key, body)
        got, answer = self.dealer.receive()
        self.assertEqual(got, number)
        return unpack(answer)

    def test_pipelined(self):
        for number in range(200):
            self.dealer.send(b"%d" % number, b"", pack([delivery(f"Z{number}-{i}") for i in range(3)]))
        answers = dict(self.dealer.receive() for _ in range(200))
        places = set()
        for number in range(200):
            results = unpack(answers[b"%d" % number])
            self.assertEqual([(r["status"], r["id"]) for r in results], [("new", f"Z{number}-{i}") for i in range(3)])
            places |= {(r["partition"], r["seq"]) for r in results}
        self.assertEqual(len(places), 600)
        stands = {(e["partition"], e["seq"]): e["id"] for e in self.system.log()}
        self.assertTrue(all(stands[place].startswith("Z") for place in places))

    def test_known_conflict_and_the_same_by_http(self):
        first = self.ask(b"1", pack([delivery("Y1")]))[0]
        self.assertRegex(first.pop("chain_id"), "^[0-9a-f]{16}$")
        self.assertEqual(self.ask(b"2", pack([delivery("Y1")]))[0], {**first, "status": "known"})
        self.assertEqual(self.system.post(delivery("Y1"))[2]["status"], "known")
        other = delivery("Y1")
        other["data"]["model"] = "other"
        self.assertEqual(self.ask(b"3", pack([other]))[0]["status"], "conflict")

    def test_malformed_is_answered_and_harms_nobody(self):
        bodies = [b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\x7f\xff\xff\xff", b"\x91" * 100, pack({}), pack([]), pack([{}] * 513),
                  pack([delivery("X1")]) + b"\x00", pack([5]), pack([{"id": "X1"}]), pack([{**delivery("X1"), "type": "task.closed"}]),
                  b"\x91\x81\xa2id\xa2\xff\xfe", b"\x91\x82\xa2id\xa1a\xa2id\xa1b"]
        for body in bodies:
            with self.subTest(body[:20]):
                results = self.ask(b"n", body)
                self.assertEqual({r["status"] for r in results}, {"refused"})
                self.assertTrue(all(r["reason"] for r in results))
        self.assertEqual(self.ask(b"after", pack([delivery("X2")]))[0]["status"], "new")

    def test_wrong_frames_are_answered(self):
        for frames in [(b"only",), (b"two", b""), (b"five", b"b", b"c", b"d", b"e"), (b"", b"", b"", b"REQ's form")]:
            self.dealer.send(*frames)
            number, answer = self.dealer.receive()
            self.assertEqual((number, [r["status"] for r in unpack(answer)]), (frames[0], ["refused"]))
        self.dealer.send(b"n" * 65, b"", pack([delivery("W1")]))        # too long to be told back: dropped
        self.assertEqual(self.ask(b"after", pack([delivery("W2")]))[0]["status"], "new")

    def test_noise_on_the_port(self):
        host, port = self.system.endpoints["zmq"].removeprefix("tcp://").split(":")
        for noise in [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, bytes(1000)]:
            with socket.create_connection((host, int(port)), 5) as connection:
                connection.sendall(noise)
        self.assertEqual(self.ask(b"after", pack([delivery("V1")]))[0]["status"], "new")


if __name__ == "__main__":
    unittest.main()
