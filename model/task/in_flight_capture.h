#pragma once
// Which data of one input channel belongs to an unaligned checkpoint: what is queued before its
// barrier when it starts, and what arrives until the barrier does.
//
// Allocated with the first barrier or start; a channel without checkpoints in flight has none.
// Upstream: ChannelStatePersister, and lastBarrierId of RemoteInputChannel. Rules CS-1, CS-7 of the
// checkpoint page.
#include <cstdint>

namespace drey::model {

class InFlightCapture {
 public:
  // A barrier was put into the channel's queue (local channels: was polled).
  void barrier_arrived(int64_t checkpoint, uint32_t sequence);
  // The checkpoint starts. False: a newer barrier came already, the checkpoint is subsumed. Else
  // the data in the queue for which before_barrier holds is to be persisted, now.
  bool start(int64_t checkpoint);
  // A buffer in the queue came before the barrier of the checkpoint that starts.
  bool before_barrier(uint32_t sequence) const {
    return last_barrier_ < 0 || sequence < last_barrier_sequence_;
  }
  void stop(int64_t checkpoint);
  // Arriving data is persisted, for this checkpoint.
  bool capturing() const { return status_ == Status::pending; }
  int64_t checkpoint() const { return last_seen_; }
  bool barrier_received() const { return status_ == Status::received; }

 private:
  enum class Status : uint8_t { completed, pending, received };

  int64_t last_barrier_ = -1;  // newest barrier that waits for its checkpoint to start
  int64_t last_seen_ = -1;
  uint32_t last_barrier_sequence_ = 0;
  Status status_ = Status::completed;
};

}  // namespace drey::model
