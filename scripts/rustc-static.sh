#!/usr/bin/env bash
# What cargo runs in place of rustc for this workspace's own crates (.cargo/config.toml): the program
# is linked statically, all else as ever.
#
# Not a plain sh: some drop CARGO_BIN_EXE_cloudfront-delta, whose name is none of a shell's variables.
set -eu
case " $* " in
  *" --crate-name cloudfront_delta "*" --crate-type bin "*) exec "$@" -C target-feature=+crt-static ;;
esac
exec "$@"
