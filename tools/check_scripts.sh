#!/usr/bin/env bash
# Runs shellcheck over every script of the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -t scripts < <(find tools .ci tests -name '*.sh' -o -path '.ci/run' | LC_ALL=C sort)
shellcheck "${scripts[@]}"
echo "${#scripts[@]} scripts"
