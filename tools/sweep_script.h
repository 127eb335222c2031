#pragma once
// Scripts that run the shards of a sweep on a cluster that exists already: a Slurm job array, a
// Kubernetes indexed job, GNU parallel over some hosts. Nothing else in drey knows of them.
#include <string>
#include <vector>

namespace drey::tools {

struct ScriptOptions {
  std::string file;  // the scenario
  std::string out;   // the folder, on a file system that all hosts see
  size_t shards = 1;
  size_t jobs = 1;  // processes of a shard
};

std::vector<std::string> script_kinds();
std::string sweep_script(const std::string& kind, const ScriptOptions& options);

}  // namespace drey::tools
