#!/usr/bin/env bash
# Looks at what the linker sees, where no spelling can hide: the rooms import no clock, no chance, no thread and no
# environment, and own no mutable data. Run on the release build (sanitizers import what they like).
#   tools/symbols.sh [BUILD_DIR]     default: build/release
#   tools/symbols.sh --self-test     compiles tests/planted/symbols_*.cc; each must be found
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Imports by which the world outside gets in. Names as nm -C prints them, anchored at the start.
banned='^(clock_gettime|clock_getres|gettimeofday|time|times|ftime|nanosleep|clock_nanosleep|usleep|sleep'
banned+='|std::chrono::_V2::(system_clock|steady_clock)::now\(\)|std::this_thread::.*|timer_create|setitimer|alarm'
banned+='|getrandom|getentropy|arc4random.*|rand|rand_r|srand|random|srandom|[dlmn]rand48|std::random_device::.*'
banned+='|pthread_create|std::thread::.*|std::__future_base::.*|std::condition_variable::.*|pthread_mutex_lock|sched_yield'
banned+='|getenv|secure_getenv|setlocale|std::locale::global.*|localtime(_r)?|gmtime(_r)?|mktime|strftime|tzset'
banned+='|gethostname|uname|sysconf|get_nprocs.*|sched_getaffinity|getpid|gettid|getrusage|sysinfo'
banned+='|opendir|readdir.*|scandir|statvfs|statfs|std::filesystem::.*directory_iterator.*)(@.*)?$'

# "object symbol" pairs that may stand, each with its reason.
allowed_imports=(
  # Many runs are a pool of forked processes around the simulation, never inside one (design.md 2.17).
  "run_pool.cc.o getpid"
  # Counts the entries of /proc/self/task: the guard that no second thread exists.
  "rocksdb_self_check.cc.o (opendir|readdir.*)"
)
allowed_data=(
  # Where a broken invariant is reported before the process ends; never influences a run.
  "check.cc.o .*installed_reporter"
  # Standard input may be a scenario ("-"); <iostream> brings its initialiser.
  "read_scenario.cc.o std::__ioinit"
  # An empty tag of Boost's headers with external linkage.
  ".* (guard variable for )?boost::none"
  # RocksDB's interposed symbols are functions without an object: which database is inside is process-wide by nature.
  "rocksdb_[a-z_]*.cc.o .*"
)

# allowed "object symbol" PATTERN...
allowed() {
  local found=$1 pattern
  shift
  for pattern in "$@"; do
    [[ $found =~ ^$pattern$ ]] && return 0
  done
  return 1
}

# imports FILE...: one "object symbol" per undefined symbol of archives or objects.
imports() { nm -A -u -C --format=posix "$@" 2>/dev/null | sed -n 's/^.*[[/]\([^]/[]*\.o\)[]]*: \(.*\) [Uwv]\( .*\)\?$/\1 \2/p'; }

# mutable_data FILE...: one "object symbol" per object in .data, .bss, .tdata, .tbss (relocated constants are apart).
mutable_data() {
  objdump -t -C "$@" 2>/dev/null | awk '
    /:[ \t]+file format/ { object = $1; sub(/:$/, "", object); sub(/.*\//, "", object) }
    / (O \.bss|O \.data|\.tbss|\.tdata)/ && !/ d  / && !/ O \.data\.rel/ {
      line = $0; sub(/^[^\t]*\t[0-9a-f]+ (\.hidden )?/, "", line); print object, line }'
}

# check_objects FILE...: prints the violations, fails if there are any.
check_objects() {
  local object symbol failed=0
  while read -r object symbol; do
    [[ $symbol =~ $banned ]] || continue
    allowed "$object $symbol" "${allowed_imports[@]}" && continue
    echo "$object imports $symbol: use the kernel's clock, choose() or draw(), or pass the value in from tools/"
    failed=1
  done < <(imports "$@" | sort -u)
  while read -r object symbol; do
    allowed "$object $symbol" "${allowed_data[@]}" && continue
    echo "$object owns mutable data: $symbol; make it a member of what the World owns"
    failed=1
  done < <(mutable_data "$@" | sort -u)
  return $failed
}

# The executable's own dynamic imports: tools/ and what is linked in statically.
check_binary() {
  local symbol failed=0
  while read -r symbol; do
    [[ $symbol =~ $banned ]] || continue
    allowed "drey $symbol" "${allowed_binary[@]}" && continue
    echo "$1 imports $symbol"
    failed=1
  done < <(nm -D -u -C --format=posix "$1" | sed 's/ [Uwv]\( .*\)\?$//; s/@.*//' | sort -u)
  return $failed
}
allowed_binary=(
  "drey getpid"
  # The guard that counts threads, and the folders that the command line reads.
  "drey std::filesystem::.*directory_iterator.*" "drey (opendir|readdir.*)"
  # tools/: progress on the terminal and the default of --jobs.
  "drey getenv" "drey sysconf" "drey std::chrono.*" "drey std::thread::hardware_concurrency.*"
  # tools/command_sweep.cc: what a sweep says of its own cost beside the runs'.
  "drey getrusage"
)

self_test() {
  local work source count=0
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$work'" RETURN
  for source in tests/planted/symbols_*.cc; do
    "${CXX:-g++}" -std=c++20 -O2 -c "$source" -o "$work/planted.o"
    if check_objects "$work/planted.o" >"$work/found"; then
      echo "NOT FOUND: $source"
      return 1
    fi
    echo "found: $source: $(head -n 1 "$work/found")"
    count=$((count + 1))
  done
  [ $count -ge 5 ] || { echo "only $count planted violations"; return 1; }
}

if [ "${1:-}" = --self-test ]; then
  self_test
  exit
fi
build=${1:-build/release}
failed=0
count=0
for room in sim state model reports scenarios; do
  archive=$build/libdrey_$room.a
  [ -f "$archive" ] || continue
  # An archive whose imports cannot be read would pass silently.
  [ "$(imports "$archive" | wc -l)" -gt 10 ] || { echo "cannot read the imports of $archive"; exit 1; }
  check_objects "$archive" || failed=1
  count=$((count + 1))
done
[ $count -gt 0 ] || { echo "no libraries in $build"; exit 1; }
check_binary "$build/drey" || failed=1
[ $failed -eq 0 ] && echo "$count rooms: no clock, chance, thread, environment; no mutable data"
exit $failed
