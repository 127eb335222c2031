#include "model/task/task_chain_tree.h"

#include <algorithm>

#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

// ---- its shape ----

std::unique_ptr<ChainTree> ChainTree::of(const Deployment& deployment, Mutant mutant) {
  if (deployment.vertex().operators.size() < 2) return nullptr;
  std::unique_ptr<ChainTree> tree = draw(deployment);
  if (tree->is_line()) return nullptr;
  tree->mutant_ = mutant;
  return tree;
}

// Two operators of one vertex with an edge between them are chained: the second has no other input.
std::unique_ptr<ChainTree> ChainTree::draw(const Deployment& deployment) {
  auto tree = std::make_unique<ChainTree>();
  const JobInformation& job = *deployment.job;
  for (const uint32_t op : deployment.vertex().operators) {
    tree->nodes_.emplace_back();
    tree->nodes_.back().op = op;
  }
  for (Node& node : tree->nodes_) {
    const std::string& id = job.spec.operators[node.op].id;
    for (const EdgeSpec& edge : job.spec.edges) {
      if (edge.from != id) continue;
      for (uint32_t to = 0; to < tree->nodes_.size(); ++to)
        if (job.spec.operators[tree->nodes_[to].op].id == edge.to) node.chained.push_back(to);
    }
    for (size_t r = 0; r < deployment.results.size(); ++r)
      if (job.graph.data_sets[deployment.results[r].data_set].producing_operator == node.op)
        node.results.push_back(r);
  }
  return tree;
}

bool ChainTree::is_line() const {
  for (size_t n = 0; n + 1 < nodes_.size(); ++n)
    if (nodes_[n].chained.size() != 1 || !nodes_[n].results.empty()) return false;
  return true;
}

void ChainTree::add(const Part& part) {
  Node& node = nodes_[next_++];
  node.part = part;
  if (part.filter != nullptr) node.shape.add(*part.filter);
  if (part.flat_map != nullptr) node.shape.add(*part.flat_map);
  if (part.window) node.shape.add_window();
  for (const uint32_t n : node.chained) nodes_[n].shape = node.shape;
}

void ChainTree::built() {
  CHECK(next_ == nodes_.size(), "each operator of the chain has its part");
  for (const Node& node : nodes_)
    if (!node.results.empty() && node.part.sink == nullptr)
      emitters_.push_back({node.shape, node.results});
}

void ChainTree::append_tail_first(uint32_t n, std::vector<uint32_t>& order) const {
  for (const uint32_t next : nodes_[n].chained) append_tail_first(next, order);
  order.push_back(n);
}

std::vector<uint32_t> ChainTree::tail_first() const {
  std::vector<uint32_t> order;
  append_tail_first(0, order);
  return order;
}

// ---- records ----

void ChainTree::run(RecordBlock& block, Pass& pass) {
  pass.stepping = pass.user_code.watches_records() && pass.user_code.may_hit(block.view());
  if (!pass.stepping) {
    enter(0, block, pass);
    return;
  }
  head_.make_room(1);
  for (size_t i = 0; i < block.count && !pass.stopped(); ++i) {
    head_.records[0] = block.records[i];
    head_.groups[0] = block.groups[i];
    head_.count = 1;
    enter(0, head_, pass);
  }
  write_held(pass);
}

void ChainTree::enter(uint32_t n, RecordBlock& block, Pass& pass) {
  Node& node = nodes_[n];
  if (pass.stepping) {
    pass.hit = pass.user_code.find(n, block.view());
    if (pass.hit.has_value()) return;
  }
  if (node.part.sink != nullptr) {
    node.part.sink->write(block.view());
    return;
  }
  if (node.part.op != nullptr) node.part.op->process(block, pass.effects);
  if (!pass.stopped()) leave(n, block, pass);
}

// What the operator has put out.
void ChainTree::leave(uint32_t n, RecordBlock& block, Pass& pass) {
  if (!pass.stepping || block.count < 2) {
    put_out(n, block, pass);
    return;
  }
  RecordBlock& single = nodes_[n].single;
  single.make_room(1);
  for (size_t i = 0; i < block.count && !pass.stopped(); ++i) {
    single.records[0] = block.records[i];
    single.groups[0] = block.groups[i];
    single.count = 1;
    put_out(n, single, pass);
  }
}

void ChainTree::put_out(uint32_t n, RecordBlock& block, Pass& pass) {
  Node& node = nodes_[n];
  if (pass.stepping && !node.results.empty()) {
    node.held.insert(node.held.end(), block.view().begin(), block.view().end());
  } else {
    for (const size_t result : node.results)
      pass.outputs.write_to(result, block.view(), pass.asked);
  }
  for (size_t i = 0; i < node.chained.size(); ++i) {
    const uint32_t next = node.chained[i];
    const bool last = i + 1 == node.chained.size();
    if (last || nodes_[next].part.sink != nullptr ||
        mutant_ == Mutant::branches_share_their_records) {
      enter(next, block, pass);
    } else {
      RecordBlock& copy = nodes_[next].copy;
      copy.make_room(block.count);
      const auto count = static_cast<std::ptrdiff_t>(block.count);
      std::copy(block.records.begin(), block.records.begin() + count, copy.records.begin());
      std::copy(block.groups.begin(), block.groups.begin() + count, copy.groups.begin());
      copy.count = block.count;
      enter(next, copy, pass);
    }
    if (pass.stopped()) return;
  }
}

// What went record by record goes into the results at once, as it was admitted.
void ChainTree::write_held(Pass& pass) {
  for (Node& node : nodes_) {
    if (!pass.stopped())
      for (const size_t result : node.results) pass.outputs.write_to(result, node.held, pass.asked);
    node.held.clear();
  }
}

// ---- watermarks ----

sim::Duration ChainTree::watermark(int64_t watermark, Pass& pass) {
  sim::Duration took;
  pass.asked = false;
  watermark_at(0, watermark, pass, took);
  return took;
}

void ChainTree::watermark_at(uint32_t n, int64_t watermark, Pass& pass, sim::Duration& took) {
  Node& node = nodes_[n];
  Operator* const op = node.part.op;
  if (op != nullptr && op->backend() != nullptr) {
    pass.effects.facts.push_back(
        {fact_kind(TaskFact::watermark), static_cast<uint64_t>(watermark), op->op(), 0});
    op->on_watermark(watermark, node.fired, pass.effects);
    took = took + pass.effects.charge.time();
    pass.effects.charge = {};
    if (node.fired.count > 0) leave(n, node.fired, pass);
    node.fired.count = 0;
    if (pass.stopped()) return;
  }
  for (const size_t result : node.results)
    pass.outputs.write_element_to(result, {.watermark = watermark});
  for (const uint32_t next : node.chained) {
    watermark_at(next, watermark, pass, took);
    if (pass.stopped()) return;
  }
}

}  // namespace drey::model
