#include "model/task/watermark_valve.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

WatermarkValve::WatermarkValve(uint32_t channels) : channels_(channels) {
  CHECK(channels > 0, "a valve needs a channel");
}

WatermarkValve::Emitted WatermarkValve::input_watermark(uint32_t channel, int64_t watermark) {
  Channel& from = channels_[channel];
  if (status_ == WatermarkStatus::idle || from.status == WatermarkStatus::idle) return {};
  if (watermark <= from.watermark) return {};
  from.watermark = watermark;
  if (!from.aligned) from.aligned = has_caught_up(from);
  return {.watermark = new_minimum_over_aligned(), .status = std::nullopt};
}

WatermarkValve::Emitted WatermarkValve::input_status(uint32_t channel, WatermarkStatus status) {
  Channel& from = channels_[channel];
  if (from.status == status) return {};
  from.status = status;
  return status == WatermarkStatus::idle ? channel_became_idle(from) : channel_became_active(from);
}

WatermarkValve::Emitted WatermarkValve::channel_became_idle(Channel& channel) {
  channel.aligned = false;
  const bool held_minimum = channel.watermark == last_emitted_;
  Emitted emitted;
  if (any_active()) {
    if (held_minimum) emitted.watermark = new_minimum_over_aligned();
    return emitted;
  }
  // The last one to go idle held all others back: what they had promised may go out now.
  if (held_minimum) emitted.watermark = new_maximum_over_all();
  status_ = WatermarkStatus::idle;
  emitted.status = status_;
  return emitted;
}

WatermarkValve::Emitted WatermarkValve::channel_became_active(Channel& channel) {
  channel.aligned = has_caught_up(channel);
  if (status_ == WatermarkStatus::active) return {};
  status_ = WatermarkStatus::active;
  return {.watermark = std::nullopt, .status = status_};
}

bool WatermarkValve::any_active() const {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const Channel& c) { return c.status == WatermarkStatus::active; });
}

bool WatermarkValve::has_caught_up(const Channel& channel) const {
  return channel.watermark >= last_emitted_;
}

std::optional<int64_t> WatermarkValve::new_minimum_over_aligned() {
  bool found = false;
  int64_t minimum = kMaxWatermark;
  for (const Channel& channel : channels_) {
    if (!channel.aligned) continue;
    found = true;
    minimum = std::min(minimum, channel.watermark);
  }
  if (!found) return std::nullopt;
  return emit_if_higher(minimum);
}

std::optional<int64_t> WatermarkValve::new_maximum_over_all() {
  int64_t maximum = kMinWatermark;
  for (const Channel& channel : channels_) maximum = std::max(maximum, channel.watermark);
  return emit_if_higher(maximum);
}

std::optional<int64_t> WatermarkValve::emit_if_higher(int64_t watermark) {
  if (watermark <= last_emitted_) return std::nullopt;
  last_emitted_ = watermark;
  return watermark;
}

}  // namespace drey::model
