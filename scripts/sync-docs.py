#!/usr/bin/env python3
"""Keeps the tables in step with the code.

The inputs are defined once, in src/inputs/table.rs, the outputs in src/report/outputs.rs. This
script writes them into action.yml and README.md, between the markers there; with --check it
changes nothing and fails if something would change, or if docs/errors.md lacks an error code.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRING = r'"((?:[^"\\]|\\.)*)"'


def text(literal: str) -> str:
    return literal.replace('\\"', '"').replace("\\\\", "\\")


def inputs():
    source = (ROOT / "src/inputs/table.rs").read_text()
    table = source[source.index("pub const INPUTS") :]
    pattern = rf"\b(input|flag)\(\s*{STRING},\s*(\w+),\s*{STRING},\s*{STRING},?\s*\)"
    for kind, name, how, default, help_text in re.findall(pattern, table):
        yield kind, name, how, text(default), text(help_text)


def outputs():
    source = (ROOT / "src/report/outputs.rs").read_text()
    table = source[source.index("pub const OUTPUTS") :]
    table = table[: table.index("];")]
    for name, meaning in re.findall(rf"\(\s*{STRING},\s*{STRING},?\s*\)", table):
        yield name, text(meaning)


def error_codes():
    source = (ROOT / "src/failure.rs").read_text()
    return re.findall(r'^    \w+ = "([a-z0-9-]+)", \d;', source, re.MULTILINE)


def quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def cell(value: str) -> str:
    """A text as a cell of a Markdown table; in code, only a bar has to be escaped."""
    parts = value.replace("|", "\\|").split("`")
    for at in range(0, len(parts), 2):
        parts[at] = parts[at].replace("*", "\\*").replace("<", "&lt;")
    return "`".join(parts)


def action_inputs() -> str:
    lines = []
    for kind, name, _, default, help_text in inputs():
        if kind == "input":
            lines += [f"  {name}:", f"    description: {quoted(help_text)}", "    required: false"]
            if default:
                lines.append(f"    default: {quoted(default)}")
    return "\n".join(lines)


def action_outputs() -> str:
    lines = []
    for name, meaning in outputs():
        lines += [f"  {name}:", f"    description: {quoted(meaning)}"]
    return "\n".join(lines)


def readme_inputs() -> str:
    rows = ["| input | default | meaning |", "|:--|:--|:--|"]
    for kind, name, _, default, help_text in inputs():
        if kind == "input":
            shown = f"`{default}`" if default else ""
            rows.append(f"| `{name}` | {shown} | {cell(help_text)} |")
    return "\n".join(rows)


def readme_flags() -> str:
    rows = ["| flag | default | meaning |", "|:--|:--|:--|"]
    for kind, name, _, default, help_text in inputs():
        if kind == "flag":
            shown = f"`{default}`" if default else ""
            rows.append(f"| `--{name}` | {shown} | {cell(help_text)} |")
    return "\n".join(rows)


def readme_outputs() -> str:
    rows = ["| output | meaning |", "|:--|:--|"]
    rows += [f"| `{name}` | {cell(meaning)} |" for name, meaning in outputs()]
    return "\n".join(rows)


def between(path: Path, name: str, body: str, comment: tuple[str, str]) -> str:
    """The file's text with `body` between its markers for `name`."""
    source = path.read_text()
    begin, end = (f"{comment[0]} {edge} {name}{comment[1]}" for edge in ("begin", "end"))
    try:
        head, rest = source.split(begin, 1)
        _, tail = rest.split(end, 1)
    except ValueError:
        sys.exit(f"{path.name}: the markers `{begin}` and `{end}` are missing")
    indent = re.search(r"[ ]*\Z", head).group()
    blank = "\n" if comment[0] == "<!--" else ""
    return f"{head}{begin}\n{blank}{body}\n{blank}{indent}{end}{tail}"


def main() -> int:
    check = "--check" in sys.argv[1:]
    yaml, markdown = ("#", ""), ("<!--", " -->")
    jobs = [
        ("action.yml", "inputs", action_inputs(), yaml),
        ("action.yml", "outputs", action_outputs(), yaml),
        ("README.md", "inputs", readme_inputs(), markdown),
        ("README.md", "flags", readme_flags(), markdown),
        ("README.md", "outputs", readme_outputs(), markdown),
    ]
    wrong = []
    for file, name, body, comment in jobs:
        path = ROOT / file
        wanted = between(path, name, body, comment)
        if wanted != path.read_text():
            if check:
                wrong.append(f"{file}: the {name} differ from the code; run scripts/sync-docs.py")
            else:
                path.write_text(wanted)
    errors = (ROOT / "docs/errors.md").read_text()
    documented = re.findall(r"^### `([a-z0-9-]+)`", errors, re.MULTILINE)
    for code in error_codes():
        if code not in documented:
            wrong.append(f"docs/errors.md: `{code}` is missing")
    for code in documented:
        if code not in error_codes():
            wrong.append(f"docs/errors.md: `{code}` is no error code")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
