#pragma once
// Facts made by hand for the tests of oracles: no cluster, no world; a kernel only for names.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph/job_spec.h"
#include "model/trace_events.h"
#include "reports/oracle.h"
#include "sim/broker.h"
#include "sim/external_log.h"
#include "sim/kernel.h"
#include "sim/log_contents.h"

namespace drey::reports {

class HandMadeRun {
 public:
  explicit HandMadeRun(sim::TraceSink& sink, sim::Kernel& kernel) : sink_(sink), kernel_(kernel) {}

  sim::Fact fact(uint16_t kind, std::string_view subject, uint64_t a, uint64_t b = 0,
                 uint64_t c = 0) {
    return {.at = now,
            .entity = kernel_.intern(speaker),
            .subject = kernel_.intern(subject),
            .kind = kind,
            .a = a,
            .b = b,
            .c = c};
  }
  template <class Kind>
  void say(Kind kind, std::string_view subject, uint64_t a, uint64_t b = 0, uint64_t c = 0) {
    sink_.on(fact(fact_kind(kind), subject, a, b, c), ++number_);
  }
  template <class Kind>
  void say_batch(Kind kind, std::string_view subject, uint64_t a, std::vector<sim::Record> records,
                 uint64_t b = 0, uint64_t c = 0) {
    sink_.on_batch({.head = fact(fact_kind(kind), subject, a, b, c), .records = records},
                   ++number_);
  }
  void commit(std::vector<sim::Record> records,
              std::string_view transaction = "transaction/job-1-sink-0-1") {
    say_batch(sim::BrokerFact::committed_batch, transaction, 0, std::move(records));
  }
  // A completed checkpoint that covers each split up to the offset.
  void checkpoint(uint64_t id, const std::vector<uint64_t>& covered) {
    for (size_t split = 0; split < covered.size(); ++split)
      say(model::CheckpointFact::source_position, "job-1/src/0", id, split, covered[split]);
    say(model::CheckpointFact::completed, "job-1", id, 1000, 5'000'000);
  }

  sim::Time now{1'000'000'000};
  std::string speaker = "jm-1/job-1";

 private:
  sim::TraceSink& sink_;
  sim::Kernel& kernel_;
  sim::FactNumber number_ = 0;
};

// source "src" -> `middle` ... -> "sink", all of parallelism 2, hash before keyed and window.
inline model::JobSpec straight_job(std::vector<model::OperatorSpec> middle) {
  model::JobSpec job;
  job.operators.push_back(
      {.id = "src", .kind = model::OperatorKind::source, .parallelism = 2, .records = 1});
  for (model::OperatorSpec& op : middle) {
    op.parallelism = 2;
    job.operators.push_back(std::move(op));
  }
  job.operators.push_back({.id = "sink", .kind = model::OperatorKind::sink, .parallelism = 2});
  for (size_t i = 1; i < job.operators.size(); ++i) {
    const model::OperatorKind kind = job.operators[i].kind;
    const bool keyed = kind == model::OperatorKind::keyed || kind == model::OperatorKind::window;
    job.edges.push_back({.from = job.operators[i - 1].id,
                         .to = job.operators[i].id,
                         .ship = keyed ? model::Partitioner::hash : model::Partitioner::forward});
  }
  return job;
}

}  // namespace drey::reports
