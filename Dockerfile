# The image of the action. Two ways, one final layout:
#
#   docker build .                   builds from source (what `image: Dockerfile` does)
#   docker build --target binary .   wraps dist/<arch>/cloudfront-delta, which a release built
#
# Nothing below uses a shell in the final image, a user or a working directory: GitHub's runner sets
# the working directory, and files are given to the workspace's owner by the program itself, which
# only root may do.

# An argument, so that a machine without a registry can name an image of its own.
ARG RUST_IMAGE=rust:1.95-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082

FROM ${RUST_IMAGE} AS build
ENV CARGO_TERM_COLOR=never
WORKDIR /build
# Dependencies first, in a layer that only the manifests and the build's flags invalidate. The
# targets that are not shipped are cut out of the manifest, because cargo wants their files.
COPY Cargo.toml Cargo.lock ./
COPY tests/standin/Cargo.toml tests/standin/
COPY scripts/build-static.sh scripts/no-unwind-tables.ld scripts/
RUN for manifest in Cargo.toml tests/standin/Cargo.toml; do \
      awk '/^\[\[(test|bench|example)\]\]/ { skip = 1; next } /^\[/ { skip = 0 } !skip' "$manifest" > manifest.cut \
      && mv manifest.cut "$manifest" || exit 1; \
    done \
    && mkdir -p src tests/standin/src \
    # Documented, because the manifest's lints refuse a crate that is not.
    && printf '//! Stub.\n' > src/lib.rs \
    && printf '//! Stub.\nfn main() {}\n' > src/main.rs \
    && cp src/lib.rs src/main.rs tests/standin/src/ \
    && scripts/build-static.sh
COPY src src
# The stubs are newer than the sources of a checkout, and cargo compares times.
RUN find src -name '*.rs' -exec touch {} + \
    && scripts/build-static.sh \
    && cp target/*/dist/cloudfront-delta /cloudfront-delta

FROM scratch AS base
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="cloudfront-delta" \
      org.opencontainers.image.description="Invalidates in CloudFront exactly what a deploy changed" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
ENTRYPOINT ["/cloudfront-delta"]

FROM base AS binary
ARG TARGETARCH
COPY LICENSE-MIT LICENSE-APACHE /licenses/
COPY dist/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY dist/${TARGETARCH}/cloudfront-delta /cloudfront-delta

FROM base AS source
COPY LICENSE-MIT LICENSE-APACHE /licenses/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /cloudfront-delta /cloudfront-delta
