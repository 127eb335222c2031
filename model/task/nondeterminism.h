#pragma once
// What another attempt of an operator's task does differently, while what it computes stays right.
// Drawn by the attempt, so a run can be repeated. Upstream has no such attribute: it takes every
// operator for nondeterministic, which is why consumers of what is made again restart (rule 3).
//
//   order         in which it stores its output
//   timing        its time per record: from three quarters of the nominal cost to half as much more
//   partitioning  who gets which record, behind a rebalance
#include <cstdint>
#include <map>
#include <string>

namespace drey::model {

enum class Nondeterminism : uint8_t { none, order, timing, partitioning };

using NondeterministicOperators = std::map<std::string, Nondeterminism>;  // by operator's id

}  // namespace drey::model
