#!/usr/bin/env python3
"""What deploy/ ships for systemd and as settings: the units verify, each starts a program that there is, and every program
takes the settings files and stays silent about them."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
BIN = pathlib.Path(os.environ.get("CARELINE_BIN", ROOT / "build" / "bin"))
DAEMONS = ["intake", "scheduler", "follow-up", "complaint-router", "notifier"]
EXPOSURE_MAX = 20           # in tenths, as systemd-analyze security counts: 100 is bare, below 20 is its best word
HAS_SYSTEMD = shutil.which("systemd-analyze") is not None


def exec_start(program):
    """The words of a unit's command, as replica 1 would run it."""
    text = (DEPLOY / "systemd" / f"careline-{program}@.service").read_text()
    return re.search(r"^ExecStart=(.*)$", text, re.M)[1].replace("%i", "1").split()


class Units(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="careline-units-"))
        shutil.copytree(DEPLOY / "systemd", self.dir, dirs_exist_ok=True)
        for path in self.dir.glob("*.service"):         # verify wants the program to be there
            path.write_text(re.sub(r"/usr/lib/careline/bin/\S+", shutil.which("true"), path.read_text()))

    def tearDown(self):
        shutil.rmtree(self.dir)

    def analyze(self, *words):
        done = subprocess.run(["systemd-analyze", *words], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, env={**os.environ, "SYSTEMD_COLORS": "0"})
        return done.returncode, done.stdout

    def verify(self):
        """What systemd says about the units of careline; the distribution's own are not ours to judge."""
        units = ["./careline.target", *(f"./careline-{name}@1.service" for name in DAEMONS)]
        code, said = self.analyze("verify", "--man=no", *units)
        return code, "\n".join(line for line in said.splitlines() if "careline" in line)

    @unittest.skipUnless(HAS_SYSTEMD, "systemd-analyze is not installed")
    def test_units_verify(self):
        self.assertEqual(self.verify(), (0, ""))

    @unittest.skipUnless(HAS_SYSTEMD, "systemd-analyze is not installed")
    def test_a_mistake_in_what_all_units_share_is_noticed(self):
        path = self.dir / "careline-.service.d" / "10-daemon.conf"
        path.write_text(path.read_text() + "\nProtectSytem=strict\n")
        self.assertIn("ProtectSytem", self.verify()[1])

    @unittest.skipUnless(HAS_SYSTEMD, "systemd-analyze is not installed")
    def test_units_are_confined(self):
        for name in DAEMONS:
            code, said = self.analyze("security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", f"./careline-{name}@1.service")
            self.assertEqual(code, 0, said)

    def test_the_target_starts_one_of_each(self):
        also = re.search(r"^Also=(.*)$", (DEPLOY / "systemd" / "careline.target").read_text(), re.M)[1].split()
        self.assertEqual(sorted(also), sorted(f"careline-{name}@1.service" for name in DAEMONS))

    def test_no_two_replicas_share_a_port(self):
        ports = [port for name in DAEMONS for port in re.findall(r":(\d+)%i", (DEPLOY / "systemd" / f"careline-{name}@.service").read_text())]
        self.assertEqual(len(ports), len(DAEMONS) + 2)        # intake has three
        self.assertEqual(len(set(ports)), len(ports))


class Settings(unittest.TestCase):
    def run_daemon(self, program, config, *words):
        return subprocess.run([str(BIN / program), "--config", str(config), *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)

    def test_every_daemon_takes_every_settings_file(self):
        """With the words of its unit; a setting that it does not know would end it, before its --help."""
        for program in DAEMONS:
            words = [word for word in exec_start(program)[1:] if "=" in word]
            for config in sorted((DEPLOY / "config").glob("*.yaml")):
                done = self.run_daemon(program, config, *words, "--help")
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertEqual(done.stdout.splitlines()[0].split(":")[0], program)

    def test_a_mistake_in_a_settings_file_ends_a_daemon_with_64(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
            config.write((DEPLOY / "config" / "one-machine.yaml").read_text() + "partitons: 8\n")
            config.flush()
            done = self.run_daemon("scheduler", config.name)
        self.assertEqual(done.returncode, 64)
        self.assertIn("partitons", done.stdout)

    def test_units_start_programs_that_there_are(self):
        for program in DAEMONS:
            self.assertEqual(exec_start(program)[0], f"/usr/lib/careline/bin/{program}")
            self.assertTrue(os.access(BIN / program, os.X_OK))


if __name__ == "__main__":
    unittest.main()
