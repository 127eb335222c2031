#include "tools/output_folder.h"

#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "reports/write_github.h"
#include "reports/write_json_report.h"

namespace drey::tools {

bool write_whole(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.tmp", getpid());
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return false;
  }
  std::error_code failure;
  std::filesystem::rename(temporary, path, failure);
  return !failure;
}

void OutputFolder::add(const scenarios::RunOutcome& outcome) {
  documents_.push_back(outcome.json);
  junit_ += outcome.junit;
  log_ += outcome.log;
  annotations_.push_back(outcome.annotations);
  rows_.push_back(outcome.row);
  if (!outcome.detail.empty()) show(outcome.detail, outcome.trace);
  const bool failed = outcome.exit_code != 0;
  if (documents_.size() > 1 && (graph_of_failure_ || !failed)) return;
  graph_of_failure_ = failed;
  graph_dot_ = outcome.graph_dot;
  graph_json_ = outcome.graph_json;
}

std::string OutputFolder::annotations() const { return reports::limited_annotations(annotations_); }

bool OutputFolder::append_summary(const std::string& path, const std::string& worst) const {
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << reports::github_summary(rows_, worst);
  out.flush();
  return static_cast<bool>(out);
}

void OutputFolder::show(const std::string& detail, const std::string& trace) {
  detail_ = detail;
  trace_ = trace;
}

std::string OutputFolder::document(const std::string& worst) const {
  if (documents_.size() == 1) return documents_.front() + "\n";
  std::string text = fmt::format("{{\"verdict\": \"{}\", \"runs\": [", worst);
  for (size_t i = 0; i < documents_.size(); ++i) text += (i == 0 ? "\n" : ",\n") + documents_[i];
  return text + "\n]}\n";
}

bool OutputFolder::write(const std::string& worst) const {
  const std::filesystem::path folder(folder_);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return false;
  const std::string junit =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" + junit_ + "</testsuites>\n";
  const bool whole = write_whole(folder / "result.json", document(worst)) &&
                     write_whole(folder / "junit.xml", junit) &&
                     write_whole(folder / "log.txt", log_) &&
                     write_whole(folder / "graph.dot", graph_dot_) &&
                     write_whole(folder / "graph.json", graph_json_);
  if (!whole || detail_.empty()) return whole;
  const std::string page = reports::report_page(reports::run_data(documents_, detail_));
  return write_whole(folder / "report.html", page) && write_whole(folder / "trace.json", trace_);
}

}  // namespace drey::tools
