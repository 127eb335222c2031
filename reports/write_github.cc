#include "reports/write_github.h"

#include <fmt/core.h>

#include <algorithm>

#include "reports/fact_text.h"

namespace drey::reports {
namespace {

// Of the text of a workflow command; in its properties also : and , end something.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%')
      out += "%25";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else if (property && c == ':')
      out += "%3A";
    else if (property && c == ',')
      out += "%2C";
    else
      out += c;
  }
  return out;
}

std::string annotation(std::string_view kind, const SourceLine& where, std::string_view title,
                       const std::string& text) {
  return fmt::format("::{} file={},line={},title={}::{}\n", kind, escaped(where.file, true),
                     where.line > 0 ? where.line : 1, escaped(title, true), escaped(text, false));
}

bool is_expectation(const Violation& violation) {
  return violation.oracle.starts_with("expectation:");
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

std::string github_annotations(const RunResult& result) {
  const SourceLine file{result.scenario, 1};
  std::string out;
  for (const ExpectationResult& e : result.expectations) {
    const SourceLine where = e.where.line > 0 ? e.where : file;
    const std::string text =
        fmt::format("{}: observed {} against {}{}\n{}", e.text, e.left, e.right,
                    e.because.empty() ? "" : "; " + e.because, result.reproduce);
    if (e.outcome == ExpectationResult::Outcome::violated)
      out += annotation("error", where, "expectation " + e.id, text);
    if (e.outcome == ExpectationResult::Outcome::warned)
      out += annotation("warning", where, "expectation " + e.id, text);
    if (e.outcome == ExpectationResult::Outcome::no_value)
      out += annotation("error", where, "expectation " + e.id, "no value: " + text);
  }
  for (const Violation& violation : result.violations)
    if (!is_expectation(violation))
      out += annotation("error", file, violation.oracle,
                        fmt::format("{} s: {} ({})\n{}", time_text(violation.at), violation.what,
                                    violation.event, result.reproduce));
  for (const FaultResult& fault : result.faults)
    if (fault.landed == 0 && !fault.optional)
      out += annotation("error", fault.where.line > 0 ? fault.where : file, "fault " + fault.id,
                        "the fault never landed\n" + result.reproduce);
  if (!result.limit.empty())
    out += annotation("error", file, "limit",
                      "stopped before a verdict: " + result.limit + "\n" + result.reproduce);
  if (result.verdict == RunVerdict::nondeterministic)
    out += annotation("error", file, "deterministic",
                      "two runs of the seed differ\n" + result.reproduce);
  return out;
}

std::string github_row(const RunResult& result) {
  const std::string first = result.violations.empty() ? "" : result.violations.front().what;
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", name_of(result.verdict),
                     cell(result.scenario), result.seed, result.failovers.size(),
                     result.checkpoints.completed, cell(first));
}

std::string limited_annotations(std::span<const std::string> runs) {
  std::string out;
  for (const std::string_view kind : {"::error ", "::warning "}) {
    std::vector<std::string> lines;
    for (const std::string& run : runs)
      for (std::string& line : lines_of(run))
        if (line.starts_with(kind)) lines.push_back(std::move(line));
    const bool all = lines.size() <= kAnnotationsMax;
    const size_t shown = all ? lines.size() : kAnnotationsMax - 1;
    for (size_t i = 0; i < shown; ++i) out += lines[i] + "\n";
    if (!all)
      out += fmt::format("{}title=and more::and {} more like these: see the step summary\n", kind,
                         lines.size() - shown);
  }
  return out;
}

std::string github_summary(std::span<const std::string> rows, const std::string& verdict) {
  std::string out = fmt::format(
      "## drey: {}\n\n{} runs\n\n| verdict | scenario | seed | failovers | checkpoints | first "
      "violation |\n|---|---|---|---|---|---|\n",
      verdict, rows.size());
  constexpr size_t kTail = 200;  // what may follow the table
  // What did not pass comes first.
  for (const bool passed : {false, true}) {
    for (const std::string& row : rows) {
      if (row.starts_with("| pass |") != passed) continue;
      if (out.size() + row.size() + kTail > kSummaryBytesMax)
        return out + "\nMore runs than a step summary can hold: see result.json.\n";
      out += row;
    }
  }
  return out;
}

}  // namespace drey::reports
