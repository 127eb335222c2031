// A chain that branches, or whose results leave it at several places (task_chain_tree.h).
#include <algorithm>

#include "model/task/exact_task.h"

namespace drey::model {

// The operator that was built last.
void ExactTask::add_to_tree(uint32_t op) {
  ChainTree::Part part;
  const OperatorKind kind = spec(op).kind;
  if (kind == OperatorKind::sink)
    part.sink = chain_.sinks.entries().back().sink.get();
  else if (kind != OperatorKind::source)
    part.op = chain_.operators.back().get();
  if (kind == OperatorKind::filter) part.filter = static_cast<const FilterOperator*>(part.op);
  if (kind == OperatorKind::flat_map) part.flat_map = static_cast<const FlatMapOperator*>(part.op);
  part.window = kind == OperatorKind::window;
  chain_.tree->add(part);
}

void ExactTask::order_operators() {
  chain_.tail_first.clear();
  if (chain_.tree == nullptr) {
    for (size_t i = chain_.operators.size(); i-- > 0;) chain_.tail_first.push_back(i);
    return;
  }
  chain_.tree->built();
  for (const uint32_t node : chain_.tree->tail_first())
    for (size_t i = 0; i < chain_.operators.size(); ++i)
      if (chain_.operators[i]->op() == chain_.ops[node]) chain_.tail_first.push_back(i);
}

void ExactTask::run_tree() {
  ChainTree::Pass pass{.outputs = chain_.outputs, .user_code = user_code_, .effects = effects_};
  chain_.tree->run(block_, pass);
  after_tree(pass);
}

void ExactTask::emit_watermark_in_tree(int64_t watermark) {
  ChainTree::Pass pass{.outputs = chain_.outputs, .user_code = user_code_, .effects = effects_};
  clock_ = clock_ + chain_.tree->watermark(watermark, pass);
  after_tree(pass);
}

void ExactTask::after_tree(const ChainTree::Pass& pass) {
  if (effects_.outcome != state::Outcome::ok)
    state_failed();
  else if (pass.hit.has_value())
    misbehave(*pass.hit);
}

}  // namespace drey::model
