#pragma once
// How a task spends its time: idle (no input), back-pressured (no output), else busy.
//
// A wait is what passes between suspend and resume of the default action, less the mails that ran
// meanwhile. Durations since begin(). Upstream: TaskIOMetricGroup's idle and back-pressured timers.
#include <cstdint>

#include "sim/time.h"

namespace drey::model {

class TaskLoad {
 public:
  enum class Wait : uint8_t { none, input, output };

  void begin(sim::Time now) { begin_ = now; }
  void wait_for(Wait what, sim::Time now) {
    what_ = what;
    since_ = now;
  }
  // The thread did something else for so long.
  void worked(sim::Duration time) {
    if (what_ != Wait::none) since_ = since_ + time;
  }
  void resume(sim::Time now) {
    idle_ = idle(now);
    back_pressured_ = back_pressured(now);
    what_ = Wait::none;
  }

  sim::Duration idle(sim::Time now) const { return idle_ + open(Wait::input, now); }
  sim::Duration back_pressured(sim::Time now) const {
    return back_pressured_ + open(Wait::output, now);
  }
  sim::Duration in_all(sim::Time now) const { return now - begin_; }

 private:
  sim::Duration open(Wait what, sim::Time now) const {
    return what_ == what && now > since_ ? now - since_ : sim::Duration{};
  }

  sim::Time begin_;
  Wait what_ = Wait::none;
  sim::Time since_;
  sim::Duration idle_;
  sim::Duration back_pressured_;
};

}  // namespace drey::model
