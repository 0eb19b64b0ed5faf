#!/usr/bin/env bash
# Packs the release's tarballs with their checksums: scripts/pack-release.sh VERSION DIST OUT, where
# DIST has <arch>/cloudfront-delta.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1 dist=$2 out=$3

mkdir -p "$out"
for arch in amd64 arm64; do
  case $arch in
    amd64) name=x86_64 ;;
    arm64) name=aarch64 ;;
  esac
  [ -e "$dist/$arch/cloudfront-delta" ] || {
    echo "pack-release: $dist/$arch/cloudfront-delta is missing" >&2
    exit 1
  }
  stage=$(mktemp -d)
  install -m 0755 "$dist/$arch/cloudfront-delta" "$stage/"
  install -m 0644 LICENSE-MIT LICENSE-APACHE CHANGELOG.md "$stage/"
  # The same input gives the same bytes: no times, no owners, sorted.
  tar --create --directory "$stage" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
    CHANGELOG.md LICENSE-APACHE LICENSE-MIT cloudfront-delta |
    gzip --no-name --best >"$out/cloudfront-delta-$version-$name-linux.tar.gz"
  rm -r "$stage"
done
(cd "$out" && sha256sum -- *.tar.gz >SHA256SUMS)
