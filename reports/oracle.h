#pragma once
// An oracle judges one claim about a run. It sees the facts of the trace and the job's description,
// never a component (design.md section 4); one file per claim in reports/oracles/.
//
//   class NoLeak final : public Oracle { ... on(fact) { evidence_.examined(); if (bad)
//     evidence_.violate(fact.at, text, "what is wrong"); }  finish(end) { return
//     evidence_.finding(name()); } };
//
// Invariants: `examined` counts what was compared; a claim that compared nothing is vacuous, never
// held. Violations are in the order in which they were seen; the first one of the run names the
// event that broke the promise. Times are simulated.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/kernel.h"
#include "sim/log_set.h"
#include "sim/trace.h"

namespace drey::reports {

enum class Judgement : uint8_t { held, violated, not_checked, vacuous };
std::string_view name_of(Judgement judgement);  // "held", "violated", "not_checked", "vacuous"

struct Violation {
  std::string oracle;
  sim::Time at{};
  std::string event;                 // the fact that broke the claim, one line (fact_text.h)
  std::string what;                  // what is wrong, in words, with both values
  std::vector<std::string> history;  // of the record or object it is about; may be empty
  std::optional<uint64_t> record{};  // provenance of the record it is about
  friend bool operator==(const Violation&, const Violation&) = default;
};

struct Finding {
  Judgement judgement = Judgement::vacuous;
  uint64_t examined = 0;
  std::vector<Violation> violations;
  std::string excuse;  // of not_checked: why; of held: what of the claim was left out
  friend bool operator==(const Finding&, const Finding&) = default;
};

// Names of paths and nothing else of the kernel, and of splits. Kernel and logs must outlive it.
class TraceNames {
 public:
  explicit TraceNames(const sim::Kernel& kernel, const sim::LogSet* logs = nullptr)
      : kernel_(&kernel), logs_(logs) {}
  std::string_view operator()(sim::PathId path) const {
    return path.valid() ? std::string_view(kernel_->name(path)) : std::string_view();
  }
  // Whom the fact is about: its subject, or the announcer where there is none.
  std::string_view about(const sim::Fact& fact) const {
    return (*this)(fact.subject.valid() ? fact.subject : fact.entity);
  }
  // "split 2"; "split 0 of log-orders" where the run has several logs. By the number in the facts.
  std::string split(uint64_t number) const {
    return logs_ == nullptr ? "split " + std::to_string(number) : logs_->split_text(number);
  }

 private:
  const sim::Kernel* kernel_;
  const sim::LogSet* logs_;
};

// "tm-1" of a path such as "tm-1/job-1/agg/0", and of a ResourceID such as "tm-1#2".
inline std::string_view process_of(std::string_view name) {
  return name.substr(0, name.find_first_of("/#"));
}

class Oracle : public sim::TraceSink {
 public:
  virtual std::string_view name() const = 0;   // as in `drey mutants` and violations[].oracle
  virtual std::string_view claim() const = 0;  // one sentence
  // Once, after the run. examined == 0 is vacuous (or not_checked with an excuse), never held.
  virtual Finding finish(sim::Time end) = 0;
  // Provenances of the records that a second run of the same seed should follow in full.
  virtual std::vector<uint64_t> microscope() const { return {}; }
};

// What an oracle collects while it looks, and the finding that this makes.
class Evidence {
 public:
  static constexpr size_t kKept = 20;  // violations beyond these are counted only

  void examined(uint64_t more = 1) { examined_ += more; }
  void violate(sim::Time at, std::string event, std::string what,
               std::optional<uint64_t> record = std::nullopt) {
    ++violated_;
    if (violations_.size() < kKept)
      violations_.push_back({{}, at, std::move(event), std::move(what), {}, record});
  }
  uint64_t count() const { return examined_; }
  uint64_t violated() const { return violated_; }

  // The claim could not be judged, or not wholly: `why` goes into the finding.
  void excuse(std::string why) { excuse_ = std::move(why); }

  // violated > vacuous > held; with an excuse and nothing examined: not_checked.
  Finding finding(std::string_view oracle) const;

 private:
  uint64_t examined_ = 0;
  uint64_t violated_ = 0;
  std::vector<Violation> violations_;
  std::string excuse_;
};

}  // namespace drey::reports
