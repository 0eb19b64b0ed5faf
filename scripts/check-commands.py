#!/usr/bin/env python3
"""Runs the README's trial and compares what it prints with what the README says it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("CFD_BINARY") or ROOT / "target/release/cloudfront-delta"


def main() -> int:
    readme = (ROOT / "README.md").read_text()
    trial = re.search(r"```sh\ndocker run [^\n]*cloudfront-delta:\S+ \\\n(.*?)\n```\n\n```text\n(.*?)```", readme, re.DOTALL)
    if not trial:
        print("README.md: the trial and its output are not where they were", file=sys.stderr)
        return 1
    arguments, promised = trial[1].split(), trial[2]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "AWS_"))}
    result = subprocess.run([BINARY, *arguments], cwd=ROOT, env=env, capture_output=True, text=True)
    if result.returncode or result.stdout != promised:
        print(f"README.md promises\n{promised}\nbut {' '.join(arguments)} prints\n{result.stdout}{result.stderr}", file=sys.stderr)
        return 1
    fewer = subprocess.run([BINARY, *arguments, "--max-paths", "5"], cwd=ROOT, env=env, capture_output=True, text=True).stdout
    sent = re.findall(r"^  - (\S+)", fewer, re.MULTILINE)
    listed = re.search(r"With `--max-paths 5` it collapses to (.*?), which", readme)
    if not listed or re.findall(r"`([^`]*)`", listed[1]) != sent:
        print(f"README.md: with --max-paths 5 the paths are {sent}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
