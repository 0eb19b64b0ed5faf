#!/usr/bin/env bash
# Builds the Dockerfile from source where no image registry can be reached, on local base images:
# scripts/with-docker.sh scripts/build-image-offline.sh
#
# Then changes one source file and builds again, which shows that the dependencies are cached.
# Crates come from crates.io.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/local-base.sh

# Debian's client has BuildKit built in; others need the buildx plugin.
docker=docker
docker buildx version >/dev/null 2>&1 || docker=/usr/bin/docker
export DOCKER_BUILDKIT=1

context=$(mktemp -d)
trap 'rm -r "$context"' EXIT
mkdir -p "$context/tests/standin" "$context/scripts"
cp -r Dockerfile .dockerignore Cargo.toml Cargo.lock LICENSE-MIT LICENSE-APACHE src "$context/"
cp tests/standin/Cargo.toml "$context/tests/standin/"
cp scripts/build-static.sh scripts/no-unwind-tables.ld "$context/scripts/"

build() {
  local started=$SECONDS
  "$docker" build --network host --progress plain --build-arg RUST_IMAGE=cfd-local/rust:local \
    --tag cloudfront-delta:source "$context" >"$context/log" 2>&1 || {
    tail -30 "$context/log" >&2
    exit 1
  }
  echo "$1: $((SECONDS - started)) s"
}
build "from source"
echo '// A change of no consequence.' >>"$context/src/main.rs"
build "after a change of the source"
scripts/image-size.sh cloudfront-delta:source
docker run --rm cloudfront-delta:source --version
