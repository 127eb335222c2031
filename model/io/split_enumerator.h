#pragma once
// The user's side of a source coordinator: it finds splits and says which reader gets which.
//
// Everything is called in the coordinator's thread, one call at a time. A call answers what it
// threw, if anything: that fails the job. Upstream: SplitEnumerator, SplitEnumeratorContext; the
// one of the external log: KafkaSourceEnumerator.
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/io/split_assignment_tracker.h"

namespace drey::model {

// By upstream's class of exception; the first three are preconditions of the context.
enum class SourceThrown : uint8_t { nothing, illegal_argument, illegal_state, null_pointer };

class SplitEnumeratorContext {
 public:
  virtual ~SplitEnumeratorContext() = default;
  virtual uint32_t parallelism() const = 0;
  virtual bool registered(uint32_t subtask) const = 0;
  virtual SourceThrown assign(const SplitsBySubtask& assignment) = 0;
  virtual SourceThrown signal_no_more_splits(uint32_t subtask) = 0;
  virtual SourceThrown signal_intermediate_no_more_splits(uint32_t subtask) = 0;
  virtual SourceThrown send_event(uint32_t subtask, uint32_t attempt, uint64_t event) = 0;
  virtual SourceThrown set_backlog(bool backlog) = 0;
  // Asks the outside which splits there are. Answer: discovered.
  virtual void discover() = 0;
};

class SplitEnumerator {
 public:
  virtual ~SplitEnumerator() = default;
  virtual SourceThrown start() = 0;
  virtual SourceThrown add_reader(uint32_t subtask) = 0;
  virtual SourceThrown handle_split_request(uint32_t subtask) = 0;
  virtual SourceThrown handle_event(uint32_t subtask, uint32_t attempt, uint64_t event) = 0;
  virtual SourceThrown add_splits_back(const std::vector<SplitId>& splits, uint32_t subtask) = 0;
  // `bounded`: no others will come.
  virtual SourceThrown discovered(uint32_t splits, bool bounded) = 0;
  virtual std::string snapshot(CheckpointId id) = 0;
  virtual void notify_complete(CheckpointId) {}
  virtual void notify_aborted(CheckpointId) {}
  virtual void close() {}
};

class SplitEnumeratorFactory {
 public:
  virtual ~SplitEnumeratorFactory() = default;
  // No state: from the beginning.
  virtual std::unique_ptr<SplitEnumerator> make(SplitEnumeratorContext& context,
                                                const std::string* state) = 0;
};

// Split s belongs to subtask s modulo parallelism; a reader gets its splits when it registers. Of a
// bounded log each reader is told that no more will come.
class LogEnumerator final : public SplitEnumerator {
 public:
  LogEnumerator(SplitEnumeratorContext& context, const std::string* state);

  SourceThrown start() override;
  SourceThrown add_reader(uint32_t subtask) override;
  SourceThrown handle_split_request(uint32_t) override { return SourceThrown::nothing; }
  SourceThrown handle_event(uint32_t, uint32_t, uint64_t) override { return SourceThrown::nothing; }
  SourceThrown add_splits_back(const std::vector<SplitId>& splits, uint32_t subtask) override;
  SourceThrown discovered(uint32_t splits, bool bounded) override;
  std::string snapshot(CheckpointId id) override;

 private:
  SourceThrown assign_to(uint32_t subtask);

  SplitEnumeratorContext& context_;
  std::set<SplitId> pending_;
  uint32_t known_ = 0;  // splits found so far
  bool bounded_ = false;
  bool discovered_ = false;
};

}  // namespace drey::model
