#pragma once
// A double-ended queue of plain values in one ring: memory is allocated at the first element and
// then kept, so an idle one costs only this header (24 bytes) and the steady state allocates
// nothing.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "sim/check.h"

namespace drey::model {

template <class T>
class RingDeque {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  T& at(uint32_t i) { return ring_[(head_ + i) & (capacity_ - 1)]; }
  const T& at(uint32_t i) const { return ring_[(head_ + i) & (capacity_ - 1)]; }
  T& front() { return at(0); }
  const T& front() const { return at(0); }
  T& back() { return at(size_ - 1); }
  const T& back() const { return at(size_ - 1); }

  void push_back(const T& value) {
    if (size_ == capacity_) grow();
    ++size_;
    back() = value;
  }

  void push_front(const T& value) {
    if (size_ == capacity_) grow();
    head_ = (head_ - 1) & (capacity_ - 1);
    ++size_;
    front() = value;
  }

  // Before the element at `i` (i == size: at the end). Moves the i elements in front of it.
  void insert(uint32_t i, const T& value) {
    push_front(value);
    for (uint32_t k = 0; k < i; ++k) at(k) = at(k + 1);
    at(i) = value;
  }

  T pop_front() {
    CHECK(size_ > 0, "nothing to take from an empty queue");
    const T value = front();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return value;
  }

  T erase(uint32_t i) {
    if (i == 0) return pop_front();
    const T value = at(i);
    for (; i + 1 < size_; ++i) at(i) = at(i + 1);
    --size_;
    return value;
  }

  void clear() { size_ = head_ = 0; }

 private:
  void grow() {
    const uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    std::unique_ptr<T[]> ring(new T[capacity]);
    for (uint32_t i = 0; i < size_; ++i) ring[i] = at(i);
    ring_ = std::move(ring);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<T[]> ring_;
  uint32_t capacity_ = 0;  // a power of two, or 0
  uint32_t head_ = 0;
  uint32_t size_ = 0;
};

}  // namespace drey::model
