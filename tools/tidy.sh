#!/usr/bin/env bash
# clang-tidy over the rooms (.clang-tidy). All files take many minutes, hence label nightly; with names only those, with
# --changed those that differ from main.
#   tools/tidy.sh [--changed | FILE...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

files=("$@")
if [ "${1:-}" = --changed ]; then
  mapfile -t files < <(git diff --name-only --diff-filter=d main -- '*.cc' ':!tests')
elif [ $# -eq 0 ]; then
  mapfile -t files < <(find sim state model reports scenarios tools -name '*.cc' | LC_ALL=C sort)
fi
[ ${#files[@]} -gt 0 ] || { echo "no files"; exit 0; }
# The compile commands of the clang preset: its warnings and headers are the ones clang-tidy understands.
[ -f build/clang/compile_commands.json ] || cmake --preset clang >/dev/null
printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "${DREY_JOBS:-$(nproc)}" clang-tidy-14 -p build/clang --quiet
