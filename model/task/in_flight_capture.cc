#include "model/task/in_flight_capture.h"

namespace drey::model {

void InFlightCapture::barrier_arrived(int64_t checkpoint, uint32_t sequence) {
  const int64_t expected = status_ == Status::completed ? last_seen_ + 1 : last_seen_;
  if (checkpoint < expected) return;  // obsolete
  last_seen_ = checkpoint;
  status_ = Status::received;
  if (checkpoint > last_barrier_) {
    last_barrier_ = checkpoint;
    last_barrier_sequence_ = sequence;
  }
}

bool InFlightCapture::start(int64_t checkpoint) {
  if (checkpoint < last_barrier_) return false;
  if (checkpoint > last_barrier_) last_barrier_ = -1;  // an obsolete barrier marks nothing any more
  if (status_ == Status::received && last_seen_ > checkpoint) return false;
  if (last_seen_ < checkpoint) {
    last_seen_ = checkpoint;
    status_ = Status::pending;
  }
  return true;
}

void InFlightCapture::stop(int64_t checkpoint) {
  if (checkpoint < last_seen_) return;
  last_seen_ = checkpoint;
  status_ = Status::completed;
  if (last_barrier_ == checkpoint) last_barrier_ = -1;
}

}  // namespace drey::model
