#!/usr/bin/env python3
"""How long a record of a million files takes to load and to commit, and in how much memory.

    cargo build --release --workspace && benches/record.py [FILES]

Starts the stand-in (S3 and CloudFront on loopback), deploys a listing of FILES files with paths of 60
characters, then one that differs in a file, then the same again, and prints what each took: the
load from its request to the plan, the writes from their requests to the end of the run, and the
peak of resident memory of the process.
"""

import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "target" / "release"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI-EXAMPLE",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "us-east-1",
}


def listing(path, count, changed):
    files = {}
    for number in range(count):
        name = f"pages/of/a/large/site/{number // 1000:05}/{number:08}/"
        name += "a-page-with-a-name.html"[-(60 - len(name)):].rjust(60 - len(name), "x")
        digest = f"{number * 0x9E3779B97F4A7C15 % 2**256:064x}"
        if number == changed:
            digest = "f" * 64
        files[name] = {"digest": digest, "size": number % 100_000}
    document = {"version": 1, "hash": "blake3", "files": dict(sorted(files.items()))}
    path.write_text(json.dumps(document, separators=(",", ":")))


def run(name, endpoint, site, directory):
    command = [
        TARGET / "cloudfront-delta",
        f"--site={site}",
        "--manifest=s3://records/manifest.json",
        "--distribution-id=E1EXAMPLE",
        f"--endpoint-url={endpoint}",
        "--verbose",
    ]
    started = time.monotonic()
    process = subprocess.Popen(
        command, env={**ENVIRONMENT, "HOME": directory}, stdout=subprocess.PIPE, text=True
    )
    events = []
    for line in process.stdout:
        events.append((time.monotonic() - started, line.rstrip()))
    _, status, usage = os.wait4(process.pid, 0)
    total = time.monotonic() - started
    if status != 0:
        sys.exit("\n".join(line for _, line in events))
    print(f"{name}: {total:.2f} s in all, peak {usage.ru_maxrss / 1024:.0f} MiB, "
          f"{usage.ru_utime:.2f} s user, {usage.ru_stime:.2f} s system")
    sent = [(at, index) for index, (at, line) in enumerate(events) if re.search(r"→ (GET|PUT|POST)", line)]
    for at, index in sent:
        later = [other for other, number in sent if number > index] + [total]
        what = events[index][1].strip().split("?")[0]
        answered = next(a for a, line in events[index:] if "←" in line)
        print(f"  at {at:5.2f} s {what}: answer's header after {answered - at:.2f} s, next after {later[0] - at:.2f} s")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as directory:
        one, two = Path(directory, "one.json"), Path(directory, "two.json")
        # In processes of their own: a child's peak of memory begins with its parent's.
        for path, changed in [(one, None), (two, count // 2)]:
            writer = multiprocessing.Process(target=listing, args=(path, count, changed))
            writer.start()
            writer.join()
        print(f"{count} files, {one.stat().st_size / 1e6:.0f} MB of listing")
        standin = subprocess.Popen(
            [TARGET / "cloudfront-standin", "--distribution", "E1EXAMPLE", "--bucket", "records"],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            endpoint = standin.stdout.readline().split()[-1]
            run("first deploy", endpoint, one, directory)
            run("one file changed", endpoint, two, directory)
            run("nothing changed", endpoint, two, directory)
        finally:
            standin.kill()


main()
