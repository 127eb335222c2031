#include "model/task/watermark_generator.h"

#include <algorithm>

namespace drey::model {

// The start value makes the first emitted watermark exactly kMinWatermark, without overflow.
WatermarkGenerator::WatermarkGenerator(const Options& options)
    : options_(options), max_timestamp_(kMinWatermark + options.bound_ms + 1) {}

void WatermarkGenerator::on_event(int64_t timestamp) {
  max_timestamp_ = std::max(max_timestamp_, timestamp);
  active_since_tick_ = true;
  marked_idle_ = false;
}

int64_t WatermarkGenerator::current_watermark() const {
  return max_timestamp_ - options_.bound_ms - 1;
}

bool WatermarkGenerator::idle_at(sim::Duration now) {
  if (!options_.idle_timeout) return false;
  if (active_since_tick_) {
    active_since_tick_ = false;
    quiet_since_.reset();
    return false;
  }
  if (!quiet_since_) {
    quiet_since_ = now;
    return false;
  }
  return now - *quiet_since_ > *options_.idle_timeout;
}

WatermarkGenerator::Emitted WatermarkGenerator::on_periodic_tick(sim::Duration now) {
  if (!idle_at(now)) return {.watermark = current_watermark(), .idle = false};
  if (marked_idle_) return {};
  marked_idle_ = true;
  return {.watermark = std::nullopt, .idle = true};
}

}  // namespace drey::model
