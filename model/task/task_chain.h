#pragma once
// What a task is made of: source or input at the head, operators depth first, sinks and results at
// the ends. In a linear chain the tail is one sink or writes all results; any other has a tree.
#include <algorithm>
#include <memory>
#include <vector>

#include "model/io/log_source.h"
#include "model/operators/keyed_operator.h"
#include "model/task/task_chain_sinks.h"
#include "model/task/task_chain_tree.h"
#include "model/task/task_outputs.h"

namespace drey::model {

struct TaskChain {
  std::unique_ptr<LogSource> source;
  uint32_t source_op = 0;
  std::vector<std::unique_ptr<Operator>> operators;  // between source and sinks
  TaskSinks sinks;
  TaskOutputs outputs;
  ChainShape shape;                 // of a linear chain
  std::unique_ptr<ChainTree> tree;  // null: the chain is linear
  sim::Duration cost;               // of one record, nominal
  bool cost_varies = false;         // a backend's calls tell what they cost

  // Indexes into JobSpec::operators, head first.
  std::vector<uint32_t> ops;
  // Positions in `operators`, each behind all that are chained to it.
  std::vector<size_t> tail_first;

  // The tail writes what leaves the chain into all results.
  bool tail_writes() const { return tree == nullptr && sinks.empty(); }
  size_t place_of(uint32_t op) const {
    return static_cast<size_t>(std::find(ops.begin(), ops.end(), op) - ops.begin());
  }
};

}  // namespace drey::model
