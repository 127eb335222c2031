#!/usr/bin/env bash
# Formats the C++ sources that git knows; with --check only says which are not formatted (exit 1).
#   tools/format.sh [--check] [FILE...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(-i)
if [ "${1:-}" = --check ]; then
  mode=(--dry-run --Werror)
  shift
fi
files=("$@")
# tests/planted holds sources that are wrong on purpose.
[ $# -gt 0 ] || mapfile -t files < <(git ls-files --cached --others --exclude-standard -- '*.cc' '*.h' ':!tests/planted')
printf '%s\0' "${files[@]}" | xargs -0 -n 64 -P "$(nproc)" clang-format-14 "${mode[@]}"
