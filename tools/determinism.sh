#!/usr/bin/env bash
# The determinism matrix: every library scenario must give the hash of tests/golden/hashes.txt in each column.
#   tools/determinism.sh COLUMN...       columns are presets that are built: release clang clang-libc++ (default: all)
#   tools/determinism.sh --build         builds the columns first
#   tools/determinism.sh --update        rewrites the golden file from the release column
#   tools/determinism.sh --self-test     a changed golden hash and an undeterministic binary must be found
# The release column runs each scenario again with one thing changed at a time: a second run, another directory, locale
# and time zone, no address randomisation, filled memory and one core. clang repeats with all of these at once; the
# sanitized column (-O0, libc++, no RocksDB) runs once. The two quick starts are long: they run plain, and in the release
# column once more. The jobs of 20,000 tasks run plain only, and not in the sanitized column (a quarter of an hour each).
# Exit 77: a column is not built (an error under
# DREY_MATRIX_REQUIRED=1). DREY_JOBS=N: processes at a time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
golden=${DREY_GOLDEN:-$root/tests/golden/hashes.txt}
jobs=${DREY_JOBS:-$(nproc)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The library, as paths below scenarios/catalogue.
library() { (cd "$root/scenarios/catalogue" && find . -name '*.json' | sed 's|^\./||' | LC_ALL=C sort); }

# needs_rocksdb FILE: the scenario, or what it extends, chooses the rocksdb backend; the nearest choice counts.
needs_rocksdb() {
  local file=$1 parent
  if grep -Eq '"?(state\.backend\.type|backend)"?[[:space:]]*:[[:space:]]*"rocksdb"' "$file"; then return 0; fi
  if grep -Eq '"?(state\.backend\.type|backend)"?[[:space:]]*:[[:space:]]*"hashmap"' "$file"; then return 1; fi
  parent=$(sed -n 's/^[[:space:]]*"extends"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$file" | head -n 1)
  [ -n "$parent" ] && needs_rocksdb "$(dirname "$file")/$parent"
}

# one_hash BINARY FOLDER SCENARIO VARIANT: prints "scenario seed hash"; run through xargs, hence exported.
one_hash() {
  local binary=$1 folder=$2 scenario=$3 variant=$4 document code=0
  local -a with=(env)
  case $variant in
    plain|again|directory) ;;
    locale) with=(env LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 TZ=Pacific/Kiritimati) ;;
    layout) with=(setarch -R env) ;;
    memory) with=(taskset -c 0 env MALLOC_PERTURB_=165 HOME=/nonexistent COLUMNS=40) ;;
    everything) with=(setarch -R taskset -c 0 env LC_ALL=de_DE.UTF-8 TZ=Pacific/Kiritimati MALLOC_PERTURB_=90 HOME=/nonexistent) ;;
    *) echo "unknown variant $variant" >&2; return 1 ;;
  esac
  document=$(cd "$folder" && "${with[@]}" "$binary" run "$scenario" --json 2>"$DREY_WORK/error.$$") || code=$?
  # A verdict is not asked for here (0, 1, 4: the run ended and has a hash); anything else is an error of this check.
  case $code in
    0|1|4) printf '%s %s %s\n' "$scenario" "$(field seed '[0-9]*' <<<"$document")" "$(field hash '[0-9a-f]\{32\}' <<<"$document")" ;;
    *) printf '%s - exit-code-%s\n' "$scenario" "$code"; sed -n 1,3p "$DREY_WORK/error.$$" >>"$DREY_WORK/errors" ;;
  esac
  rm -f "$DREY_WORK/error.$$"
}
# The first value of a key in a JSON document: result.json is printed with one stable order, top level first.
field() { grep -o "\"$1\": *\"\?$2" | head -n 1 | sed 's/.*[:"] *//'; }
export -f one_hash field
export DREY_WORK=$work

# A German locale (decimal comma, other sort order), made here because Debian compiles none by default.
make_locale() {
  [ -d "$work/locales" ] || { mkdir "$work/locales"; localedef -i de_DE -f UTF-8 "$work/locales/de_DE.UTF-8" >/dev/null 2>&1 || true; }
  [ ! -d "$work/locales/de_DE.UTF-8" ] || export LOCPATH=$work/locales
}

# The quick starts take longer than all others together.
is_long() { [[ $1 == quickstart* ]] || is_huge "$1"; }
is_huge() { [[ $1 == regions/all-to-all-10k* ]]; }

# hashes BINARY VARIANT SCENARIO...: one sorted line per scenario.
hashes() {
  local binary=$1 variant=$2 folder=$root/scenarios/catalogue
  shift 2
  case $variant in
    directory|everything)
      folder=$work/elsewhere/deeper
      [ -d "$folder" ] || { mkdir -p "$work/elsewhere"; cp -r "$root/scenarios/catalogue" "$folder"; } ;;
  esac
  printf '%s\n' "$@" | xargs -P "$jobs" -I '{}' bash -c 'one_hash "$@"' _ "$binary" "$folder" '{}' "$variant" | LC_ALL=C sort
}

