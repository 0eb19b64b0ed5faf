#!/usr/bin/env bash
# Builds the image around a static binary: scripts/build-image.sh TAG
#
# The binary is $CFD_STATIC_BINARY, or else the one that a release would hold. With that there it
# takes seconds; the final layers are those of a release.
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

binary=${CFD_STATIC_BINARY:-$(scripts/build-static.sh --quiet | tail -1)}

context=$(mktemp -d)
trap 'rm -r "$context"' EXIT
mkdir -p "$context/dist/$arch"
cp LICENSE-MIT LICENSE-APACHE "$context/"
cp "$binary" "$context/dist/$arch/cloudfront-delta"
cp /etc/ssl/certs/ca-certificates.crt "$context/dist/"
# Without the stages that are not needed, because a builder that is not BuildKit runs them all.
awk '/^FROM/ { skip = !/ AS (base|binary)$/ } !skip' Dockerfile >"$context/Dockerfile"
docker build --quiet --target binary --tag "$tag" \
  --build-arg "TARGETARCH=$arch" \
  --build-arg "VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)" \
  --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
  "$context" >/dev/null
