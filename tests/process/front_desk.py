"""Files as front desks and a public complaint site export them, and `care import` over them, for tests.

The shared data is looked for where CARELINE_DATA says, else in shared/data beside the checkout. Where it is not there, the
shipped sample month takes its place."""
import json
import os
import pathlib
import subprocess
import sys

from system import BIN, ROOT, SLOW

SHARED = pathlib.Path(os.environ.get("CARELINE_DATA") or ROOT.parent / "shared" / "data")
SAMPLE = ROOT / "deploy" / "sample" / "month"


def is_shared(folder):
    """Is this folder of the shared data there? Where it is not, the test says what it takes instead."""
    if (SHARED / folder).is_dir():
        return True
    print(f"{SHARED / folder} is not there: the sample month is taken instead", file=sys.stderr)
    return False


def read_text(path):
    """A file's text, whichever of the two encodings it is in."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def care(*words):
    """(exit code, JSON that was printed, what it said to people)."""
    done = subprocess.run([str(pathlib.Path(BIN) / "care"), *[str(word) for word in words]], capture_output=True, timeout=120 * SLOW)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr.decode()


def import_file(kind, path, *more):
    """What `care import` reports; the files here are such that it always ends well."""
    code, report, said = care("import", "--json", "--map", ROOT / "deploy" / "imports" / f"{kind}.yaml", path, *more)
    if code or not report:
        raise AssertionError(f"care import {path}: exit {code}: {said}")
    return report
