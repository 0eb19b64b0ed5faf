#!/usr/bin/env python3
"""Fails where Cargo.toml, CHANGELOG.md, README.md, Dockerfile and the documents name different versions."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What names a released version of this program, and nothing else.
MENTION = re.compile(
    r"(?:cloudfront-delta:|cloudfront-delta@v|\bversion=|VERSION: \"|ARG VERSION=|releases/download/v)(\d+\.\d+\.\d+)"
)


def main() -> int:
    version = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    wrong = []
    changelog = (ROOT / "CHANGELOG.md").read_text()
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    if version not in releases:
        wrong.append(f"CHANGELOG.md has no section for {version}")
    files = [ROOT / "README.md", ROOT / "Dockerfile", ROOT / "action.yml", *sorted((ROOT / "docs").rglob("*.md"))]
    for file in files:
        for line, text in enumerate(file.read_text().splitlines(), 1):
            for found in MENTION.findall(text):
                if found != version:
                    wrong.append(f"{file.relative_to(ROOT)}:{line}: {found}, Cargo.toml has {version}")
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
