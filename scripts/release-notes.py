#!/usr/bin/env python3
"""Prints the changelog's section of a version: scripts/release-notes.py VERSION"""

import re
import sys
from pathlib import Path

changelog = (Path(__file__).resolve().parent.parent / "CHANGELOG.md").read_text()
section = re.search(rf"^## \[{re.escape(sys.argv[1])}\][^\n]*\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL)
if not section:
    sys.exit(f"release-notes: CHANGELOG.md has no section for {sys.argv[1]}")
print(section[1].strip())
