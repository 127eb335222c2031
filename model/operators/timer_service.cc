#include "model/operators/timer_service.h"

#include <fmt/core.h>

namespace drey::model {

TimerService::TimerService(state::KeyedBackend& backend, std::string_view name)
    : event_(backend.timers(fmt::format("{}/event", name))),
      processing_(backend.timers(fmt::format("{}/processing", name))) {}

sim::Duration TimerService::wake_up_delay(int64_t timestamp, int64_t now) {
  if (timestamp < now) return sim::Duration{};
  return sim::milliseconds(timestamp - now + 1);
}

}  // namespace drey::model
