#!/usr/bin/env python3
"""Makes a step summary of each kind and renders it as GitHub would: scripts/render-summaries.py [DIRECTORY]

Deploys a small site to the stand-in with the release binary, and takes pictures of the summaries
with a Markdown renderer, Mermaid and headless Chromium. Look at them: nothing here judges. The
default directory is target/summaries; docs/images/summary.png is `delta.png` from there, made smaller
by `pngquant`.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("CFD_BINARY") or ROOT / "target/release/cloudfront-delta"
STANDIN = os.environ.get("CFD_STANDIN") or ROOT / "target/release/cloudfront-standin"


def blog(version):
    """A blog with documentation: version 2 edits pages, adds a post, moves the pagination."""
    new = version > 1
    files = {"index.html": f"home {version}", "404.html": "missing", "feed.xml": f"feed {version}",
             f"assets/app.{version}.js": "js", "assets/logo.svg": "svg", "about.html": "about"}
    for i in range(60):
        files[f"blog/2026/{i % 12 + 1:02}/post-{i:02}/index.html"] = f"post {i} {version if i in (12, 24) else 0}"
    for i in range(2, 9):
        files[f"blog/page/{i}/index.html"] = f"page {i} {version}"
    for i in range(48):
        part = ("guide", "api", "faq")[i % 3]
        files[f"docs/{part}/chapter-{i:02}.html"] = f"chapter {i} {version if i in (4, 7, 10, 13, 16, 40) else 0}"
    for tag in ("aws", "rust", "web"):
        files[f"tags/{tag}/index.html"] = f"tag {version if tag == 'rust' else 0}"
    files["people/~ann/index.html"] = f"ann {version}"
    files["images/café menu.png"] = f"image {version}"
    for i in range(24):
        files[f"images/photo-{i:02}.jpg"] = f"photo {i}"
    if new:
        files["blog/2026/12/new-post/index.html"] = "new"
    return files


def awkward(files):
    """The blog with file names that would be Markdown, HTML, commands or several lines."""
    names = ["a|b `c`.html", "<script>alert(1)</script>.html", "line\n::error::break.html", "x](https://example.com).html",
             "@octocat.html", "</details>.html", "long/" + "x" * 180 + ".html", "q'uote/~tilde*.html"]
    return files | {name: name for name in names} | {f"odd/@{n}|`{n}`.html": str(n) for n in range(9)}


def write(directory, files):
    shutil.rmtree(directory, ignore_errors=True)
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/summaries").resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    write(out / "site/1", blog(1))
    write(out / "site/2", blog(2))
    write(out / "site/3", awkward(blog(2)))
    standin = subprocess.Popen([STANDIN, "--distribution", "E2EXAMPLE1", "--distribution", "E2EXAMPLE2", "--complete-after", "200"], stdout=subprocess.PIPE, text=True)
    url = standin.stdout.readline().split()[-1]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "AWS_"))}
    env |= {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}

    def run(face, *arguments):
        command = [BINARY, *arguments, "--summary-file", f"{face}.md"]
        result = subprocess.run(command, cwd=out, env=env, capture_output=True, text=True)
        (out / f"{face}.log").write_text(result.stdout + result.stderr)
        print(f"{face}: exit status {result.returncode}")

    def fault(kind, operation="CreateInvalidation"):
        body = json.dumps({"on": operation, "kind": kind}).encode()
        request = urllib.request.Request(f"{url}/_standin/faults", body, method="POST")
        urllib.request.urlopen(request).close()

    target = ("--distribution-id", "E2EXAMPLE1", "--manifest", "record.json")
    new = (*target, "--site", "site/2")
    denied = {"error": {"status": 403, "code": "AccessDenied", "message": "User is not authorized"}}
    try:
        run("first-deploy", *target, "--site", "site/1")
        run("dry-run", *new, "--dry-run")
        run("tight", *new, "--dry-run", "--max-paths", "6")
        run("many", *new, "--dry-run", "--collapse", "never", "--max-paths", "1")
        run("no-plan", *new, "--max-paths", "1", "--max-wildcards", "0")
        fault(denied)
        run("failure", *new, "--max-paths", "10")
        run("begin", *new, "--max-paths", "10", "--phase", "begin")
        run("delta", *new, "--max-paths", "10", "--wait")
        run("compact", *target, "--site", "site/1", "--dry-run", "--summary", "compact")
        run("unchanged", *new)
        run("begin-unchanged", *new, "--phase", "begin")
        run("flush", *new, "--flush")
        run("settings", *new, "--aliases", "slash,bare", "--dry-run")
        run("given", *target, "--site", "site/1", "--always-invalidate", "/blog/*", "--dry-run")
        run("names", *target, "--site", "site/3", "--dry-run")
        run("late", *target, "--site", "site/1", "--wait", "--wait-timeout", "0s", "--wait-timeout-action", "fail")
        run("explicit", "--distribution-id", "E2EXAMPLE1,E2EXAMPLE2", "--paths", "/a.html\n/images/*")
        run("unknown", "--distribution-id", "E2EXAMPLE1", "--manifest", "s3://nowhere/x/", "--site", "site/1", "--dry-run")
        run("adopt", "--distribution-id", "E2EXAMPLE1", "--manifest", "adopted.json", "--site", "site/1", "--on-missing-manifest", "adopt")
        run("partly", "--distribution-id", "E2EXAMPLE1,E404EXAMPLE", "--manifest", "two.json", "--site", "site/1")
        run("listing", "--site", "site/1", "--write-listing", "listing.json")
        run("bad-inputs", "--site", "site/1", "--max-paths", "0", "--wait=perhaps")
        (out / "broken.json").write_text('{"version":1')
        run("unreadable", "--distribution-id", "E2EXAMPLE1", "--manifest", "broken.json", "--site", "site/1")
    finally:
        standin.kill()
    return subprocess.run(["node", ROOT / "scripts/render-markdown.mjs", out]).returncode


if __name__ == "__main__":
    sys.exit(main())
