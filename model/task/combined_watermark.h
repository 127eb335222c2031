#pragma once
// One watermark and one idleness out of those of several inputs of an operator, or of the splits of
// a source output: the minimum over the inputs that are not idle; when all are idle, the maximum
// over all. Never falls. A watermark makes its input active again. Units: ms. Upstream:
// CombinedWatermarkStatus, IndexedCombinedWatermarkStatus, WatermarkOutputMultiplexer.
#include <cstdint>
#include <vector>

#include "model/mutants.h"
#include "model/task/watermark_valve.h"

namespace drey::model {

class CombinedWatermark {
 public:
  explicit CombinedWatermark(uint32_t inputs, Mutant mutant = Mutant::none)
      : inputs_(inputs), mutant_(mutant) {}

  // One more input, active and without a watermark yet.
  void add_input() { inputs_.push_back({}); }
  // True when the combined watermark rose; is_idle() may have changed too.
  bool update_watermark(uint32_t input, int64_t watermark);
  bool update_idle(uint32_t input, bool idle);

  int64_t watermark() const { return combined_; }
  bool is_idle() const { return idle_; }

 private:
  struct Input {
    int64_t watermark = kMinWatermark;
    bool idle = false;
  };
  bool combine();
  bool is_overlooked(const Input& input) const;

  std::vector<Input> inputs_;
  Mutant mutant_;
  int64_t combined_ = kMinWatermark;
  bool idle_ = false;
};

}  // namespace drey::model
