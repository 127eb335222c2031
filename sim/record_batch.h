#pragma once
// Records that travel or are kept together: immutable, shared, with the digest that stands for them
// made once.
#include <memory>
#include <utility>
#include <vector>

#include "sim/digest.h"
#include "sim/record.h"
#include "sim/trace.h"

namespace drey::sim {

class RecordBatch {
 public:
  RecordBatch() = default;
  explicit RecordBatch(std::vector<Record> records)
      : count_(records.size()), digest_(records_digest(records)) {
    records_ = std::make_shared<const std::vector<Record>>(std::move(records));
    all_ = *records_;
  }

  size_t size() const { return records().size(); }
  // Nothing of a batch that was moved from.
  std::span<const Record> records() const {
    return records_ == nullptr ? std::span<const Record>() : all_;
  }
  // Inlined early: gcc drops the call of a function that only prefetches.
  [[gnu::always_inline]] void prefetch() const {
    constexpr size_t kPerLine = 2;
    for (size_t i = 0; i < all_.size(); i += kPerLine) __builtin_prefetch(all_.data() + i);
  }
  Digest128 digest() const { return digest_; }
  uint64_t bytes() const { return size() * sizeof(Record); }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(count_, digest_);
  }

 private:
  std::shared_ptr<const std::vector<Record>> records_;
  std::span<const Record> all_;  // kept here: a commit reads them long after they were made
  uint64_t count_ = 0;
  Digest128 digest_;
};

}  // namespace drey::sim
