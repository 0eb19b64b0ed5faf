#!/usr/bin/env python3
"""Runs the container as GitHub's runner does, against the stand-in, and checks what comes of it.

The arguments of `docker run` are those of the runner's ContainerActionHandler and
DockerCommandManager (github.com/actions/runner, src/Runner.Worker): a network of its own, the
mounts below /github, variables passed by name, hyphens kept in INPUT_…, a workspace that belongs
to the runner's user and not to root. A workflow is cancelled by SIGINT to the `docker run` process,
then SIGTERM after 7.5 s.

Needs a Docker daemon (scripts/with-docker.sh). With `--no-build` it takes the image
cloudfront-delta:like-github as it is, else scripts/build-image.sh makes it. Run as root it owns the workspace as another user;
run as anyone else it is that other user itself.
"""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "cloudfront-delta:like-github"
# The user `runner` of GitHub's machines.
UID, GID = (os.getuid(), os.getgid()) if os.getuid() else (1001, 1001)
NETWORK = "github_network_cloudfront_delta"
PASSED = {
    "GITHUB_ACTIONS": "true", "CI": "true", "HOME": "/github/home",
    "GITHUB_WORKSPACE": "/github/workspace", "RUNNER_OS": "Linux",
    "GITHUB_REPOSITORY": "octocat/site", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1",
    "RUNNER_TEMP": "/github/runner_temp", "GITHUB_EVENT_PATH": "/github/workflow/event.json",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
}


def docker(*arguments, **options):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, **options).stdout.strip()


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, name, truth, shown=""):
        print(f"{'ok  ' if truth else 'FAIL'}  {name}" + ("" if truth else f"\n      {shown}"), flush=True)
        self.failed += not truth


