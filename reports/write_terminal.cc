#include "reports/write_terminal.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "reports/fact_text.h"
#include "reports/quantity.h"

namespace drey::reports {
namespace {

constexpr size_t kShown = 5;  // violations, failovers

std::string headline(const RunResult& result) {
  std::string verdict(name_of(result.verdict));
  for (char& c : verdict)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  std::string line = fmt::format("{}  {}  seed {}", verdict, result.scenario, result.seed);
  if (!result.mutant.empty()) line += fmt::format("  mutant {}", result.mutant);
  line += fmt::format("\n  {} simulated, {} events, hash {}, job {}\n",
                      print_duration(result.end - sim::Time{}), result.events, result.hash,
                      result.job_state.empty() ? "never submitted" : result.job_state);
  if (!result.limit.empty()) line += fmt::format("  stopped: {}\n", result.limit);
  return line;
}

std::string verified(const RunResult& result) {
  const LedgerCounts& ledger = result.ledger;
  std::string text = fmt::format(
      "  verified\n    ledger       {} records compared: {} lost, {} doubled, {} reordered\n",
      ledger.compared, ledger.lost, ledger.doubled, ledger.reordered);
  text += fmt::format("    checkpoints  {} completed, {} failed, {} restored\n",
                      result.checkpoints.completed, result.checkpoints.failed,
                      result.checkpoints.restored);
  size_t landed = 0;
  for (const FaultResult& fault : result.faults) landed += fault.landed > 0 ? 1 : 0;
  if (!result.faults.empty())
    text += fmt::format("    faults       {} of {} landed\n", landed, result.faults.size());
  if (result.rocksdb.flushes > 0)
    text += fmt::format(
        "    rocksdb      {} flushes, {} compactions, SST bytes: {} uploaded, {} "
        "re-used\n",
        result.rocksdb.flushes, result.rocksdb.compactions, result.rocksdb.checkpoint_sst_bytes,
        result.rocksdb.reused_sst_bytes);
  for (const OracleResult& oracle : result.oracles)
    text += fmt::format("    {:<24} {:<12} {} examined\n", oracle.name, name_of(oracle.judgement),
                        oracle.examined);
  for (const ExpectationResult& e : result.expectations)
    text += fmt::format("    expect {:<17} {:<12} {}  ({} against {})\n", e.id, name_of(e.outcome),
                        e.text, e.left, e.right);
  return text;
}

// " agg/0..3 sink/7": neighbours of one vertex are named once, at most kShownRanges of them.
std::string in_ranges(const std::vector<std::string>& subtasks) {
  constexpr size_t kShownRanges = 20;
  const auto parts = [](const std::string& name) {
    const size_t slash = name.rfind('/');
    const auto index = parse_integer(std::string_view(name).substr(slash + 1));
    return std::pair(name.substr(0, slash), index.value_or(-1));
  };
  std::string text;
  size_t ranges = 0;
  for (size_t i = 0; i < subtasks.size();) {
    const auto first = parts(subtasks[i]);
    size_t end = i + 1;
    while (end < subtasks.size() &&
           parts(subtasks[end]) ==
               std::pair(first.first, first.second + static_cast<int64_t>(end - i)))
      ++end;
    if (++ranges > kShownRanges) return text + fmt::format(" and {} more", subtasks.size() - i);
    text += " " + subtasks[i];
    if (end > i + 1) text += fmt::format("..{}", parts(subtasks[end - 1]).second);
    i = end;
  }
  return text;
}

std::string failovers(const RunResult& result) {
  if (result.failovers.empty()) return {};
  std::string text = "  failovers\n";
  size_t shown = 0;
  for (const FailoverResult& failover : result.failovers) {
    if (++shown > kShown) break;
    text += fmt::format("    {} s  {} at {}: {} tasks restart after {}\n", time_text(failover.at),
                        failover.cause, failover.failed, failover.restarted.size(),
                        print_duration(failover.backoff));
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const auto& [subtask, reason] : failover.restarted) by_reason[reason].push_back(subtask);
    for (const auto& [reason, subtasks] : by_reason)
      text += fmt::format("      {}:{}\n", reason, in_ranges(subtasks));
  }
  if (result.failovers.size() > kShown)
    text += fmt::format("    and {} more\n", result.failovers.size() - kShown);
  return text;
}

std::string regions(const RunResult& result) {
  std::string text;
  for (const std::string& line : result.regions) text += fmt::format("    {}\n", line);
  return text.empty() ? text : "  regions\n" + text;
}

std::string messages(const RunResult& result) {
  uint64_t all = 0;
  std::vector<std::pair<uint64_t, std::string>> most;
  for (const auto& [kind, count] : result.messages) {
    all += count;
    most.emplace_back(count, kind);
  }
  if (all == 0) return {};
  std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string text = fmt::format("  messages\n    {} delivered:", all);
  for (size_t i = 0; i < most.size() && i < kShown; ++i)
    text += fmt::format("{} {} {}", i == 0 ? "" : ",", most[i].first, most[i].second);
  if (most.size() > kShown) text += fmt::format(", {} more kinds", most.size() - kShown);
  text += "\n";
  if (result.barriers > 0) text += fmt::format("    {} barriers on channels\n", result.barriers);
  return text;
}

std::string violations(const RunResult& result) {
  if (result.violations.empty()) return {};
  std::string text = "  violated\n";
  size_t shown = 0;
  for (const Violation& violation : result.violations) {
    if (++shown > kShown) break;
    text += fmt::format("    {} s  {}: {}\n      at: {}\n", time_text(violation.at),
                        violation.oracle, violation.what, violation.event);
    for (const std::string& line : violation.history) text += fmt::format("      | {}\n", line);
  }
  if (result.violations.size() > kShown)
    text += fmt::format("    and {} more\n", result.violations.size() - kShown);
  return text;
}

std::string missing(const RunResult& result) {
  std::string text;
  for (const FaultResult& fault : result.faults)
    if (fault.landed == 0)
      text += fmt::format("    fault {} never landed{}\n", fault.id,
                          fault.optional ? " (optional)" : "");
  for (const std::string& line : result.not_checked) text += fmt::format("    {}\n", line);
  return text.empty() ? text : "  not checked\n" + text;
}

}  // namespace

std::string to_terminal(const RunResult& result) {
  return headline(result) + violations(result) + verified(result) + regions(result) +
         failovers(result) + messages(result) + missing(result) +
         fmt::format("  reproduce: {}\n", result.reproduce);
}

}  // namespace drey::reports
