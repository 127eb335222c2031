#pragma once
// What one reader holds of one subpartition: the queue that it polls, and what a polled buffer
// contains. A pipelined subpartition has one view at a time, which takes the writer's own queue; of
// a result on disk each view has a queue of its own, filled from the file.
//
// Upstream: ResultSubpartitionView.
#include <cstdint>

#include "model/task/channel_event.h"
#include "model/task/pipelined_subpartition.h"
#include "model/task/record_slice.h"

namespace drey::model {

struct TakenBuffer {
  RecordSlice slice;
  ChannelEvent event;
  // To be recycled when the slice is done with; 0: not the last part of a buffer.
  uint64_t buffer = 0;
};

// Whoever reads. Called inside events of others.
class ViewOwner {
 public:
  virtual ~ViewOwner() = default;
  // The view gives no more; `view` is the owner's number for it.
  virtual void view_failed(uint64_t view) = 0;
};

class SubpartitionView {
 public:
  virtual ~SubpartitionView() = default;
  virtual PipelinedSubpartition& queue() = 0;
  virtual TakenBuffer take(uint64_t payload, BufferType type, uint32_t size, uint32_t sequence) = 0;
  virtual void recycle(uint64_t buffer) = 0;
  // Before the queue is touched: the writer applies what was due.
  virtual void look() {}
  virtual void user_records_processed() {}
};

}  // namespace drey::model
