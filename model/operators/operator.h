#pragma once
// An operator in a task's chain. Calls are per block of records, never per record.
//
// An operator that cannot go on reports a Trouble; the task fails. What an operator wants announced
// it notes, and the task announces it at the next instant at which somebody looks (design.md 2.12),
// so that slicing never shows.
//
// Upstream: StreamOperator, OneInputStreamOperator.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/operators/record_block.h"
#include "model/task/deployment.h"
#include "state/keyed_backend.h"

namespace drey::model {

// A fact that is to be announced under the task's name.
struct NotedFact {
  uint16_t kind = 0;
  uint64_t a = 0, b = 0, c = 0;
};

struct Effects {
  std::vector<NotedFact> facts;
  uint64_t late_records = 0;  // dropped since they were last announced
  int64_t late_watermark = 0;
  state::Charge charge;  // beyond the nominal cost
  state::Outcome outcome = state::Outcome::ok;
};

class Operator {
 public:
  explicit Operator(uint32_t op) : op_(op) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  uint32_t op() const { return op_; }  // index into JobSpec::operators

  // These come next: a head operator may have their state brought nearer. Changes nothing.
  virtual void expect(std::span<const sim::Record>, std::span<const uint16_t>) const {}
  // In place: what goes on down the chain is what is left in the block.
  virtual void process(RecordBlock& block, Effects& effects) = 0;
  // Before the watermark goes on; fills `out` with what it emits.
  virtual void on_watermark(int64_t watermark, RecordBlock& out, Effects& effects);

  // Keyed operators.
  virtual state::KeyedBackend* backend() { return nullptr; }
  virtual const state::KeyedBackend* backend() const { return nullptr; }

 private:
  uint32_t op_;
};

}  // namespace drey::model
