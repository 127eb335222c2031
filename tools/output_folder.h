#pragma once
// Collects the outcomes of a command and writes them: one document for --json, and a folder with
// result.json, junit.xml, log.txt, the regions as graph.dot and graph.json (of several runs those
// of the first that did not pass, else of the first) and, where a run was watched, report.html and
// trace.json. Each file appears whole or not at all (temporary file, then rename).
#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/run.h"

namespace drey::tools {

// The file appears whole or not at all.
bool write_whole(const std::filesystem::path& path, const std::string& text);

class OutputFolder {
 public:
  explicit OutputFolder(std::string folder) : folder_(std::move(folder)) {}

  void add(const scenarios::RunOutcome& outcome);
  // What the page shows in full (scenarios::RunOutcome).
  void show(const std::string& detail, const std::string& trace);
  // A single run is its own document; several are {"verdict": worst, "runs": [...]}.
  std::string document(const std::string& worst) const;
  bool write(const std::string& worst) const;
  std::string annotations() const;  // within GitHub's limits
  // Appends to the file that GitHub names for the step.
  bool append_summary(const std::string& path, const std::string& worst) const;

 private:
  std::string folder_;
  std::vector<std::string> documents_;
  std::vector<std::string> annotations_;
  std::vector<std::string> rows_;
  std::string junit_;
  std::string log_;
  std::string graph_dot_;
  std::string graph_json_;
  bool graph_of_failure_ = false;
  std::string detail_;
  std::string trace_;
};

}  // namespace drey::tools
