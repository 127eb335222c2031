#pragma once
// The consumer's end of one subpartition that comes over the network: received buffers, and buffers
// for what may come.
//
// Buffers are counts of two kinds: exclusive ones belong to the channel for life, floating ones
// come from the gate's pool and go back to it. Every buffer ready to receive is one credit of the
// producer, announced when it first becomes positive; the amount is read when the message leaves.
// Invariant while no data is in flight: producer's credit + unannounced == available. `required` =
// backlog + exclusive as last told, less what was taken since; it may be negative. Upstream:
// RemoteInputChannel with its BufferManager. Data-plane page 1.6. About 80 bytes idle.
#include <cstdint>
#include <memory>
#include <optional>

#include "model/task/buffer_type.h"
#include "model/task/in_flight_capture.h"
#include "model/task/local_buffer_pool.h"
#include "model/task/prioritized_queue.h"

namespace drey::model {

enum class BufferHome : uint8_t {
  none,
  floating,
  exclusive
};  // where a buffer goes when it is recycled

struct ReceivedBuffer {
  uint64_t payload = 0;
  int64_t checkpoint = -1;
  uint32_t size = 0;
  uint32_t sequence = 0;
  BufferType type = BufferType::none;
  BufferHome home = BufferHome::none;
  bool announcement = false;  // the priority event that announces a timeoutable barrier
};

// What a channel asks of its gate and its connection. `channel` is the index in the gate.
class RemoteChannelOutput {
 public:
  virtual ~RemoteChannelOutput() = default;
  virtual void credit_available(uint32_t channel) = 0;  // queue an AddCredit message
  virtual void resume_consumption(uint32_t channel) = 0;
};

class RemoteChannelGate {
 public:
  virtual ~RemoteChannelGate() = default;
  virtual void channel_non_empty(uint32_t channel) = 0;
  virtual void channel_priority(uint32_t channel, uint32_t sequence) = 0;
  // A barrier became a priority event after its announcement was read.
  virtual void channel_priority_forced(uint32_t channel) = 0;
};

// In-flight data that belongs to an unaligned checkpoint, in order per channel.
class InputStateListener {
 public:
  virtual ~InputStateListener() = default;
  virtual void persist(int64_t checkpoint, uint32_t channel, const ReceivedBuffer* buffers,
                       size_t count) = 0;
};

struct RemoteChannelDoors {
  RemoteChannelGate* gate = nullptr;
  RemoteChannelOutput* out = nullptr;
  LocalBufferPool* floating = nullptr;
  NetworkBufferPool* network = nullptr;
  InputStateListener* input_state = nullptr;  // null: unaligned checkpoints are off
};

class RemoteInputChannel final : public BufferListener {
 public:
  // The doors outlive the channel. The exclusive buffers have been taken from the network pool; the
  // channel gives them back.
  RemoteInputChannel(const RemoteChannelDoors& doors, uint32_t index, int32_t exclusive)
      : doors_(&doors), exclusive_(exclusive), initial_credit_(exclusive), index_(index) {}

  enum class Arrival : uint8_t { queued, no_buffer, out_of_order, released };
  // A BufferResponse. no_buffer: the producer sent data without credit; out_of_order:
  // BufferReorderingException; both fail the task. `backlog` < 0: none told.
  Arrival on_buffer(const ReceivedBuffer& buffer, int32_t backlog);
  void on_backlog(int32_t backlog);  // a BacklogAnnouncement
  std::optional<ReceivedBuffer> poll(BufferType* next_type);
  void recycle(BufferHome home);
  int32_t take_unannounced_credit();  // the AddCredit message leaves
  void resume();

  // Unaligned checkpoints. The announced barrier with this number becomes a priority event.
  void prioritize(uint32_t sequence);
  // False: subsumed by a newer barrier that is queued here.
  bool checkpoint_started(int64_t checkpoint);
  void checkpoint_stopped(int64_t checkpoint);

  // Everything goes back; later arrivals are dropped. A gate stops all its channels before any
  // gives back, so that what one returns does not go to its neighbour.
  void stop() { released_ = true; }
  void give_back();
  void release() {
    stop();
    give_back();
  }

  bool buffer_available() override;
  void pool_destroyed() override {}

  int32_t initial_credit() const { return initial_credit_; }
  int32_t available() const { return exclusive_ + floating_; }
  int32_t required() const { return required_; }
  int32_t unannounced() const { return unannounced_; }
  bool waiting_for_floating() const { return waiting_; }
  uint32_t queued() const { return received_.size(); }
  bool released() const { return released_; }
  const PrioritizedQueue<ReceivedBuffer>& received() const { return received_; }

 private:
  BufferHome take_buffer();
  int32_t request_floating();
  void add_credit(int32_t n);
  bool surplus_floating() const { return available() > required_ && floating_ > 0; }
  void release_floating();
  void capture(const ReceivedBuffer& buffer);
  InFlightCapture& in_flight();

  const RemoteChannelDoors* doors_;
  PrioritizedQueue<ReceivedBuffer> received_;
  std::unique_ptr<InFlightCapture> in_flight_;  // null until the first barrier
  int32_t exclusive_;
  int32_t floating_ = 0;
  int32_t required_ = 0;
  int32_t unannounced_ = 0;
  int32_t initial_credit_;
  uint32_t expected_sequence_ = 0;
  uint32_t index_;
  bool waiting_ = false;
  bool released_ = false;
};

}  // namespace drey::model
