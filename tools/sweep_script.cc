#include "tools/sweep_script.h"

#include <fmt/core.h>

namespace drey::tools {
namespace {

// For a POSIX shell.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += "'\\'";
    out += c;
  }
  return out + "'";
}

// A double-quoted YAML scalar.
std::string yaml_quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string slurm(const ScriptOptions& options) {
  // A failed expectation is a recorded result, so a shard that fails is trouble of the machines and
  // may be queued again: it goes on where it was.
  return fmt::format(
      "#!/usr/bin/env bash\n"
      "#SBATCH --job-name=drey-sweep\n"
      "#SBATCH --array=0-{}\n"
      "#SBATCH --cpus-per-task={}\n"
      "#SBATCH --requeue\n"
      "# Submit with: sbatch --wait THIS_FILE\n"
      "# Then merge:  drey merge {} -o {}\n"
      "set -euo pipefail\n"
      "drey sweep {} --out {} --shard \"${{SLURM_ARRAY_TASK_ID}}/{}\" \\\n"
      "  --jobs \"${{SLURM_CPUS_PER_TASK:-{}}}\"\n",
      options.shards - 1, options.jobs, shell_quoted(options.out),
      shell_quoted(options.out + "/runs.db"), shell_quoted(options.file), shell_quoted(options.out),
      options.shards, options.jobs);
}

std::string parallel(const ScriptOptions& options) {
  return fmt::format(
      "#!/usr/bin/env bash\n"
      "# One shard per slot of this machine; add --sshloginfile HOSTS to use others that see the "
      "folder.\n"
      "set -euo pipefail\n"
      "seq 0 {} | parallel -q --halt soon,fail=1 --joblog {} \\\n"
      "  drey sweep {} --out {} --shard '{{}}/{}' --jobs {}\n"
      "drey merge {} -o {}\n",
      options.shards - 1, shell_quoted(options.out + ".joblog"), shell_quoted(options.file),
      shell_quoted(options.out), options.shards, options.jobs, shell_quoted(options.out),
      shell_quoted(options.out + "/runs.db"));
}

std::string kubernetes(const ScriptOptions& options) {
  return fmt::format(
      "# Results land in {} of the claim \"drey-sweep\"; then: drey merge {} -o runs.db\n"
      "apiVersion: batch/v1\n"
      "kind: Job\n"
      "metadata:\n"
      "  name: drey-sweep\n"
      "spec:\n"
      "  completionMode: Indexed\n"
      "  completions: {}\n"
      "  parallelism: {}\n"
      "  backoffLimitPerIndex: 3\n"
      "  podFailurePolicy:\n"
      "    rules:\n"
      "      # A bad scenario stays bad.\n"
      "      - action: FailJob\n"
      "        onExitCodes:\n"
      "          containerName: drey\n"
      "          operator: In\n"
      "          values: [2]\n"
      "  template:\n"
      "    spec:\n"
      "      restartPolicy: Never\n"
      "      containers:\n"
      "        - name: drey\n"
      "          image: drey:latest\n"
      "          command: [\"/bin/sh\", \"-c\"]\n"
      "          args:\n"
      "            - {}\n"
      "          resources:\n"
      "            requests:\n"
      "              cpu: \"{}\"\n"
      "          volumeMounts:\n"
      "            - name: sweep\n"
      "              mountPath: /sweep\n"
      "      volumes:\n"
      "        - name: sweep\n"
      "          persistentVolumeClaim:\n"
      "            claimName: drey-sweep\n",
      options.out, options.out, options.shards, options.shards,
      yaml_quoted(fmt::format("cd /sweep && drey sweep {} --out {} --shard "
                              "\"$JOB_COMPLETION_INDEX/{}\" --jobs {}",
                              shell_quoted(options.file), shell_quoted(options.out), options.shards,
                              options.jobs)),
      options.jobs);
}

}  // namespace

std::vector<std::string> script_kinds() { return {"slurm", "k8s", "parallel"}; }

std::string sweep_script(const std::string& kind, const ScriptOptions& options) {
  if (kind == "slurm") return slurm(options);
  if (kind == "k8s") return kubernetes(options);
  return parallel(options);
}

}  // namespace drey::tools
