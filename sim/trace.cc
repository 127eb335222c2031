#include "sim/trace.h"

#include <algorithm>

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

Digest128 records_digest(std::span<const Record> records) {
  Digest digest;
  for (const Record& record : records)
    digest.fold(record.key, static_cast<uint64_t>(record.value),
                static_cast<uint64_t>(record.event_time), record.provenance);
  return digest.value();
}

}  // namespace drey::sim
