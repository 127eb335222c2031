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
  }

  size_t size() const { return records_ == nullptr ? 0 : records_->size(); }
  std::span<const Record> records() const {
    return records_ == nullptr ? std::span<const Record>() : std::span<const Record>(*records_);
  }
  Digest128 digest() const { return digest_; }
  uint64_t bytes() const { return size() * sizeof(Record); }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(count_, digest_);
  }

 private:
  std::shared_ptr<const std::vector<Record>> records_;
  uint64_t count_ = 0;
  Digest128 digest_;
};

}  // namespace drey::sim
