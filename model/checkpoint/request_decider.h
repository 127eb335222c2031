#pragma once
// Which checkpoint request may start now (CC-11..16). Holds the queue of waiting requests; what it
// decides is returned as a Decision, it calls nobody.
//
// Invariant: the queue is sorted by the total order of CC-11 (savepoint first, forced first, client
// before periodic, older first, then order of submission) and never longer than max_queued. Times
// are of the relative clock.
//
// Upstream: CheckpointRequestDecider.
#include <optional>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint_types.h"
#include "sim/time.h"

namespace drey::model {

struct CheckpointRequest {
  uint64_t number = 0;  // the submitter's name for it; distinct
  CheckpointProperties props;
  bool periodic = false;
  sim::Time timestamp;  // when it was made
  std::string target;   // savepoint directory
};

struct FailedRequest {
  CheckpointRequest request;
  CheckpointFailureReason reason = CheckpointFailureReason::too_many_checkpoint_requests;
};

struct Decision {
  std::optional<CheckpointRequest> chosen;
  std::vector<FailedRequest> failed;         // in the order in which they failed
  std::optional<sim::Duration> rearm_after;  // arm the periodic trigger anew, this long from now
};

class CheckpointRequestDecider {
 public:
  struct Options {
    uint32_t max_concurrent = 1;
    uint32_t max_queued = 1000;  // CC-4
    sim::Duration min_pause;
  };

  // What the decision depends on besides the queue.
  struct Situation {
    bool triggering = false;
    uint32_t pending = 0;   // pending checkpoints
    uint32_t cleaning = 0;  // checkpoints being deleted
    sim::Time last_completion;
    sim::Time now;
  };

  explicit CheckpointRequestDecider(Options options) : options_(options) {}

  // CC-12: queues the request (or fails it, or the last one) and chooses.
  Decision submit(CheckpointRequest request, const Situation& situation);
  // CC-13..16.
  Decision choose(const Situation& situation);
  // Fails everything that waits.
  std::vector<FailedRequest> abort_all(CheckpointFailureReason reason);

  size_t queued() const { return queue_.size(); }

 private:
  struct Entry {
    CheckpointRequest request;
    uint64_t sequence = 0;
  };

  static bool goes_before(const Entry& a, const Entry& b);
  static bool is_too_soon(const CheckpointRequest& head, sim::Duration wait);
  bool is_full_for_new_requests() const;
  bool is_blocked_by_cleaning(const Situation& situation) const;
  CheckpointRequest pop_front();

  Options options_;
  std::vector<Entry> queue_;  // sorted, the head first
  uint64_t submissions_ = 0;
};

}  // namespace drey::model
