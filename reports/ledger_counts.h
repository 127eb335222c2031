#pragma once
// What a ledger (oracles/ledger.h) has counted: of one sink, or of several together.
#include <cstdint>

namespace drey::reports {

struct LedgerCounts {
  uint64_t compared = 0;   // committed records (windows: results) looked at
  uint64_t lost = 0;       // records of the log that are owed and not there
  uint64_t doubled = 0;    // commits of a record beyond its first
  uint64_t reordered = 0;  // of one key and split, behind a later one
  uint64_t wrong = 0;      // content that is not what the job makes of the log
  LedgerCounts& operator+=(const LedgerCounts& other) {
    compared += other.compared;
    lost += other.lost;
    doubled += other.doubled;
    reordered += other.reordered;
    wrong += other.wrong;
    return *this;
  }
  friend bool operator==(const LedgerCounts&, const LedgerCounts&) = default;
};

}  // namespace drey::reports
