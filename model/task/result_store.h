#pragma once
// Where a task puts a result that outlives it: the disk of its own process, or a shuffle service
// elsewhere. Regions are appended in order and then the result is completed.
//
// Errors: failed() is for good; what was appended after counts for nothing.
// Upstream: the writing side of ShuffleServiceFactory's result partitions.
#include "model/task/spilled_region.h"
#include "sim/time.h"

namespace drey::model {

class ResultStore {
 public:
  virtual ~ResultStore() = default;
  virtual void append(SpilledRegion region) = 0;
  virtual void complete() = 0;
  // The thread that writes has until then to do with what was appended.
  virtual sim::Time busy_until() const = 0;
  // All of it has arrived, as far as the store has to say so.
  virtual bool settled() const = 0;
  virtual bool failed() const = 0;
  virtual uint64_t bytes() const = 0;
  // Somebody waits for what is collected now.
  virtual bool eager() const { return false; }
  // The task has failed: what was stored is nobody's.
  virtual void abandon() {}
};

}  // namespace drey::model
