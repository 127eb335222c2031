#pragma once
// The open asks of an endpoint, in the order of their numbers. An ask is opened once and closed
// once: by its answer, or by its time-out. No allocation per ask, and no event: the endpoint keeps
// one for the earliest deadline.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/time.h"

namespace drey::sim {

// Instead of a closure: `kind` is the endpoint's own enum, `argument` its own number.
struct Continuation {
  uint16_t kind = 0;
  uint64_t argument = 0;
};

class AskTable {
 public:
  // A number larger than all before, from 1.
  uint64_t open(Continuation then, Time deadline);
  // False: it is not open (any more).
  bool close(uint64_t number, Continuation& then);
  bool none_open() const { return asks_.size() == closed_; }
  Time earliest_deadline() const;  // kEndOfTime when none is open
  // The numbers of those due at `now`, in the order of their deadlines, then of asking.
  std::vector<uint64_t> due(Time now) const;

 private:
  struct Ask {
    uint64_t number = 0;
    uint64_t argument = 0;
    Time deadline;
    uint16_t kind = 0;
    bool open = true;
  };
  void compact();

  std::vector<Ask> asks_;
  size_t closed_ = 0;  // of these
  uint64_t last_ = 0;
};

}  // namespace drey::sim
