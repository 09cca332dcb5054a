#!/usr/bin/env python3
"""Redis servers that want a login: a whole Careline comes in with a user and a password file, the password shows nowhere, and a
password that is changed needs no restart."""
import pathlib
import subprocess
import unittest

import redis_set
from system import BIN, System, delivery, wait_for

PASSWORD, CHANGED = "correct-horse-battery", "staple-next"


def password_files(folder, text):
    path = pathlib.Path(folder) / "password"
    path.write_text(text + "\n")
    return path


class Login(unittest.TestCase):
    def setUp(self):
        self.redis = redis_set.RedisSet()
        self.addCleanup(self.redis.stop)
        self.server = self.redis.add(f"requirepass {PASSWORD}", f"user shop on >{PASSWORD} ~* &* +@all", password=PASSWORD)
        self.redis.address = self.server.address
        self.password_file = password_files(self.redis.dir, PASSWORD)
        self.options = ["--set", "all.store_user=shop", "--set", f"all.store_password_file={self.password_file}"]

    def everything_said(self, careline):
        """Log lines, what went to standard error, and the arguments of every process."""
        said = "".join(path.read_text(errors="replace") for path in (careline.dir / "log").iterdir())
        for path in (careline.dir / "pids").iterdir():
            said += pathlib.Path(f"/proc/{path.read_text().strip()}/cmdline").read_text().replace("\0", " ")
        return said

    def test_a_whole_careline_logs_in_and_keeps_the_password_to_itself(self):
        with System(*self.options, redis=self.redis) as careline:
            self.assertEqual(careline.post(delivery("L1"))[0], 201)
            said = self.everything_said(careline)
            self.assertIn("store_password_file=", said)
            self.assertNotIn(PASSWORD, said)

    def test_a_changed_password_needs_no_restart(self):
        with System(*self.options, redis=self.redis) as careline:
            self.assertEqual(careline.post(delivery("L1"))[0], 201)
            self.server.command("ACL", "SETUSER", "shop", f">{CHANGED}", f"<{PASSWORD}")
            self.server.command("CLIENT", "KILL", "USER", "shop")
            wait_for(lambda: careline.post(delivery("L2"))[0] == 503, 20, "a refusal while the file has the old password")
            self.password_file.write_text(CHANGED + "\n")
            wait_for(lambda: careline.post(delivery("L2"))[0] in (200, 201), 20, "an answer with the new password")
            careline.settle()

    def test_a_backup_logs_in(self):
        care, folder = pathlib.Path(BIN) / "care", self.redis.dir / "installation"
        (folder / "keys").mkdir(parents=True)
        for name in ("redis", "keys-redis"):
            (folder / name).symlink_to(self.server.dir)
        self.server.command("SET", "a", "b")
        lines = [f"{name}={self.server.address}\n{name}_user=shop\n{name}_password_file={self.password_file}\n"
                 for name in ("redis", "keys_redis")]
        (folder / "endpoints").write_text("".join(lines))
        done = subprocess.run([care, "backup", self.redis.dir / "out", "--dir", folder], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(list((self.redis.dir / "out" / "log" / "redis" / "appendonlydir").glob("*.aof")))
        (folder / "endpoints").write_text("".join(lines).replace("_user=shop", "_user=nobody"))
        done = subprocess.run([care, "backup", self.redis.dir / "again", "--dir", folder], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("does not let user nobody in", done.stderr)


if __name__ == "__main__":
    unittest.main()
