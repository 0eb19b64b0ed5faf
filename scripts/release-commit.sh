#!/usr/bin/env bash
# Points action.yml at a released image, commits that on top of HEAD without a branch, and tags the
# commit: scripts/release-commit.sh VERSION IMAGE@sha256:DIGEST
#
# A branch keeps `image: Dockerfile`, so that `uses:` of any other commit runs that commit's code.
# The same arguments on the same HEAD give the same objects, so that a release that was cut off can be
# run again: pushing the tag a second time changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1 image=$2

[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || {
  echo "release-commit: \`$version\` is not a version such as 1.2.3" >&2
  exit 2
}
[[ $image =~ ^[a-z0-9./_-]+@sha256:[0-9a-f]{64}$ ]] || {
  echo "release-commit: \`$image\` is not name@sha256:digest" >&2
  exit 2
}

git switch --quiet --detach
sed -i "s|^  image: Dockerfile\$|  image: docker://$image|; /^  # A release replaces this/d" action.yml
grep -qxF "  image: docker://$image" action.yml || {
  echo "release-commit: action.yml has no \`image: Dockerfile\` to replace" >&2
  exit 1
}
git add action.yml
GIT_AUTHOR_DATE=$(git log -1 --format=%cI)
export GIT_AUTHOR_DATE GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  commit --quiet --message "Release $version"
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  tag --annotate "v$version" --message "v$version"
