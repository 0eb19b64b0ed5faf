#!/usr/bin/env python3
"""Fails on links between the repository's Markdown files that lead nowhere, headings included."""

import re
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {"target", ".git", "node_modules"}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def prose(text: str) -> str:
    """Without code, whose brackets are no links."""
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(file: Path) -> set[str]:
    """The headings' anchors as GitHub makes them."""
    text = re.sub(r"^(```|~~~).*?^\1", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    found: dict[str, int] = {}
    names = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = (c for c in heading if c in " -_" or unicodedata.category(c)[0] in "LN")
        name = "".join(kept).replace(" ", "-")
        count = found.get(name, 0)
        found[name] = count + 1
        names.add(f"{name}-{count}" if count else name)
    return names


def main() -> int:
    wrong = []
    files = [f for f in sorted(ROOT.rglob("*.md")) if not SKIPPED & set(f.relative_to(ROOT).parts)]
    for file in files:
        for target in LINK.findall(prose(file.read_text())):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (file.parent / unquote(path)).resolve() if path else file
            if not there.exists():
                wrong.append(f"{file.relative_to(ROOT)}: `{target}` does not exist")
            elif anchor and there.suffix == ".md" and unquote(anchor) not in anchors(there):
                wrong.append(f"{file.relative_to(ROOT)}: `{target}` has no such heading")
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
