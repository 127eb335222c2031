#pragma once
// What a task is made of: source or input at the head, operators in chain order, a sink or results
// at the tail. Chains are linear; every result is written by the tail.
#include <memory>
#include <vector>

#include "model/io/broker_sink.h"
#include "model/io/log_source.h"
#include "model/operators/keyed_operator.h"
#include "model/task/task_outputs.h"

namespace drey::model {

struct TaskChain {
  std::unique_ptr<LogSource> source;
  uint32_t source_op = 0;
  std::vector<std::unique_ptr<Operator>> operators;  // between source and sink
  std::unique_ptr<BrokerSink> sink;
  uint32_t sink_op = 0;
  TaskOutputs outputs;
  ChainShape shape;
  sim::Duration cost;        // of one record, nominal
  bool cost_varies = false;  // a backend's calls tell what they cost

  // Indexes into JobSpec::operators, head first.
  template <class Visit>
  void for_each_op(Visit visit) const {
    if (source != nullptr) visit(source_op);
    for (const auto& op : operators) visit(op->op());
    if (sink != nullptr) visit(sink_op);
  }
};

}  // namespace drey::model
