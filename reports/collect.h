#pragma once
// Collects from the trace what a result reports: checkpoints, failovers with their tasks and
// reasons, the engine's work, messages by kind. Control facts only: costs nothing per record.
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

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
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;

 private:
  void on_message(uint32_t kind);
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
  // Of messages_: where the last few kinds were found; most messages are of one of them.
  struct Recent {
    uint32_t kind = 0;
    uint64_t* count = nullptr;
  };
  std::array<Recent, 16> recent_;
  uint64_t barriers_ = 0;
};

// "job-1/agg/0" -> "agg/0"; other names as they are.
std::string subtask_name(std::string_view subject);

}  // namespace drey::reports
