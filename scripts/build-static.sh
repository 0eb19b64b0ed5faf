#!/bin/sh
# Builds the static binary that the image and the releases hold, and says where it is:
# scripts/build-static.sh [CARGO-FLAGS]
#
# The flags are here and not in a profile, because cargo's profiles can't have them, and not in
# .cargo/config.toml, because other builds do not want them:
# - static: the image has no libc; glibc resolves names without further files;
# - packed relocations: a position-independent binary has some 20,000 of them;
# - no tables for unwinding: see the linker script, whose path is relative to the workspace's root;
# - strip: cargo 1.95 forgets a profile's `strip` where a package has overrides of its own.
set -eu
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-C target-feature=+crt-static -C strip=symbols -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,-T,scripts/no-unwind-tables.ld" \
  cargo build --profile dist --locked --bin cloudfront-delta --target "$target" "$@"
echo "target/$target/dist/cloudfront-delta"
