#!/usr/bin/env bash
# Measures the figures that the README quotes; rates are per second of processor time. Builds the release preset.
#   tools/bench.sh           a table with the goals
#   tools/bench.sh --json    one flat JSON document on stdout and nothing else
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  "" | --json) ;;
  *) echo "usage: tools/bench.sh [--json]" >&2; exit 2 ;;
esac

{
  tools/install_packages.sh --build
  cmake --preset release -DDREY_WITH_BENCHMARKS=ON
  cmake --build build/release --target drey_bench --parallel "$(nproc)"
} >&2
exec build/release/tests/bench/drey_bench "$@"
