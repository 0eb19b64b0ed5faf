#!/usr/bin/env python3
"""Takes the examples out of README.md and docs/ for the linters.

Whole workflows (YAML blocks with `jobs:` and `on:`) go to <directory>/.github/workflows. Every
`with:` of this action, in whole workflows and in fragments, is held to action.yml, and JSON blocks
have to be JSON.
"""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ACTION = re.compile(r"OWNER/cloudfront-delta@|docker://[^ ]*/cloudfront-delta:")


def steps_of(document):
    """Every step in a workflow, or in a fragment that is a list of steps."""
    if isinstance(document, list):
        yield from (step for step in document if isinstance(step, dict))
    elif isinstance(document, dict):
        for job in (document.get("jobs") or {}).values():
            if isinstance(job, dict):
                yield from (step for step in job.get("steps") or [] if isinstance(step, dict))


def main() -> int:
    out = Path(sys.argv[1])
    workflows = out / ".github/workflows"
    workflows.mkdir(parents=True, exist_ok=True)
    for old in workflows.glob("*.yml"):
        old.unlink()
    known = set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
    wrong, used, count = [], 0, 0
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for file in files:
        name = file.relative_to(ROOT)
        for number, (language, body) in enumerate(BLOCK.findall(file.read_text()), 1):
            where = f"{name}, block {number}"
            try:
                document = {"json": json.loads, "yaml": yaml.safe_load}.get(language, lambda _: None)(body)
            except (ValueError, yaml.YAMLError) as error:
                wrong.append(f"{where}: {error}")
                continue
            for step in steps_of(document):
                if ACTION.search(str(step.get("uses", ""))):
                    used += 1
                    for key in step.get("with") or {}:
                        if key not in known:
                            wrong.append(f"{where}: `{key}` is no input of the action")
            # YAML 1.1 reads the key `on` as true.
            is_workflow = isinstance(document, dict) and "jobs" in document and (True in document or "on" in document)
            if language == "yaml" and is_workflow:
                count += 1
                slug = str(name).replace("/", "-").removesuffix(".md")
                # Pinned as a reader is told to, so that the linters see what they would see there.
                pinned = re.sub(r"OWNER/cloudfront-delta@v\d+", f"OWNER/cloudfront-delta@{'0' * 40} # v0", body)
                (workflows / f"{slug}-{number}.yml").write_text(pinned)
    for text in wrong:
        print(text, file=sys.stderr)
    if not used:
        print("no example uses the action: the search for examples is broken", file=sys.stderr)
        return 1
    print(f"{count} workflows, {used} uses of the action")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
