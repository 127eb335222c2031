#pragma once
// What a job gives back to its user: the committed records as CSV, read-committed, in the order in
// which the broker made them visible. RFC 4180, lines end with \n. Columns: those of the user's CSV
// file (key, value, event time), or key, value, event_time for generated records. Keys are the
// user's texts, or numbers; times are milliseconds since 1970.
//
// A running aggregate's value is the sum of its key so far; a window's record has the sum of the
// window, and its end minus 1 ms as time, as in Flink.
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/trace.h"

namespace drey::scenarios {

class CommittedOutput : public sim::TraceSink {
 public:
  // Reads the keys of the scenario's CSV file, if it has one.
  explicit CommittedOutput(const Scenario& scenario);

  const std::string& text() const { return text_; }

  uint64_t interests() const override;
  void on(const sim::Fact&, sim::FactNumber) override {}
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

 private:
  std::vector<std::string> keys_;  // by the record's key, as fields
  std::string text_;
};

}  // namespace drey::scenarios
