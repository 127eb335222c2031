#pragma once
// Claim: a stage that has finished has read each record of each of its stored inputs once, whatever
// was restarted on the way.
//
// A stage is a job vertex. When its last subtask finishes, what the attempts that finished have
// read along an edge, record by record, is held against what the job makes of the log up to that
// edge. So a consumer that kept what it had read of a producer that ran again and gave other
// partitions shows: records lost, records doubled. Edges behind windows, diamonds and broadcasts
// are left out (sink_path.h says why).
//
// Believes: what tasks say that they read (ResultFact::consumed), the JobMaster's states, the log.
#include <map>
#include <memory>
#include <vector>

#include "reports/oracles/job_view.h"
#include "reports/reference_evaluator.h"

namespace drey::reports {

class BatchLedger final : public Oracle {
 public:
  BatchLedger(const sim::LogSet& logs, std::shared_ptr<const JobView> view);

  std::string_view name() const override { return "batch_ledger"; }
  std::string_view claim() const override {
    return "a finished stage has read each record of its stored inputs once";
  }
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::control) | sim::interest(sim::FactGroup::task) |
           sim::interest(sim::FactGroup::data);
  }
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;
  std::vector<uint64_t> microscope() const override { return suspects_; }

 private:
  static constexpr size_t kSuspects = 8;
  struct Edge {  // a stored one that can be judged
    model::EdgeIndex edge = 0;
    uint32_t gate = 0;  // of the consumer
    std::unique_ptr<ReferenceEvaluator> evaluator;
  };
  using Read = std::map<uint32_t, std::vector<uint64_t>>;  // by gate: provenances
  struct Task {
    uint64_t attempt = 0;  // the current one, as the JobMaster has it
    bool finished = false;
    std::map<uint64_t, Read> read;  // by attempt
  };

  void collect_edges(const sim::LogSet& logs);
  void on_state(const sim::Fact& fact, model::SubtaskIndex subtask);
  void judge(const Edge& edge, const sim::Fact& fact);
  void violate(const sim::Fact& fact, std::string what, uint64_t record);

  std::shared_ptr<const JobView> view_;
  std::map<model::JobVertexIndex, std::vector<Edge>> edges_;  // by consumer
  std::vector<Task> tasks_;
  Evidence evidence_;
  std::vector<uint64_t> suspects_;
  std::string left_out_;
};

}  // namespace drey::reports
