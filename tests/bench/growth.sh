#!/usr/bin/env bash
# How an all-to-all job grows from 1,000 to 10,000 sources and as many sinks: processor time and memory of whole runs of
# scenarios/catalogue/regions/all-to-all-10k*.json made smaller. Twice: over 1,000 TaskManagers, whose million pairs stay the
# same; and with ten slots to each TaskManager, where pairs grow with the square, as connections do in a real cluster.
#   tests/bench/growth.sh [BINARY]     a table in Markdown; the README quotes it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
drey=${1:-build/release/drey}
mkdir -p build
folder=$(mktemp -d build/growth.XXXXXX)
trap 'rm -rf "$folder"' EXIT

scenario() {  # MODE PARALLELISM TASK_MANAGERS
  local base=all-to-all-10k
  [ "$1" = pipelined ] || base=all-to-all-10k-blocking
  cat <<JSON
{ "extends": "../../scenarios/catalogue/regions/$base.json",
  "name": "$1, $2 x $2 over $3 TaskManagers",
  "job": { "vertices": { "src": { "parallelism": $2 }, "sink": { "parallelism": $2 } } },
  "cluster": { "task_managers": $3, "slots_each": $(($2 / $3)) },
  "faults": [ { "id": "crash", $(fault "$1"), "kill": "tm-$(($3 / 2))", "back_after": "1 s" } ],
  "expect": ["job.restarts >= 1"] }
JSON
}

fault() {
  if [ "$1" = pipelined ]; then
    echo '"when": "checkpoint.completed == 1", "after": "1 s"'
  else
    echo '"when": "sink/0.state == RUNNING", "after": "2 s"'
  fi
}

echo "| exchange | tasks | TaskManagers | messages | CPU s | us per task | peak MiB | kB per task |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|"
for mode in pipelined blocking; do
  for shape in "1000 1000" "2000 1000" "5000 1000" "10000 1000" "1000 100" "2000 200" "5000 500"; do
    read -r parallelism managers <<<"$shape"
    scenario "$mode" "$parallelism" "$managers" >"$folder/run.json"
    python3 - "$drey" "$folder/run.json" "$mode" "$parallelism" "$managers" <<'PYTHON'
import json, resource, subprocess, sys
drey, file, mode, parallelism, managers = sys.argv[1:]
done = subprocess.run([drey, "run", file, "--json"], stdout=subprocess.PIPE, check=False)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
result = json.loads(done.stdout)
if result["verdict"] != "pass":
    sys.exit(f"{file}: {result['verdict']} {result['violations'][:1]}")
tasks = 2 * int(parallelism)
seconds = used.ru_utime + used.ru_stime
messages = sum(result["messages"].values())
print(f"| {mode} | {tasks:,} | {managers} | {messages:,} | {seconds:.1f} | {1e6 * seconds / tasks:.0f} "
      f"| {used.ru_maxrss / 1024:.0f} | {used.ru_maxrss * 1.024 / tasks:.0f} |", flush=True)
PYTHON
  done
done
