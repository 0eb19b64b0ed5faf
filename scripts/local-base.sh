#!/usr/bin/env bash
# Makes a local base image where no registry can be reached: cfd-local/rust:local is Debian 12 with
# gcc, CA certificates and this machine's Rust toolchain.
#
# Needs a Docker daemon, root and debootstrap; the tree is kept below $CFD_DOCKER_ROOT.
set -euo pipefail
cd "$(dirname "$0")/.."
root=${CFD_DOCKER_ROOT:-/var/tmp/cloudfront-delta-docker}
tree=$root/bookworm
mirror=${CFD_DEBIAN_MIRROR:-http://deb.debian.org/debian}

if [ ! -e "$tree/.ready" ]; then
  command -v debootstrap >/dev/null || {
    apt-get update -q
    apt-get install -y -q --no-install-recommends debootstrap
  }
  rm -rf "$tree"
  debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev bookworm "$tree" "$mirror" >"$root/debootstrap.log"
  rm -rf "$tree/var/cache/apt" "$tree/var/lib/apt/lists"
  # Behind an inspecting proxy only this machine's authorities are of use.
  cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
  touch "$tree/.ready"
fi

if ! docker image inspect cfd-local/rust:local >/dev/null 2>&1; then
  rm -rf "$tree-rust"
  cp -al "$tree" "$tree-rust"
  # Of the toolchain what compiling needs, not its documentation.
  tar -c -C "$(rustc --print sysroot)" --exclude=./share . | tar -x -C "$tree-rust/usr/local"
  tar -c -C "$tree-rust" . |
    docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' - cfd-local/rust:local >/dev/null
  rm -rf "$tree-rust"
fi