class Standin:
    """The stand-in at the network's gateway, where the container reaches this machine."""

    def __init__(self, gateway, *flags):
        binary = os.environ.get("CFD_STANDIN") or ROOT / "target/release/cloudfront-standin"
        if not Path(binary).exists():
            subprocess.run(["cargo", "build", "-q", "--release", "--locked", "-p", "cloudfront-standin"], cwd=ROOT, check=True)
        flags = ["--listen", f"{gateway}:0", "--distribution", "E2EXAMPLE1", "--require-authorization", *flags]
        self.process = subprocess.Popen([binary, *flags], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_standin/{path}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def invalidations(self):
        return self.call("GET", "invalidations/E2EXAMPLE1")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Job:
    """A job's directories on the runner's machine, all owned by the runner's user."""

    def __init__(self, url):
        self.root = Path(tempfile.mkdtemp(prefix="runner-"))
        self.url = url
        self.runs = 0
        self.workspace = self.root / "work/site/site"
        for directory in ("_github_home", "_github_workflow", "_runner_file_commands"):
            (self.root / "_temp" / directory).mkdir(parents=True)
        (self.root / "_temp/_github_workflow/event.json").write_text("{}")
        self.workspace.mkdir(parents=True)

    def own(self):
        for directory, _, files in os.walk(self.root):
            os.chown(directory, UID, GID)
            for file in files:
                os.chown(Path(directory) / file, UID, GID)

    def site(self, files):
        site = self.workspace / "public"
        shutil.rmtree(site, ignore_errors=True)
        for name, text in files.items():
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.own()

    def start(self, inputs, env=None):
        """Starts the step; its files are new for each, as the runner's are."""
        self.runs += 1
        commands = self.root / "_temp/_runner_file_commands"
        names = {name: f"{kind}_{self.runs}" for name, kind in (
            ("GITHUB_OUTPUT", "set_output"), ("GITHUB_STEP_SUMMARY", "step_summary"),
            ("GITHUB_ENV", "set_env"), ("GITHUB_PATH", "add_path"), ("GITHUB_STATE", "save_state"))}
        for file in names.values():
            (commands / file).touch()
            os.chown(commands / file, UID, GID)
        self.output, self.summary = (commands / names[name] for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
        variables = PASSED | {name: f"/github/file_commands/{file}" for name, file in names.items()}
        variables |= {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}
        variables |= {"AWS_ENDPOINT_URL": self.url} | (env or {})
        self.name = f"like-github-{os.getpid()}-{self.runs}"
        command = ["docker", "run", "--name", self.name, "--label", "like-github", "--workdir", "/github/workspace", "--rm"]
        for name in variables:
            command += ["-e", name]
        command += ["--network", NETWORK]
        mounts = [(self.root / "_temp/_github_home", "home"), (self.root / "_temp/_github_workflow", "workflow"),
                  (commands, "file_commands"), (self.workspace, "workspace")]
        for source, target in mounts:
            command += ["-v", f"{source}:/github/{target}"]
        command.append(IMAGE)
        # Passed by name: the values are in the environment of `docker run`, as the runner does it.
        return subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, inputs, env=None):
        process = self.start(inputs, env)
        log, _ = process.communicate(timeout=120)
        return Result(process.returncode, log, self)

    def interrupt(self, inputs, until, number):
        """Sends a signal to the step once its log says `until`; the time is that from signal to end."""
        process = self.start(inputs)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if until in line:
                break
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
        result = Result(process.returncode, "".join(lines) + rest, self)
        result.seconds = time.monotonic() - started
        return result


class Result:
    def __init__(self, status, log, job):
        self.status, self.log = status, log
        self.outputs, self.summary = read_outputs(job.output.read_text()), job.summary.read_text()
        self.commands = [line for line in log.splitlines() if line.lstrip().startswith("::")]

    def errors(self):
        return [line for line in self.commands if line.startswith("::error")]


def read_outputs(text):
    """GITHUB_OUTPUT as the runner reads it: name=value, or name<<delimiter."""
    outputs, lines = {}, iter(text.splitlines())
    for line in lines:
        if (match := re.match(r"([^=<]+)<<(.+)$", line)):
            value = []
            for part in lines:
                if part == match[2]:
                    break
                value.append(part)
            outputs[match[1]] = "\n".join(value)
        else:
            name, _, value = line.partition("=")
            outputs[name] = value
    return outputs


def declared_outputs():
    text = (ROOT / "action.yml").read_text()
    block = text[text.index("\noutputs:"):text.index("\nruns:")]
    return set(re.findall(r"^  ([a-z-]+):$", block, re.MULTILINE))


def pages(version, count=20):
    files = {f"docs/page-{number:03}/index.html": f"page {number} {version if number % 7 == 0 else 0}" for number in range(count)}
    return files | {"index.html": f"home {version}", "404.html": "missing", "images/café.png": f"image {version}"}


def image_checks(check):
    config = json.loads(docker("image", "inspect", IMAGE))[0]
    settings = config["Config"]
    # BuildKit writes the default as "/".
    check("no user, no working directory", not settings.get("User") and settings.get("WorkingDir", "") in ("", "/"), settings)
    check("the entry point is absolute, in exec form", settings["Entrypoint"] == ["/cloudfront-delta"], settings["Entrypoint"])
    labels = {name.removeprefix("org.opencontainers.image.") for name in settings.get("Labels") or {}}
    check("labels", {"source", "version", "revision", "licenses"} <= labels, labels)
    container = docker("create", IMAGE)
    try:
        archive = subprocess.run(["docker", "export", container], check=True, capture_output=True).stdout
    finally:
        docker("rm", container)
    listed = subprocess.run(["tar", "t"], input=archive, check=True, capture_output=True).stdout.decode().split()
    made_by_docker = re.compile(r"(dev|proc|sys)/|\.dockerenv$|etc/(hostname|hosts|resolv\.conf|mtab)$")
    files = [name for name in listed if not name.endswith("/") and not made_by_docker.match(name)]
    expected = ["cloudfront-delta", "etc/ssl/certs/ca-certificates.crt", "licenses/LICENSE-APACHE", "licenses/LICENSE-MIT"]
    check("nothing else in the image", sorted(files) == expected, files)
    # What is linked for tests alone is not optimised as a whole, and bigger.
    if "CFD_STATIC_BINARY" not in os.environ:
        measured = subprocess.run([ROOT / "scripts/image-size.sh", IMAGE], capture_output=True, text=True)
        print(f"      {measured.stdout.strip()}")
        check("as small as promised", measured.returncode == 0, measured.stderr)


def deploy_checks(check, job, standin):
    inputs = {"distribution-id": "E2EXAMPLE1", "site": "public", "manifest": "state/manifest.json",
              "report-file": "reports/new/report.json", "summary-file": "reports/new/summary.md", "max-paths": ""}
    job.site(pages(1))
    first = job.run(inputs)
    check("first deploy: exit status 0", first.status == 0, first.log)
    check("every declared output is there, and no other", set(first.outputs) == declared_outputs(), first.outputs)
    check("first deploy: outputs", (first.outputs.get("mode"), first.outputs.get("invalidated"), first.outputs.get("paths")) == ("first-deploy", "true", '["/*"]'), first.outputs)
    check("report-file is relative to the workspace", first.outputs.get("report-file") == "reports/new/report.json", first.outputs)
    check("there is a step summary", first.summary.startswith("### "), first.summary)
    check("the summary file has the same", (job.workspace / "reports/new/summary.md").read_text() == first.summary)
    owners = {(p.stat().st_uid, p.stat().st_gid) for p in job.workspace.rglob("*")}
    check("all that was written belongs to the workspace's owner", owners == {(UID, GID)}, owners)

    job.site(pages(2))
    delta = job.run(inputs | {"wait": "true"})
    paths = json.loads(delta.outputs.get("paths") or "[]")
    check("delta: exit status 0, Completed", (delta.status, delta.outputs.get("mode"), delta.outputs.get("status")) == (0, "delta", "Completed"), delta.log)
    check("delta: what changed is covered", "/" in paths and "/docs/page-007/*" in paths or "/docs/page-007/" in paths, paths)
    check("delta: sent as said", sorted(standin.invalidations()[-1]["paths"]) == sorted(paths), (standin.invalidations()[-1], paths))

    before = len(standin.invalidations())
    unchanged = job.run(inputs)
    check("unchanged: exit status 0, no request", (unchanged.status, unchanged.outputs.get("mode"), len(standin.invalidations())) == (0, "unchanged", before), unchanged.log)

    explicit = job.run({"distribution-id": "E2EXAMPLE1", "paths": "/a.html\n/images/*\n"})
    check("an input of several lines", (explicit.status, json.loads(explicit.outputs.get("paths") or "[]")) == (0, ["/a.html", "/images/*"]), explicit.log)

    bad = job.run({"site": "public", "max-paths": "many", "wait": "perhaps"})
    check("bad inputs: exit status 2, one annotation that lists them all", bad.status == 2 and len(bad.errors()) == 1 and all(word in bad.errors()[0] for word in ("distribution-id", "max-paths", "wait", "manifest")), bad.log)
    check("bad inputs: outputs are there", bad.outputs.get("invalidated") == "false", bad.outputs)

    lost = job.run(inputs | {"distribution-id": "E404EXAMPLE", "manifest": "state/lost.json"})
    check("failure: exit status 1, one annotation with title and hint", lost.status == 1 and len(lost.errors()) == 1 and lost.errors()[0].startswith("::error title=cloudfront-delta%3A no-such-distribution::") and "hint: " in lost.errors()[0], lost.log)
    check("failure: the summary says the same", "NoSuchDistribution" in lost.summary, lost.summary)

    docker("run", "--rm", "-v", f"{job.workspace}:/w", "-w", "/w", IMAGE, "--site", "public", "--write-listing", "site.listing.json.gz")
    listed = job.run(inputs | {"site": "site.listing.json.gz"})
    check("a listing stands for the site", (listed.status, listed.outputs.get("mode")) == (0, "unchanged"), listed.log)
    stat = (job.workspace / "site.listing.json.gz").stat()
    check("the listing belongs to the workspace's owner", (stat.st_uid, stat.st_gid) == (UID, GID))

    job.site(pages(3) | {"::error::owned.html": "x", "a\n::set-output name=mode::owned": "y", "##[error]z.html": "z"})
    hostile = job.run(inputs | {"max-paths": "100"}, {"RUNNER_DEBUG": "1"})
    others = [line for line in hostile.commands if not re.match(r"::(group|endgroup|warning title=cloudfront-delta)\b", line)]
    check("hostile names: no command but ours", hostile.status == 0 and not others and "##[" not in hostile.log, hostile.log)


def signal_checks(check, job, standin):
    inputs = {"distribution-id": "E2EXAMPLE1", "site": "public", "manifest": "state/signals.json"}
    job.site(pages(1))
    ended = job.interrupt(inputs | {"wait": "true"}, "waiting for completion", signal.SIGINT)
    check("SIGINT while waiting: exit status 1 within 5 s", ended.status == 1 and ended.seconds < 5, (ended.seconds, ended.log))
    check("SIGINT while waiting: outputs and annotation", ended.outputs.get("invalidated") == "true" and len(ended.errors()) == 1, ended.log)
    check("SIGINT while waiting: the deploy is remembered", job.run(inputs).outputs.get("mode") == "unchanged")

    job.site(pages(2))
    standin.call("PUT", "quotas", {"files_in_progress": 0, "wildcards_in_progress": 0, "items_per_request": 3000})
    ended = job.interrupt(inputs, "quota of invalidations in progress is full", signal.SIGTERM)
    check("SIGTERM while the quota is full: exit status 1 within 5 s", ended.status == 1 and ended.seconds < 5, (ended.seconds, ended.log))
    check("SIGTERM while the quota is full: the state is said", "nothing was submitted" in ended.log, ended.log)
    standin.call("PUT", "quotas", {"files_in_progress": 3000, "wildcards_in_progress": 15, "items_per_request": 3000})
    again = job.run(inputs)
    check("the next run continues it", (again.status, again.outputs.get("mode")) == (0, "delta") and again.outputs.get("deploy-id") == ended.outputs.get("deploy-id"), again.log)


def speed_check(check, job):
    """A dry run of 250 files, as a person on a laptop starts it; and what Docker takes of that."""
    job.site(pages(1, 247))
    shutil.copytree(job.workspace / "public", job.workspace / "old")
    job.site(pages(2, 247))

    def seconds(*arguments):
        started = time.monotonic()
        docker("run", "--rm", "-v", f"{job.workspace}:/w", "-w", "/w", IMAGE, *arguments)
        return time.monotonic() - started

    # In turn, and the least of each, because on a machine that does other things too the rest
    # measures those; and there Docker alone may take longer.
    times, bare = [], []

    def quick():
        return min(times) <= 0.4 or min(times) - min(bare) <= 0.05

    started = time.monotonic()
    while len(times) < 10 or not quick() and time.monotonic() - started < 60:
        bare.append(seconds("--version"))
        times.append(seconds("--site", "public", "--previous", "old", "--dry-run"))
    print(f"      docker run to exit: dry run of 250 files median {statistics.median(times):.3f} s, least {min(times):.3f} s; "
          f"--version median {statistics.median(bare):.3f} s, least {min(bare):.3f} s")
    if not quick() and os.getloadavg()[0] > 2 * os.cpu_count():
        print(f"skip  dry run of 250 files in 0.4 s: the machine is too busy to tell (load {os.getloadavg()[0]:.0f})")
    else:
        check("dry run of 250 files: at most 0.4 s, or 0.05 s more than Docker takes alone", quick(), times)


def main():
    check = Checks()
    if "--no-build" not in sys.argv:
        subprocess.run([ROOT / "scripts/build-image.sh", IMAGE], check=True)
    subprocess.run(["docker", "network", "rm", NETWORK], capture_output=True)
    docker("network", "create", NETWORK)
    gateway = docker("network", "inspect", NETWORK, "--format", "{{(index .IPAM.Config 0).Gateway}}")
    jobs, standins = [], []
    try:
        image_checks(check)
        for checks, flags in ((deploy_checks, ("--complete-after", "100")), (signal_checks, ("--complete-on-demand",))):
            standins.append(Standin(gateway, *flags))
            jobs.append(Job(standins[-1].url))
            checks(check, jobs[-1], standins[-1])
        jobs.append(Job("http://127.0.0.1:9"))
        speed_check(check, jobs[-1])
    finally:
        for standin in standins:
            standin.stop()
        subprocess.run(["docker", "network", "rm", NETWORK], capture_output=True)
        # The images of earlier runs, which lost their tag to this one's.
        subprocess.run(["docker", "image", "prune", "--force", "--filter", "label=org.opencontainers.image.title=cloudfront-delta"], capture_output=True)
        for job in jobs:
            shutil.rmtree(job.root, ignore_errors=True)
    print(f"{check.failed} failed" if check.failed else "all passed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
