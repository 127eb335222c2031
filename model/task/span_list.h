#pragma once
// Spans of neighbouring channels: the partitions of one attempt of their tasks, or the subtasks of
// a consuming vertex, and lists of them.
//
// A list does not change once it is made, and many share it. Mostly it has one span, which lies in
// the list itself: a million lists of one span are read in a row, without a pointer to follow or a
// reference to count.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "model/task/deployment.h"

namespace drey::model {

struct ProducerSpan {  // partitions first..last of one data set, each of this attempt of its task
  PartitionIndex first = 0;
  PartitionIndex last = 0;
  uint32_t attempt = 0;
  uint32_t size() const { return last - first + 1; }
  friend bool operator==(const ProducerSpan&, const ProducerSpan&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(first, last, attempt);
  }
};

struct ReaderSpan {  // subtasks first..last of the consuming vertex
  uint32_t first = 0;
  uint32_t last = 0;
  uint32_t attempt = 0;
  uint32_t size() const { return last - first + 1; }
  friend bool operator==(const ReaderSpan&, const ReaderSpan&) = default;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(first, last, attempt);
  }
};

template <class Span>
uint32_t size_of(const std::vector<Span>& spans) {
  uint32_t size = 0;
  for (const Span& span : spans) size += span.size();
  return size;
}

// Grows the last span where the next one follows it.
template <class Span>
void append(std::vector<Span>& spans, uint32_t index, uint32_t attempt) {
  if (!spans.empty() && spans.back().last + 1 == index && spans.back().attempt == attempt)
    spans.back().last = index;
  else
    spans.push_back({index, index, attempt});
}

template <class Span>
class SpanList {
 public:
  SpanList() = default;
  explicit SpanList(std::vector<Span> spans) : count_(size_of(spans)) {
    if (spans.size() == 1)
      only_ = spans.front();
    else if (!spans.empty())
      many_ = std::make_shared<const std::vector<Span>>(std::move(spans));
  }

  bool empty() const { return count_ == 0; }
  uint32_t count() const { return count_; }  // of the channels
  size_t size() const { return many_ != nullptr ? many_->size() : count_ == 0 ? 0 : 1; }
  const Span* begin() const { return many_ != nullptr ? many_->data() : &only_; }
  const Span* end() const { return begin() + size(); }
  const Span& front() const { return *begin(); }

  friend bool operator==(const SpanList& a, const SpanList& b) {
    if (a.count_ != b.count_) return false;
    if (a.many_ == nullptr && b.many_ == nullptr) return a.only_ == b.only_;
    return a.many_ == b.many_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  // As a vector behind a pointer.
  template <class Visitor>
  void visit(Visitor& v) const {
    if (many_ != nullptr) {
      v(many_);
      return;
    }
    v(uint64_t{1}, uint64_t{size()});
    if (count_ > 0) v(only_);
  }

 private:
  Span only_;
  uint32_t count_ = 0;
  std::shared_ptr<const std::vector<Span>> many_;  // null: at most one
};

using ProducerSpans = SpanList<ProducerSpan>;
using ReaderSpans = SpanList<ReaderSpan>;

}  // namespace drey::model
