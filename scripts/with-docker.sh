#!/usr/bin/env bash
# Runs a command with a Docker daemon: the one that is there, or one of its own that is stopped
# afterwards. Its own one needs root and Debian's docker.io, which it installs, and keeps everything
# below $CFD_DOCKER_ROOT (/var/tmp/cloudfront-delta-docker).
set -euo pipefail

if docker version >/dev/null 2>&1; then
  exec "$@"
fi

[ "$(id -u)" = 0 ] || {
  echo "with-docker: no Docker daemon answers, and only root can start one" >&2
  exit 1
}
if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
  apt-get update -q
  apt-get install -y -q --no-install-recommends docker.io iptables
fi
root=${CFD_DOCKER_ROOT:-/var/tmp/cloudfront-delta-docker}
mkdir -p "$root"
export DOCKER_HOST=unix://$root/docker.sock
dockerd --data-root "$root/data" --exec-root "$root/exec" --pidfile "$root/docker.pid" \
  --host "$DOCKER_HOST" >"$root/dockerd.log" 2>&1 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null || true' EXIT
for _ in $(seq 60); do
  docker version >/dev/null 2>&1 && break
  kill -0 "$daemon" 2>/dev/null || {
    tail -5 "$root/dockerd.log" >&2
    exit 1
  }
  sleep 0.5
done
"$@"
