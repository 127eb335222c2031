#pragma once
// The stateless operators: map, filter, flat_map (operators/record_functions.h).
#include "model/operators/operator.h"
#include "model/operators/record_functions.h"

namespace drey::model {

class MapOperator final : public Operator {
 public:
  using Operator::Operator;
  void process(RecordBlock&, Effects&) override {}
};

class FilterOperator final : public Operator {
 public:
  FilterOperator(uint32_t op, const OperatorSpec& spec)
      : Operator(op), salt_(sim::name_hash(spec.id)), keep_(spec.keep), out_of_(spec.out_of) {}
  void process(RecordBlock& block, Effects&) override;
  bool keeps(const sim::Record& record) const {
    return filter_keeps(record, salt_, keep_, out_of_);
  }

 private:
  uint64_t salt_;
  uint32_t keep_;
  uint32_t out_of_;
};

class FlatMapOperator final : public Operator {
 public:
  FlatMapOperator(uint32_t op, const OperatorSpec& spec) : Operator(op), copies_(spec.copies) {}
  void process(RecordBlock& block, Effects&) override;
  uint32_t copies() const { return copies_; }

 private:
  uint32_t copies_;
  RecordBlock scratch_;
};

}  // namespace drey::model
