#include "model/operators/window_assigner.h"

namespace drey::model {

void assign_windows(const WindowAssigner& assigner, int64_t timestamp,
                    std::vector<state::TimeWindow>& out) {
  out.clear();
  switch (assigner.kind) {
    case WindowAssigner::Kind::tumbling: {
      const int64_t start = window_start(timestamp, assigner.offset, assigner.size);
      out.push_back({start, start + assigner.size});
      return;
    }
    case WindowAssigner::Kind::sliding: {
      for (int64_t start = window_start(timestamp, assigner.offset, assigner.slide);
           start > timestamp - assigner.size; start -= assigner.slide)
        out.push_back({start, start + assigner.size});
      return;
    }
    case WindowAssigner::Kind::session:
      out.push_back({timestamp, timestamp + assigner.size});
      return;
  }
}

}  // namespace drey::model
