#!/usr/bin/env bash
# Everything that is not labelled nightly: installs what is missing, builds the release preset and the other two columns
# of the determinism matrix, runs ctest (with the guards of tests/guards.cmake). Its last lines are ctest's own.
#   DREY_JOBS=N    processes at a time (default: all cores)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${DREY_JOBS:-$(nproc)}

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

step "packages"
tools/install_packages.sh

for preset in release clang clang-libc++; do
  step "build $preset"
  cmake --preset "$preset" >/dev/null
  targets=(all)
  # The columns need the binary for the hashes and the tests that the sanitizers are there for.
  [ "$preset" != clang ] || targets=(drey scenario_reader_fuzz)
  # -O0 with sanitizers is slow: the rooms that everything stands on as unit tests, the rest through the library's runs.
  [ "$preset" != clang-libc++ ] || targets=(drey sim_test state_test)
  cmake --build "build/$preset" --parallel "$jobs" --target "${targets[@]}"
done

step "unit tests under clang, libc++, ASan and UBSan"
ctest --test-dir build/clang-libc++ --label-regex unit --exclude-regex _NOT_BUILT --no-tests=error --output-on-failure \
  --parallel "$jobs" --timeout 600 | tail -n 20

step "all tests of the release preset"
DREY_MATRIX_REQUIRED=1 ctest --test-dir build/release --label-exclude nightly --output-on-failure \
  --parallel "$jobs" --no-tests=error
