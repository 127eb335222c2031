#!/usr/bin/env bash
# Fuzzes the reader of scenarios for some seconds (default 60), seeded with the library and the bad scenarios: no crash,
# no hang, and what was accepted prints and reads back to the same. Needs the clang preset's scenario_reader_fuzz.
#   tools/fuzz.sh [SECONDS]
# Exit 77: not built (an error under DREY_MATRIX_REQUIRED=1). What crashed is kept in build/clang/fuzz-*.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fuzzer=build/clang/tests/scenario_reader_fuzz
if [ ! -x "$fuzzer" ]; then
  echo "not built: cmake --preset clang && cmake --build build/clang --target scenario_reader_fuzz"
  [ "${DREY_MATRIX_REQUIRED:-0}" = 0 ] && exit 77
  exit 1
fi
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
mkdir "$corpus/seeds" "$corpus/found"
number=0
while IFS= read -r file; do
  number=$((number + 1))
  cp "$file" "$corpus/seeds/$number"
done < <(find scenarios/catalogue tests/negative -name '*.json')
"$fuzzer" -max_total_time="${1:-60}" -max_len=16384 -timeout=10 -rss_limit_mb=2048 -verbosity=1 \
  -artifact_prefix=build/clang/fuzz- -print_final_stats=1 "$corpus/found" "$corpus/seeds" >"$corpus/log" 2>&1 \
  || { tail -n 60 "$corpus/log"; exit 1; }
grep -E '^(Done|stat::)' "$corpus/log"
