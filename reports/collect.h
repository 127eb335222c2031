#pragma once
// Collects from the trace what a result reports: checkpoints, failovers with their tasks and
// reasons, the engine's work, messages by kind. Control facts only: costs nothing per record.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "reports/engine_counts.h"
#include "reports/oracle.h"
#include "reports/run_result.h"

namespace drey::reports {

class Collector final : public sim::TraceSink {
 public:
  explicit Collector(TraceNames names) : names_(names) {}

  // Fills the parts of the result that this collects. Messages of a kind that is not among the
  // names (Message::kind() -> Message::name()) are reported by number.
  void fill(RunResult& result, const std::map<uint32_t, std::string>& message_names) const;

  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;

 private:
  void on_control(const sim::Fact& fact);
  void on_history(const sim::Fact& fact);
  void on_checkpoint(const sim::Fact& fact);
  void on_state(const sim::Fact& fact);

  TraceNames names_;
  std::string job_state_;
  std::set<std::string> completed_;  // "job-1 7"
  std::set<std::string> failed_;
  uint64_t restored_ = 0;
  std::vector<FailoverResult> failovers_;
  HistoryResult history_;
  RocksdbResult rocksdb_;
  EngineCounts engines_;
  std::map<uint32_t, uint64_t> messages_;  // by kind
  // Of the last kind and its count: messages come in crowds of one kind. Null: none yet.
  std::pair<uint32_t, uint64_t*> last_message_;
  uint64_t barriers_ = 0;
};

// "job-1/agg/0" -> "agg/0"; other names as they are.
std::string subtask_name(std::string_view subject);

}  // namespace drey::reports
