#!/usr/bin/env bash
# The long tests (ctest label nightly): the whole matrix of mutants and seeds, clang-tidy over all files, long fuzzing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/install_packages.sh
cmake --preset release
cmake --build build/release --parallel "${DREY_JOBS:-$(nproc)}"
ctest --test-dir build/release --label-regex nightly --output-on-failure --parallel "${DREY_JOBS:-$(nproc)}" \
  --no-tests=error