# compare NAME WANTED GOT: says which scenarios differ.
compare() {
  if ! diff "$2" "$3" >"$work/diff"; then
    echo "FAILED $1: < wanted, > this run ($(grep -c '^>' "$work/diff" || true) lines)"
    grep '^[<>]' "$work/diff" | sed -n 1,10p
    [ ! -s "$work/errors" ] || sed -n 1,3p "$work/errors"
    rm -f "$work/errors"
    return 1
  fi
  echo "$1: $(wc -l <"$3") scenarios equal"
}

check_column() {
  local column=$1 binary=${DREY_BINARY:-$root/build/$1/drey} failed=0 start=$SECONDS variant
  local -a scenarios=() variants=(plain)
  if [ ! -x "$binary" ]; then
    echo "$column: build/$column/drey is not built"
    [ "${DREY_MATRIX_REQUIRED:-0}" = 0 ] && return 77
    return 1
  fi
  case $column in
    release) variants=(plain again directory locale layout memory) ;;
    clang) variants=(plain everything) ;;
  esac
  while read -r scenario; do
    if [ "$column" = clang-libc++ ]; then
      if is_huge "$scenario" || needs_rocksdb "scenarios/catalogue/$scenario"; then continue; fi
    fi
    scenarios+=("$scenario")
  done < <(library)
  [ -f "$golden" ] || { echo "no $golden: tools/determinism.sh --update"; return 1; }
  LC_ALL=C sort "$golden" >"$work/reference"
  for variant in "${variants[@]}"; do
    local -a chosen=()
    for scenario in "${scenarios[@]}"; do
      is_long "$scenario" && [ "$variant" != plain ] && [ "$variant" != again ] && continue
      is_huge "$scenario" && [ "$variant" != plain ] && continue
      # Long ones first, so that the others run beside them.
      if is_long "$scenario"; then chosen=("$scenario" "${chosen[@]}"); else chosen+=("$scenario"); fi
    done
    hashes "$binary" "$variant" "${chosen[@]}" >"$work/got"
    # What this variant runs; a scenario without a golden line is a difference.
    printf '%s\n' "${chosen[@]}" | LC_ALL=C sort >"$work/names"
    if [ "$column" = clang-libc++ ] || [ "$variant" != plain ]; then
      LC_ALL=C join "$work/names" "$work/reference" >"$work/wanted"
    else
      cp "$work/reference" "$work/wanted"
    fi
    # The first against the golden file, the others against the first: each change is judged on its own.
    if ! compare "$column, $variant" "$work/wanted" "$work/got"; then
      failed=1
      [ "$variant" != plain ] || echo "(after a wanted change: tools/determinism.sh --update; else see CONTRIBUTING.md)"
    fi
    [ "$variant" != plain ] || cp "$work/got" "$work/reference"
  done
  echo "$column: $((SECONDS - start)) s"
  return $failed
}

self_test() {
  local scenario failed=0
  scenario=$(library | grep -v quickstart | sed -n 1p)  # which reads to the end: head would break the pipe
  awk -v s="$scenario" '$1 == s { sub(/.$/, substr($3, 32) == "0" ? "1" : "0") } { print }' "$golden" >"$work/golden"
  cmp -s "$golden" "$work/golden" && { echo "no golden line for $scenario"; return 1; }
  hashes "$root/build/release/drey" plain "$scenario" >"$work/got"
  grep "^$scenario " "$work/golden" >"$work/wanted"
  if compare "planted: a changed golden hash" "$work/wanted" "$work/got"; then echo "NOT FOUND: changed golden hash"; failed=1; fi
  # A binary whose seed comes from its process id: what a leaked address or clock would look like from outside.
  printf '#!/usr/bin/env bash\nexec %q "$@" --seed $$\n' "$root/build/release/drey" >"$work/undeterministic"
  chmod +x "$work/undeterministic"
  hashes "$work/undeterministic" plain "$scenario" >"$work/wanted"
  hashes "$work/undeterministic" again "$scenario" >"$work/got"
  if compare "planted: a seed from the process id" "$work/wanted" "$work/got"; then echo "NOT FOUND: undeterministic binary"; failed=1; fi
  [ $failed -eq 0 ] && echo "both planted differences were found"
  return $failed
}

main() {
  local columns=() build=0 result=0 code
  make_locale
  while [ $# -gt 0 ]; do
    case $1 in
      --build) build=1 ;;
      --update)
        mapfile -t all < <(library)
        hashes "$root/build/release/drey" plain "${all[@]}" >"$work/new"
        ! grep -q ' - exit-code-' "$work/new" || { grep ' - exit-code-' "$work/new"; exit 1; }
        cp "$work/new" "$golden"
        echo "$golden: $(wc -l <"$golden") scenarios"
        return 0 ;;
      --self-test) self_test; return ;;
      -*) echo "usage: tools/determinism.sh [--build] [COLUMN...] | --update | --self-test" >&2; return 2 ;;
      *) columns+=("$1") ;;
    esac
    shift
  done
  [ ${#columns[@]} -gt 0 ] || columns=(release clang clang-libc++)
  for column in "${columns[@]}"; do
    if [ $build -eq 1 ]; then
      cmake --preset "$column" >/dev/null
      cmake --build "build/$column" --target drey --parallel "$jobs"
    fi
    code=0
    check_column "$column" || code=$?
    [ $code -eq 0 ] || [ $result -eq 1 ] || result=$code
  done
  return $result
}
main "$@"
