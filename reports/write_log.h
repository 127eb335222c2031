#pragma once
// log.txt: one line per state transition, "TIME SUBJECT WHAT". Only facts make lines, so the log of
// a run is the same on every machine.
//
//   12.000000001 jm-1/job-1: job-1/agg/0 execution_state RUNNING (was INITIALIZING) attempt 1
#include <string>

#include "reports/oracle.h"

namespace drey::reports {

class LogWriter final : public sim::TraceSink {
 public:
  explicit LogWriter(TraceNames names) : names_(names) {}

  const std::string& text() const { return text_; }

  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;

 private:
  TraceNames names_;
  std::string text_;
};

}  // namespace drey::reports
