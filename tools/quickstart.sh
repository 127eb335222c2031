#!/usr/bin/env bash
# From a fresh clone to the first verdict: installs what is missing, builds, runs the quick start. Arguments go to
# `drey run`, e.g. tools/quickstart.sh --seed 7.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/install_packages.sh --build
cmake --preset release
cmake --build build/release --target drey --parallel "$(nproc)"
exec build/release/drey run scenarios/catalogue/quickstart.json "$@"
