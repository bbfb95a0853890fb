#!/bin/sh
# Writes both locks anew from pyproject.toml: every version pinned and hashed, for every platform, without URLs.
# Needs uv on PATH (pip install uv). Run it after changing a dependency, and commit the result.
set -eu
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"; }
compile pyproject.toml -o deploy/requirements.lock
compile --group pyproject.toml:dev --extra plot --extra compare pyproject.toml -o deploy/requirements-dev.lock
