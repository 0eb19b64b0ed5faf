#!/usr/bin/env bash
# The container as GitHub's runner starts it, and the action in a workflow, with a real Docker daemon:
#
#   scripts/end-to-end.sh                 fails where there can be no daemon
#   scripts/end-to-end.sh --if-possible   says so there and succeeds, except on CI ($CI)
#
# CFD_STATIC_BINARY names the binary to put into the container; without it, it is the tests' one.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --if-possible ] && [ -z "${CI:-}" ] && ! reason=$(scripts/with-docker.sh true 2>&1); then
  printf 'skip  end to end, no Docker:\n%s\n' "$reason"
  exit 0
fi
scripts/setup.sh e2e
if [ -z "${CFD_STATIC_BINARY:-}" ]; then
  # Every build is static (.cargo/config.toml). With the example, cargo resolves features as it does
  # for tests, so that nothing is compiled twice.
  cargo build --quiet --release --workspace --locked --bins --example quickstart
  export CFD_STATIC_BINARY=target/release/cloudfront-delta
fi
scripts/with-docker.sh sh -euc 'scripts/run-like-github.py; scripts/e2e.sh'
