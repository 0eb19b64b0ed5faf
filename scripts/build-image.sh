#!/usr/bin/env bash
# Builds the image around this machine's static binary: scripts/build-image.sh TAG
#
# Takes seconds once the binary is there; the final layers are those of a release.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=$1
case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *)
    echo "build-image: no images for $(uname -m)" >&2
    exit 1
    ;;
esac

binary=$(scripts/build-static.sh --quiet | tail -1)

context=$(mktemp -d)
trap 'rm -r "$context"' EXIT
mkdir -p "$context/dist/$arch"
cp LICENSE-MIT LICENSE-APACHE "$context/"
cp "$binary" "$context/dist/$arch/"
cp /etc/ssl/certs/ca-certificates.crt "$context/dist/"
# Without the stages that are not needed, because a builder that is not BuildKit runs them all.
awk '/^FROM/ { skip = !/ AS (base|binary)$/ } !skip' Dockerfile >"$context/Dockerfile"
docker build --quiet --target binary --tag "$tag" \
  --build-arg "TARGETARCH=$arch" \
  --build-arg "VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)" \
  --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
  "$context" >/dev/null
