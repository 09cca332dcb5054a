"""Jobs that do nothing but leave a line: loaded by celery's worker, and run to put them in.

    python3 celery_app.py COUNT DELAY_SECONDS: prints how many were put in a second, as JSON.
BENCH_PREFETCH: how many a worker takes at a time; Celery's own choice if it is not there.
"""
import datetime
import json
import os
import sys
import time

from celery import Celery

app = Celery("bench", broker=f"redis+socket://{os.environ['BENCH_SOCKET']}")
app.conf.task_ignore_result = True
if "BENCH_PREFETCH" in os.environ:
    app.conf.worker_prefetch_multiplier = int(os.environ["BENCH_PREFETCH"])


@app.task(name="job")
def job(payload, due):
    with open(f"{os.environ['BENCH_RESULT']}.{os.getpid()}", "a") as lines:
        lines.write(f"{time.monotonic()} {(time.time() - due) * 1000}\n")


def main():
    count, delay = int(sys.argv[1]), float(sys.argv[2])
    due, begun = time.time() + delay, time.monotonic()
    eta = datetime.datetime.fromtimestamp(due, datetime.timezone.utc) if delay else None
    for _ in range(count):
        job.apply_async(("x" * 100, due), eta=eta)
    print(json.dumps({"per_s": count / (time.monotonic() - begun)}))


if __name__ == "__main__":
    main()
