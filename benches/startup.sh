#!/usr/bin/env bash
# How long one run takes as a whole, beside the AWS CLI's `create-invalidation`.
#
# The release binary deploys a site of 250 files, of which one changed: it scans and hashes the
# site, loads the record, plans, writes the intent, submits, commits. The AWS CLI submits one path.
# Both talk plain HTTP to the stand-in on loopback, with static credentials; site and record lie on
# tmpfs. A run that sent nothing would not count: afterwards the stand-in is asked how many
# invalidations it accepted.
#
# Needs hyperfine, and the AWS CLI in target/venv (`scripts/setup.sh tests`) or in CFD_VENV.
set -euo pipefail
cd "$(dirname "$0")/.."

# The targets: milliseconds at the median, and how many times faster than the AWS CLI.
most_ms=25
least_times_faster=25
runs=100
cli_runs=10
warmup=3

venv=${CFD_VENV:-$PWD/target/venv}
command -v hyperfine >/dev/null || {
  echo "startup: hyperfine is missing; apt-get install hyperfine" >&2
  exit 1
}
[ -x "$venv/bin/aws" ] || {
  echo "startup: $venv/bin/aws is missing; run scripts/setup.sh tests" >&2
  exit 1
}
cargo build --release --quiet --locked --package cloudfront-delta --package cloudfront-standin

tmpfs=/dev/shm
[ "$(stat --file-system --format=%T "$tmpfs")" = tmpfs ] || {
  echo "startup: $tmpfs is no tmpfs" >&2
  exit 1
}
directory=$(mktemp --directory --tmpdir="$tmpfs" cloudfront-delta.XXXXXX)
standin=
finish() {
  [ -z "$standin" ] || kill "$standin"
  rm -rf "$directory"
}
trap finish EXIT

# 250 files of 10 KiB in ten directories.
mkdir "$directory/site"
for number in $(seq -w 0 249); do
  section=$directory/site/section-${number:2:1}
  mkdir -p "$section"
  printf '%10240s' "page $number" >"$section/page-$number.html"
done

mkfifo "$directory/said"
target/release/cloudfront-standin --distribution E1DELTA --distribution E1CLI >"$directory/said" &
standin=$!
read -r _ _ endpoint <"$directory/said"

# Nothing of the caller's environment, so that neither program looks for profiles or metadata.
clean=(env -i "PATH=$PATH" "HOME=$directory" AWS_ACCESS_KEY_ID=AKIDEXAMPLE
  AWS_SECRET_ACCESS_KEY=example AWS_EC2_METADATA_DISABLED=true AWS_PAGER=)
delta=(target/release/cloudfront-delta --distribution-id=E1DELTA "--site=$directory/site"
  "--manifest=$directory/manifest.json" "--endpoint-url=$endpoint")
cli=("$venv/bin/aws" cloudfront create-invalidation --distribution-id E1CLI --paths /index.html
  --region us-east-1 "--endpoint-url=$endpoint")

# The first deploy invalidates everything; every timed one finds one page changed.
"${clean[@]}" "${delta[@]}" >"$directory/first.log"
change="sh -c 'date +%s%N >$directory/site/section-0/page-000.html'"
"${clean[@]}" hyperfine --shell=none --style=basic --warmup=$warmup --runs=$runs \
  --prepare="$change" --command-name='cloudfront-delta, one deploy' \
  --export-json="$directory/delta.json" "${delta[*]}"
"${clean[@]}" hyperfine --shell=none --style=basic --warmup=$warmup --runs=$cli_runs \
  --command-name='aws cloudfront create-invalidation' \
  --export-json="$directory/cli.json" "${cli[*]}"

python3 - "$directory" "$endpoint" "$((1 + warmup + runs))" "$((warmup + cli_runs))" \
  "$most_ms" "$least_times_faster" <<'PYTHON'
import json, sys, urllib.request

directory, endpoint, *numbers = sys.argv[1:]
delta_calls, cli_calls, most_ms, least_times_faster = map(int, numbers)

for distribution, expected in [("E1DELTA", delta_calls), ("E1CLI", cli_calls)]:
    with urllib.request.urlopen(f"{endpoint}/_standin/invalidations/{distribution}") as answer:
        accepted = len(json.load(answer))
    if accepted != expected:
        sys.exit(f"startup: {distribution} accepted {accepted} invalidations, not {expected}")

def median_ms(name):
    with open(f"{directory}/{name}.json") as file:
        return json.load(file)["results"][0]["median"] * 1000

delta, cli = median_ms("delta"), median_ms("cli")
faster = cli / delta
print(f"cloudfront-delta {delta:.1f} ms, AWS CLI {cli:.0f} ms at the median: {faster:.0f} times faster")
if delta > most_ms or faster < least_times_faster:
    sys.exit(f"startup: the target is {most_ms} ms and {least_times_faster} times faster")
PYTHON
