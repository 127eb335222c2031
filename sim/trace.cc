#include "sim/trace.h"

#include <algorithm>
#include <array>

namespace drey::sim {

void TraceSink::on_batch(const BatchFact&, FactNumber) {}

void TraceHash::close(PathTrace& trace) {
  trace.closed.push_back({trace.first, trace.facts, trace.open.value()});
  trace.open = Digest{};
  trace.facts = 0;
}

std::vector<TraceHash::Leaf> TraceHash::leaves(std::span<const std::string> names) const {
  std::vector<Leaf> leaves;
  for (size_t i = 0; i < paths_.size(); ++i) {
    PathTrace trace = paths_[i];
    if (trace.facts > 0) close(trace);
    if (trace.closed.empty()) continue;
    Digest digest;
    for (const Epoch& epoch : trace.closed) digest.fold(epoch.digest);
    leaves.push_back({names[i], trace.closed, digest.value()});
  }
  // Names are unique, so this order is total.
  std::stable_sort(leaves.begin(), leaves.end(),
                   [](const Leaf& a, const Leaf& b) { return a.path < b.path; });
  return leaves;
}

Digest128 TraceHash::root(std::span<const std::string> names) const {
  Digest digest;
  for (const Leaf& leaf : leaves(names)) {
    digest.fold(leaf.path);
    digest.fold(leaf.digest);
  }
  return digest.value();
}

// Four digests side by side, since one alone waits for its own multiplications most of the time.
Digest128 records_digest(std::span<const Record> records) {
  constexpr size_t kLanes = 4;
  const auto fold = [](Digest& digest, const Record& record) {
    digest.fold(record.key, static_cast<uint64_t>(record.value),
                static_cast<uint64_t>(record.event_time), record.provenance);
  };
  std::array<Digest, kLanes> lanes;
  size_t i = 0;
  for (; i + kLanes <= records.size(); i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) fold(lanes[lane], records[i + lane]);
  Digest digest;
  digest.fold(records.size());
  if (i > 0)
    for (const Digest& lane : lanes) digest.fold(lane.value());
  for (; i < records.size(); ++i) fold(digest, records[i]);
  return digest.value();
}

}  // namespace drey::sim
