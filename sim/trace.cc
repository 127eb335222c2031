#include "sim/trace.h"

#include <algorithm>

namespace drey::sim {

void TraceSink::on_batch(const BatchFact&, FactNumber) {}
bool TraceSink::wants(uint16_t) const { return true; }

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

namespace {

// Four digests side by side, since one alone waits for its own multiplications most of the time;
// written out, so that they live in registers. `count` is a multiple of four.
Digest fold_by_fours(Digest into, const Record* record, size_t count) {
  Digest a;
  Digest b;
  Digest c;
  Digest d;
  const auto fold = [](Digest& digest, const Record& r) {
    digest.fold(r.key, static_cast<uint64_t>(r.value), static_cast<uint64_t>(r.event_time),
                r.provenance);
  };
  for (const Record* const end = record + count; record != end; record += 4) {
    fold(a, record[0]);
    fold(b, record[1]);
    fold(c, record[2]);
    fold(d, record[3]);
  }
  into.fold(a.value());
  into.fold(b.value());
  into.fold(c.value());
  into.fold(d.value());
  return into;
}

}  // namespace

Digest128 records_digest(std::span<const Record> records) {
  Digest digest;
  digest.fold(records.size());
  const size_t fours = records.size() / 4 * 4;
  if (fours > 0) digest = fold_by_fours(digest, records.data(), fours);
  for (const Record& record : records.subspan(fours))
    digest.fold(record.key, static_cast<uint64_t>(record.value),
                static_cast<uint64_t>(record.event_time), record.provenance);
  return digest.value();
}

}  // namespace drey::sim
