#!/usr/bin/env bash
# The compiler as a guard: each tests/planted/compiler_*.cc must fail to compile with the flags of the presets, for the
# reason that its first lines name, and must compile with -DCONTROL (so that it is the planted line that fails).
#   // guard: compiler          any compiler          // guard: compiler clang++     only that one has the warning
#   // because: <regular expression over the message>
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

flags=(-std=c++20 -fsyntax-only -I. -Wall -Wextra -Wconversion -Wshadow -Werror -Wno-missing-field-initializers)
export LC_ALL=C
failed=0
count=0
for file in tests/planted/compiler_*.cc; do
  compiler=$(sed -n 's|^// guard: compiler *||p' "$file")
  because=$(sed -n 's|^// because: ||p' "$file")
  compiler=${compiler:-g++}
  with=("${flags[@]}")
  [ "$compiler" != clang++ ] || with+=(-Wglobal-constructors)
  if ! control=$("$compiler" "${with[@]}" -DCONTROL "$file" 2>&1); then
    echo "CONTROL DOES NOT COMPILE: $file"
    echo "$control" | sed -n 1,5p
    failed=1
  elif message=$("$compiler" "${with[@]}" "$file" 2>&1); then
    echo "NOT FOUND: $file"
    failed=1
  elif ! grep -Eq "$because" <<<"$message"; then
    echo "FOUND FOR ANOTHER REASON: $file"
    echo "$message" | sed -n 1,5p
    failed=1
  else
    echo "found: $file: $(grep -E -m 1 "$because" <<<"$message" | sed 's/.*error: //')"
    count=$((count + 1))
  fi
done
[ $count -ge 5 ] || failed=1
exit $failed
