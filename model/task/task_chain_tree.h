#pragma once
// The operators of a task whose chain branches, or whose results leave it at other places than its
// tail. A chain that does neither has no tree: ExactTask::run_chain.
//
// Node n is the n-th operator of the vertex: head first, depth first, branches in the order of the
// job's edges. What an operator puts out goes to its results first, then to the operators chained
// to it in their order, and down to the end of each branch before the next one. Branches share
// nothing, so a block of records may go through one whole branch after the other; only where user
// code misbehaves does it matter where a single record was, and such a block goes record by record.
//
// Upstream: OperatorChain.createOutputCollector, BroadcastingOutputCollector, ChainingOutput.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/io/broker_sink.h"
#include "model/operators/operator.h"
#include "model/task/task_outputs.h"
#include "model/task/user_code.h"

namespace drey::model {

class ChainTree {
 public:
  // The shape of a vertex's chain; null if it is a line.
  static std::unique_ptr<ChainTree> of(const Deployment& deployment, Mutant mutant);

  struct Part {
    Operator* op = nullptr;  // null for a source or a sink
    BrokerSink* sink = nullptr;
    const FilterOperator* filter = nullptr;  // how many records leave it
    const FlatMapOperator* flat_map = nullptr;
    bool window = false;
  };
  // What runs at the next node, in the order of the vertex.
  void add(const Part& part);
  // After the last one.
  void built();
  // Nodes from the tail to the head: each behind all that are chained to it.
  std::vector<uint32_t> tail_first() const;

  // How many of the records may be processed now (TaskOutputs::admit).
  size_t admit(TaskOutputs& outputs, std::span<const sim::Record> records) const {
    return outputs.admit(records, emitters_);
  }
  struct Pass {
    TaskOutputs& outputs;
    const UserCode& user_code;
    Effects& effects;
    std::optional<UserCode::Hit> hit{};
    bool asked = true;      // admitted before
    bool stepping = false;  // record by record
    bool stopped() const { return hit.has_value() || effects.outcome != state::Outcome::ok; }
  };
  // From the head into all sinks and results. After a stop no result holds anything of the block.
  void run(RecordBlock& block, Pass& pass);
  // Timers fire on the way, and what they emit goes ahead of the watermark. Returns the time that
  // it took.
  sim::Duration watermark(int64_t watermark, Pass& pass);

 private:
  struct Node {
    uint32_t op = 0;  // index into JobSpec::operators
    std::vector<uint32_t> chained;
    std::vector<size_t>
        results;  // positions in the task's outputs; of a sink: for its committables
    Part part;
    ChainShape shape;    // from the head to what leaves this node
    RecordBlock copy;    // of a block that a later branch needs too
    RecordBlock fired;   // by its timers
    RecordBlock single;  // record by record
    std::vector<sim::Record> held;
  };
  static std::unique_ptr<ChainTree> draw(const Deployment& deployment);
  bool is_line() const;
  void enter(uint32_t n, RecordBlock& block, Pass& pass);
  void leave(uint32_t n, RecordBlock& block, Pass& pass);
  void put_out(uint32_t n, RecordBlock& block, Pass& pass);
  void write_held(Pass& pass);
  void watermark_at(uint32_t n, int64_t watermark, Pass& pass, sim::Duration& took);
  void append_tail_first(uint32_t n, std::vector<uint32_t>& order) const;

  std::vector<Node> nodes_;
  std::vector<TaskOutputs::Emitter> emitters_;
  size_t next_ = 0;   // that is added
  RecordBlock head_;  // record by record
  Mutant mutant_ = Mutant::none;
};

}  // namespace drey::model
