#!/usr/bin/env bash
# Sets up, below target/ alone, what tests and linters need beside Rust. Each part is made once, and
# again when its list of versions changes.
#
#   scripts/setup.sh tests   target/venv: other AWS clients, moto; strace, from Debian
#   scripts/setup.sh lint    target/lint: linters from PyPI and npm; target/tools: from crates.io;
#                            from Debian, where that is possible, shellcheck
#   scripts/setup.sh e2e     target/tools: wrkflw, a runner for workflows
set -euo pipefail
cd "$(dirname "$0")/.."

CARGO_DENY=0.20.2
CARGO_MACHETE=0.9.2
WRKFLW=0.8.0

python=${PYTHON:-python3}

# Installs packages of Debian's: as root, or on CI as whoever may become root without a password.
apt_install() {
  local become=()
  if [ "$(id -u)" != 0 ]; then
    [ -n "${CI:-}" ] && sudo -n true 2>/dev/null || return 1
    become=(sudo -n)
  fi
  "${become[@]}" apt-get update -q && "${become[@]}" apt-get install -y -q --no-install-recommends "$@"
}

# A virtual environment with the packages of a requirements file.
venv() {
  local directory=$1 requirements=$2 stamp
  stamp=$(sha256sum <"$requirements" | cut -c1-16)
  [ -e "$directory/.ready-$stamp" ] && return
  rm -rf "$directory"
  mkdir -p target
  if ! "$python" -m venv "$directory" >/dev/null 2>&1; then
    # Debian keeps the venv module in a package of its own.
    rm -rf "$directory"
    apt_install python3-venv || {
      echo "setup: \`$python -m venv\` does not work; install python3-venv" >&2
      exit 1
    }
    "$python" -m venv "$directory"
  fi
  "$directory/bin/pip" install -q --disable-pip-version-check -r "$requirements"
  touch "$directory/.ready-$stamp"
}

# Programs of Debian's.
debian() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null && continue
    apt_install "$name" || {
      echo "setup: install $name" >&2
      return 1
    }
  done
}

# A program from crates.io. Unoptimised: compiling takes longer than all that it then does here.
cargo_tool() {
  local name=$1 version=$2
  [ -e "target/tools/.ready-$name-$version" ] && return
  CARGO_TARGET_DIR=$PWD/target/tools/build CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 \
    cargo install -q --locked --debug --root target/tools --version "$version" "$name"
  touch "target/tools/.ready-$name-$version"
}

npm_packages() {
  local stamp
  stamp=$(sha256sum <scripts/package.json | cut -c1-16)
  [ -e "target/lint/node/.ready-$stamp" ] && return
  mkdir -p target/lint/node
  cp scripts/package.json target/lint/node/
  PATH=$PWD/target/lint/bin:$PATH npm install --prefix target/lint/node --silent --no-audit --no-fund \
    --ignore-scripts
  touch "target/lint/node/.ready-$stamp"
}

for part in "$@"; do
  case $part in
    tests)
      venv target/venv tests/requirements.txt
      debian strace
      ;;
    lint)
      venv target/lint scripts/requirements-lint.txt
      npm_packages
      cargo_tool cargo-deny "$CARGO_DENY"
      cargo_tool cargo-machete "$CARGO_MACHETE"
      # Without it scripts/lint.sh passes its check over, and says so.
      debian shellcheck || true
      ;;
    e2e)
      cargo_tool wrkflw "$WRKFLW"
      ;;
    *)
      echo "setup: unknown part $part" >&2
      exit 2
      ;;
  esac
done
