#pragma once
// Claim: results that outlive their tasks are kept by somebody, removed once, and nothing of them
// is left when the job is over.
//
// Believes: who keeps a result and who drops it (ResultFact), processes that end, the job's status.
// A process that ends takes what it keeps with it. Judged only if the job came to its end.
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "reports/oracles/job_view.h"

namespace drey::reports {

class ResultRelease final : public Oracle {
 public:
  explicit ResultRelease(std::shared_ptr<const JobView> view) : view_(std::move(view)) {}

  std::string_view name() const override { return "result_release"; }
  std::string_view claim() const override {
    return "stored results are removed once, and none is left when the job is over";
  }
  uint64_t interests() const override {
    return sim::interest(sim::FactGroup::data) | sim::interest(sim::FactGroup::machine) |
           sim::interest(sim::FactGroup::control);
  }
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  Finding finish(sim::Time end) override;

 private:
  using Key = std::pair<uint64_t, uint64_t>;  // partition, attempt
  struct Kept {
    sim::Fact written;
    std::string process;
  };
  std::shared_ptr<const JobView> view_;
  std::map<Key, Kept> kept_;
  bool over_ = false;
  Evidence evidence_;
};

}  // namespace drey::reports
