#pragma once
// The watermark and status of one input gate out of those of its channels.
//
// Invariants: the emitted watermark never falls; it is the minimum over the aligned channels. A
// channel is aligned while it is active and not behind the last emitted watermark; one that becomes
// active again behind it is ignored until it has caught up. Nothing of this is checkpointed: a new
// valve stands at kMinWatermark with all channels active. Units: ms. Upstream:
// StatusWatermarkValve.
#include <cstdint>
#include <optional>
#include <vector>

namespace drey::model {

inline constexpr int64_t kMinWatermark = INT64_MIN;
inline constexpr int64_t kMaxWatermark = INT64_MAX;

enum class WatermarkStatus : uint8_t { active, idle };

class WatermarkValve {
 public:
  // What one input caused, in this order: first the watermark, then the status.
  struct Emitted {
    std::optional<int64_t> watermark;
    std::optional<WatermarkStatus> status;
  };

  explicit WatermarkValve(uint32_t channels);
  Emitted input_watermark(uint32_t channel, int64_t watermark);
  Emitted input_status(uint32_t channel, WatermarkStatus status);

  int64_t last_emitted() const { return last_emitted_; }
  WatermarkStatus status() const { return status_; }
  int64_t channel_watermark(uint32_t channel) const { return channels_[channel].watermark; }

 private:
  struct Channel {
    int64_t watermark = kMinWatermark;
    WatermarkStatus status = WatermarkStatus::active;
    bool aligned = true;
  };

  Emitted channel_became_idle(Channel& channel);
  Emitted channel_became_active(Channel& channel);
  bool any_active() const;
  bool has_caught_up(const Channel& channel) const;
  std::optional<int64_t> new_minimum_over_aligned();
  std::optional<int64_t> new_maximum_over_all();
  std::optional<int64_t> emit_if_higher(int64_t watermark);

  std::vector<Channel> channels_;
  int64_t last_emitted_ = kMinWatermark;
  WatermarkStatus status_ = WatermarkStatus::active;
};

}  // namespace drey::model
