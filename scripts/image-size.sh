#!/usr/bin/env bash
# How big an image is, and an error if that is more than users were promised:
# scripts/image-size.sh IMAGE
set -euo pipefail
most=10000000 most_compressed=4500000

size=$(docker image inspect --format '{{.Size}}' "$1")
compressed=$(docker save "$1" | gzip -6 | wc -c)
echo "image: $size bytes, $compressed compressed"
if [ "$size" -gt "$most" ] || [ "$compressed" -gt "$most_compressed" ]; then
  echo "image-size: more than $most bytes, or $most_compressed compressed" >&2
  exit 1
fi
