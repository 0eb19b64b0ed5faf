# `make test` passes everything on a machine with Rust and Python; the rest is in parts.

.PHONY: test lint e2e image summaries sync

# Every test, the program in a container among them, then the linters. Other AWS clients and moto live
# in target/venv.
test:
	scripts/setup.sh tests
	CFD_VENV="$(CURDIR)/target/venv" cargo test --release --workspace --locked
	scripts/end-to-end.sh --if-possible
	$(MAKE) --no-print-directory lint

# Code, workflows, container, texts, links, examples.
lint:
	scripts/setup.sh lint
	scripts/lint.sh

# The workflow in .github/workflows/e2e.yml in a real runner, and the container as GitHub runs it.
# `make test` has it too, and passes it over where there can be no Docker daemon.
e2e:
	scripts/end-to-end.sh

# A from-source build of the Dockerfile with local base images: slow, once a release.
image:
	scripts/with-docker.sh scripts/build-image-offline.sh

# Pictures of the step summaries, below target/summaries.
summaries:
	scripts/setup.sh lint
	scripts/render-summaries.py

# Writes the tables of action.yml and README.md from the code.
sync:
	scripts/sync-docs.py
