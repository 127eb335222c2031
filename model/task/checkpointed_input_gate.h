#pragma once
// An input gate with the task's barrier handler behind it: what is polled goes through here, so
// that barriers, markers and ends reach the handler before the task sees them.
//
// Several gates of one task share a handler; `first_channel` is the handler's number of this gate's
// channel 0. Upstream: CheckpointedInputGate.
#include <cstdint>
#include <optional>

#include "model/task/barrier_handler.h"
#include "model/task/input_gate.h"

namespace drey::model {

// Finds the barrier that an event's payload stands for.
class BarrierSource {
 public:
  virtual ~BarrierSource() = default;
  virtual CheckpointBarrier barrier_of(const ReceivedBuffer& event) = 0;
};

class CheckpointedInputGate {
 public:
  CheckpointedInputGate(InputGate& gate, BarrierHandler& handler, BarrierSource& barriers,
                        uint32_t first_channel)
      : gate_(gate), handler_(handler), barriers_(barriers), first_channel_(first_channel) {}

  // What the task gets, events too; the handler knows of it already.
  std::optional<GateBuffer> poll(sim::Time now);
  // The urgent mail after InputGateListener::gate_priority: all priority events, and nothing else.
  void process_priority_events(sim::Time now);

 private:
  void dispatch(const GateBuffer& polled, sim::Time now);

  InputGate& gate_;
  BarrierHandler& handler_;
  BarrierSource& barriers_;
  uint32_t first_channel_;
};

}  // namespace drey::model
