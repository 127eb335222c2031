#pragma once
// The second run of a seed whose ledger broke: follows a few records through everything that is
// announced with its records (read by the source, put into a buffer, written by the sink, committed
// by the broker), with the failovers and restores in between, and prints that as the history of a
// violation. A run is a pure function of its seed, so what it sees is what happened
// (design.md 2.5).
//
//   Microscope microscope(ledger.microscope(), names);  // add to the kernel, run again
//   microscope.attach(result.violations);
#include <cstdint>
#include <string>
#include <vector>

#include "reports/oracle.h"

namespace drey::reports {

class Microscope final : public sim::TraceSink {
 public:
  static constexpr size_t kLines = 60;  // of one record

  // Provenances; copies that a flat map made count with the record that they were made of.
  Microscope(const std::vector<uint64_t>& provenances, TraceNames names);

  // Lines in the order of the run; empty for a record that was not followed.
  std::vector<std::string> history(uint64_t provenance) const;
  // Fills the history of the violations that are about a record that was followed.
  void attach(std::vector<Violation>& violations) const;

  uint64_t interests() const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

 private:
  struct Followed {
    uint64_t record = 0;  // provenance without ordinal
    std::vector<std::string> lines;
    size_t left_out = 0;
  };
  static void add(Followed& followed, std::string line);

  std::vector<Followed> followed_;
  TraceNames names_;
};

}  // namespace drey::reports
