#include "model/task/combined_watermark.h"

#include <algorithm>

namespace drey::model {

bool CombinedWatermark::update_watermark(uint32_t input, int64_t watermark) {
  Input& from = inputs_[input];
  from.idle = false;
  from.watermark = std::max(from.watermark, watermark);
  return combine();
}

bool CombinedWatermark::update_idle(uint32_t input, bool idle) {
  inputs_[input].idle = idle;
  return combine();
}

bool CombinedWatermark::is_overlooked(const Input& input) const {
  return mutant_ == Mutant::first_split_moves_watermark && input.watermark == kMinWatermark;
}

bool CombinedWatermark::combine() {
  if (inputs_.empty()) return false;
  int64_t minimum = kMaxWatermark;
  int64_t maximum = kMinWatermark;
  bool all_idle = true;
  for (const Input& input : inputs_) {
    maximum = std::max(maximum, input.watermark);
    if (input.idle || is_overlooked(input)) continue;
    all_idle = false;
    minimum = std::min(minimum, input.watermark);
  }
  idle_ = all_idle;
  const int64_t next = all_idle ? maximum : minimum;
  if (next <= combined_) return false;
  combined_ = next;
  return true;
}

}  // namespace drey::model
