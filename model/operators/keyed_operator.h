#pragma once
// The keyed operators: a running aggregate per key, and a tumbling event-time window. Their state
// and timers live in a KeyedBackend, which they own. Upstream: KeyedProcessOperator with
// ReducingState, WindowOperator with EventTimeTrigger and a ReduceFunction.
#include <memory>

#include "model/graph/job_spec.h"
#include "model/operators/operator.h"
#include "model/operators/record_functions.h"
#include "model/operators/window_operator.h"

namespace drey::model {

class KeyedOperator : public Operator {
 public:
  KeyedOperator(uint32_t op, std::unique_ptr<state::KeyedBackend> backend)
      : Operator(op), backend_(std::move(backend)) {}
  // Registers the state. False: a restored state is not compatible.
  virtual bool open() = 0;
  state::KeyedBackend* backend() override { return backend_.get(); }
  const state::KeyedBackend* backend() const override { return backend_.get(); }

 protected:
  bool register_state(const state::StateDescriptor& descriptor);

  std::unique_ptr<state::KeyedBackend> backend_;
  state::StateId state_;
  std::vector<state::Running> running_;
};

state::ReduceFunction reduce_function(Aggregate aggregate);

class RunningAggregateOperator final : public KeyedOperator {
 public:
  // `passes_on`: the aggregate is kept, but the records leave as they came.
  RunningAggregateOperator(uint32_t op, std::unique_ptr<state::KeyedBackend> backend,
                           Aggregate aggregate, bool passes_on = false)
      : KeyedOperator(op, std::move(backend)), aggregate_(aggregate), passes_on_(passes_on) {}
  bool open() override;
  void expect(std::span<const sim::Record> records,
              std::span<const uint16_t> groups) const override {
    backend_->prefetch(state_, records, groups);
  }
  void process(RecordBlock& block, Effects& effects) override;

 private:
  Aggregate aggregate_;
  bool passes_on_;
};

// Tumbling windows, in a chain.
class KeyedWindowOperator final : public KeyedOperator, private WindowOutput {
 public:
  KeyedWindowOperator(uint32_t op, std::unique_ptr<state::KeyedBackend> backend, int64_t size_ms,
                      Aggregate aggregate = Aggregate::sum, Mutant mutant = Mutant::none)
      : KeyedOperator(op, std::move(backend)),
        size_(size_ms),
        aggregate_(aggregate),
        mutant_(mutant) {}
  bool open() override;
  void process(RecordBlock& block, Effects& effects) override;
  void on_watermark(int64_t watermark, RecordBlock& out, Effects& effects) override;

 private:
  void on_result(state::Key key, state::TimeWindow window, const state::Accumulator& aggregate,
                 std::span<const sim::Record> elements) override;
  void on_late(const sim::Record&) override {}

  int64_t size_;
  Aggregate aggregate_;
  Mutant mutant_;
  int64_t watermark_ = kMinWatermark;
  std::unique_ptr<WindowOperator> windows_;
  RecordBlock* out_ = nullptr;  // of the watermark call that is running
  Effects* effects_ = nullptr;
};

}  // namespace drey::model
