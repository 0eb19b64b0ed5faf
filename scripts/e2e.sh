#!/usr/bin/env bash
# Runs .github/workflows/e2e.yml in wrkflw with a real Docker daemon and the stand-in for CloudFront:
# scripts/with-docker.sh scripts/e2e.sh; scripts/end-to-end.sh sets up what it needs.
#
# wrkflw builds the Dockerfile for each `uses: ./`. So it gets a copy of the repository in which the
# Dockerfile is only what wraps a binary, and the binary is this machine's static one.
set -euo pipefail
cd "$(dirname "$0")/.."
port=4577 # as in the workflow
wrkflw=${WRKFLW:-target/tools/bin/wrkflw}
standin=${CFD_STANDIN:-target/release/cloudfront-standin}

# `run:` steps need an image called ubuntu:latest. Where it can't be pulled, this machine's shell will
# do: they call no other program.
if ! docker image inspect ubuntu:latest >/dev/null 2>&1 && ! docker pull -q ubuntu:latest 2>/dev/null; then
  {
    printf '%s\n' /bin/bash /bin/sh
    ldd /bin/bash /bin/sh | grep -o '/[^ ]*[^ :]'
  } | sort -u | tar -ch --absolute-names --files-from=- | docker import - ubuntu:latest >/dev/null
fi
gateway=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}')
[ -x "$standin" ] || cargo build --quiet --release --locked -p cloudfront-standin
binary=${CFD_STATIC_BINARY:-$(scripts/build-static.sh --quiet | tail -1)}
arch=$(docker version --format '{{.Server.Arch}}')

# wrkflw leaves an image behind for each use of the action.
images() { docker image ls --quiet --filter reference=wrkflw-local-action | sort -u; }
before=$(images)

copy=$(mktemp -d)
"$standin" --listen "$gateway:$port" --distribution E2EXAMPLE1 --complete-after 300 --require-authorization >"$copy.standin" &
standin_id=$!
trap 'kill "$standin_id" 2>/dev/null; rm -rf "$copy" "$copy.standin" "$copy.log"' EXIT

mkdir -p "$copy/dist/$arch" "$copy/tests" "$copy/.github/workflows"
cp action.yml LICENSE-MIT LICENSE-APACHE "$copy/"
cp -r tests/e2e "$copy/tests/"
# Without holes: wrkflw packs them in a way that Docker can't unpack.
cp --sparse=never "$binary" "$copy/dist/$arch/cloudfront-delta"
cp /etc/ssl/certs/ca-certificates.crt "$copy/dist/"
awk '/^FROM/ { skip = !/ AS (base|binary)$/ } !skip' Dockerfile | sed "s/^ARG TARGETARCH$/ARG TARGETARCH=$arch/" >"$copy/Dockerfile"
# The address is written into the workflow; another default network needs another one.
sed "s/172\.17\.0\.1/$gateway/" .github/workflows/e2e.yml >"$copy/.github/workflows/e2e.yml"
git -C "$copy" init --quiet

status=0
wrkflw=$(realpath "$wrkflw")
(cd "$copy" && "$wrkflw" run --runtime docker --verbose .github/workflows/e2e.yml) >"$copy.log" 2>&1 || status=$?
if [ "$status" != 0 ] || [ -n "${VERBOSE:-}" ]; then
  cat "$copy.log"
fi
images | comm -13 <(echo "$before") - | xargs --no-run-if-empty docker image rm --force >/dev/null

sent=$(curl -fsS "http://$gateway:$port/_standin/invalidations/E2EXAMPLE1" | grep -o '"id"' | wc -l)
echo "e2e: exit status $status, $sent invalidations"
[ "$status" = 0 ] && [ "$sent" = 2 ]
