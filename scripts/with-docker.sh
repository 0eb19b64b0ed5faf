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
root=${CFD_DOCKER_ROOT:-/var/tmp/cloudfront-delta-docker}
mkdir -p "$root"
if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
  {
    apt-get update -q && apt-get install -y -q --no-install-recommends docker.io iptables
  } >"$root/install.log" 2>&1 || {
    tail -5 "$root/install.log" >&2
    echo "with-docker: docker.io and iptables can't be installed" >&2
    exit 1
  }
fi

# One daemon at a time: two can't share the directory, nor the bridge.
exec 9>"$root/lock"
flock --nonblock 9 || {
  echo "with-docker: waiting for another run's daemon to end" >&2
  flock 9
}
# Whoever held the lock is gone, and a number in a file left behind may be another process's by now.
rm -f "$root/docker.pid" "$root/docker.sock"
export DOCKER_HOST=unix://$root/docker.sock
# Without the lock's descriptor, which a process that outlives this one would hold on to.
dockerd --data-root "$root/data" --exec-root "$root/exec" --pidfile "$root/docker.pid" \
  --host "$DOCKER_HOST" >"$root/dockerd.log" 2>&1 9>&- &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null || true' EXIT
up=
for _ in $(seq 120); do
  docker version >/dev/null 2>&1 && up=yes && break
  kill -0 "$daemon" 2>/dev/null || break
  sleep 0.5
done
[ -n "$up" ] || {
  tail -5 "$root/dockerd.log" >&2
  echo "with-docker: the daemon did not start; its log is $root/dockerd.log" >&2
  exit 1
}
"$@" 9>&-
