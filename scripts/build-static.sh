#!/bin/sh
# Builds the static binary that the image and the releases hold, and says where it is:
# scripts/build-static.sh [CARGO-FLAGS]
#
# The flags are here and not in a profile, because cargo's profiles can't have them, and not in
# .cargo/config.toml, because other builds do not want them:
# - static: the image has no libc; glibc resolves names without further files;
# - packed relocations: a position-independent binary has some 20,000 of them;
# - strip: cargo 1.95 forgets the profile's `strip` where the package has overrides of its own.
set -eu
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-C target-feature=+crt-static -C strip=symbols -C link-arg=-Wl,-z,pack-relative-relocs" \
  cargo build --profile dist --locked --bin cloudfront-delta --target "$target" "$@"
echo "target/$target/dist/cloudfront-delta"
