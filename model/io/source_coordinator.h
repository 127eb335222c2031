#pragma once
// The coordinator of one source: it registers readers, keeps the book of assignments and runs the
// enumerator, all in a thread of its own.
//
// The methods of the first group are the main thread's: each leaves a piece of work, which run()
// does in order. What the work sends is the main thread's again (SourceCoordinatorOutput). A reset
// makes everything anew and drops the work that was left (upstream: the old coordinator's executor
// is shut down). Upstream: SourceCoordinator, SourceCoordinatorContext,
// RecreateOnResetOperatorCoordinator.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/io/split_assignment_tracker.h"
#include "model/io/split_enumerator.h"
#include "model/task/task_runtime.h"

namespace drey::model {

class SourceCoordinatorOutput {
 public:
  virtual ~SourceCoordinatorOutput() = default;
  virtual void send_to_reader(uint32_t subtask, uint32_t attempt, OperatorEvent event) = 0;
  virtual void snapshot_taken(CheckpointId id, std::string state) = 0;
  virtual void source_threw(SourceThrown thrown) = 0;
  // Answer: discovered.
  virtual void begin_discovery() = 0;
  virtual void assigned(uint32_t subtask, const std::vector<SplitId>& splits) = 0;
};

class SourceCoordinator final : private SplitEnumeratorContext {
 public:
  struct Options {
    uint32_t parallelism = 1;
    bool concurrent_attempts = false;  // speculative execution
  };
  SourceCoordinator(const Options& options, SplitEnumeratorFactory& factory,
                    SourceCoordinatorOutput& output);
  SourceCoordinator(const SourceCoordinator&) = delete;
  SourceCoordinator& operator=(const SourceCoordinator&) = delete;

  // ---- the main thread's
  void start();
  void attempt_ready(uint32_t subtask, uint32_t attempt);
  void attempt_failed(uint32_t subtask, uint32_t attempt);
  void event(uint32_t subtask, uint32_t attempt, const OperatorEvent& event);
  void subtask_reset(uint32_t subtask, CheckpointId restored);
  void checkpoint(CheckpointId id);
  void complete(CheckpointId id);
  void aborted(CheckpointId id);
  void discovered(uint32_t splits, bool bounded);
  void reset(const std::string* state);

  // ---- its own thread's
  bool has_work() const { return !work_.empty(); }
  size_t work_left() const { return work_.size(); }
  void run_one();

  const std::map<uint32_t, std::set<uint32_t>>& readers() const { return readers_; }
  const SplitAssignmentTracker& tracker() const { return tracker_; }
  const std::set<uint32_t>& without_more_splits() const { return no_more_; }

 private:
  struct Work {
    enum class Kind : uint8_t {
      start,
      ready,
      failed,
      event,
      reset,
      checkpoint,
      complete,
      aborted,
      discovered
    } kind = Kind::start;
    uint32_t subtask = 0;
    uint32_t attempt = 0;
    CheckpointId id = 0;
    OperatorEvent event;
  };
  void put(Work work);
  SourceThrown run(const Work& work);
  SourceThrown handle(const Work& work);
  SourceThrown register_reader(uint32_t subtask, uint32_t attempt);
  SourceThrown send(uint32_t subtask, uint32_t attempt, OperatorEvent event);

  // SplitEnumeratorContext
  uint32_t parallelism() const override { return options_.parallelism; }
  bool registered(uint32_t subtask) const override { return readers_.count(subtask) > 0; }
  SourceThrown assign(const SplitsBySubtask& assignment) override;
  SourceThrown signal_no_more_splits(uint32_t subtask) override;
  SourceThrown signal_intermediate_no_more_splits(uint32_t subtask) override;
  SourceThrown send_event(uint32_t subtask, uint32_t attempt, uint64_t event) override;
  SourceThrown set_backlog(bool backlog) override;
  void discover() override { output_.begin_discovery(); }

  Options options_;
  SplitEnumeratorFactory& factory_;
  SourceCoordinatorOutput& output_;
  std::unique_ptr<SplitEnumerator> enumerator_;
  std::deque<Work> work_;
  bool started_ = false;

  std::map<uint32_t, std::set<uint32_t>> readers_;   // attempts by subtask
  std::map<uint32_t, std::set<uint32_t>> gateways_;  // likewise: ready to be sent to
  std::set<uint32_t> no_more_;
  SplitAssignmentTracker tracker_;
  std::optional<bool> backlog_;
};

}  // namespace drey::model
