#pragma once
// A recovery cut into segments, from the fault until the job has caught up:
//
//   detect    the fault lands               -> the JobMaster handles the failure
//   cancel    ... -> the failover's tasks are scheduled again (cancelling and back-off)
//   slots     ... -> the first of them is deployed (waiting for slots)
//   deploy    ... -> all of them initialise
//   restore   ... -> all tasks RUNNING
//   replay    ... -> every split is read again up to where it was at the failure
//   catch_up  ... -> every split is read within a second of its records' arrival, or within what it
//             was when the fault landed
//
// A failure during a recovery does not begin a new one: what follows adds up in the same segments.
// Also how long records wait in the log before they are read (lag), and the share of time in which
// all tasks are RUNNING (availability). Derived from the trace; durations in ns.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "reports/oracle.h"
#include "reports/series.h"
#include "sim/log_set.h"

namespace drey::reports {

class RecoverySegments {
 public:
  static constexpr std::array<std::string_view, 8> kNames{"detect",  "cancel", "slots",    "deploy",
                                                          "restore", "replay", "catch_up", "total"};

  // Without logs: no lag, and a recovery has caught up when it has replayed.
  explicit RecoverySegments(sim::LogSet logs) : logs_(std::move(logs)) {}

  void fault_landed(sim::Time now);
  void on_control(const sim::Fact& fact);
  // All tasks that the JobMaster knows are RUNNING or FINISHED, or no longer.
  void standing(bool all, sim::Time now);
  // A reader begins a split anew, after a restore where it was at the checkpoint.
  void started_reading(uint64_t split, uint64_t offset);
  void emitted(uint64_t split, uint64_t first, uint64_t records, sim::Time now);
  void finish(sim::Time now);

  // Of a segment, or "total": one sample per recovery that ended.
  const Series* series(std::string_view name) const;
  const Histogram& lag() const { return lag_; }
  // Share of the time since all tasks stood first, as a fraction; empty if they never did.
  std::optional<Ratio> availability() const;

 private:
  enum class Segment : uint8_t { detect, cancel, slots, deploy, restore, replay, catch_up };
  struct Split {
    uint64_t position = 0;  // next offset
    uint64_t target = 0;    // where it was at the failure
    int64_t lag = 0;        // of the record read last
    int64_t usual = 0;      // when the fault landed
    bool heard = true;      // since the failure: else the position is that of before
  };

  void failed(sim::Time now);
  void enter(Segment segment, sim::Time now);
  void advance(sim::Time now);
  bool replayed() const;
  bool caught_up() const;
  bool has_lag() const { return logs_.held_back(); }

  sim::LogSet logs_;
  std::optional<sim::Time> fault_;
  bool recovering_ = false;
  Segment segment_ = Segment::detect;
  sim::Time since_{};
  std::array<int64_t, 7> spent_{};
  std::array<Series, 8> series_;
  std::set<uint32_t> restarting_;  // paths of the failover's tasks that do not initialise yet
  std::vector<Split> splits_;
  Histogram lag_;
  std::optional<sim::Time> first_up_, up_since_;
  int64_t up_ns_ = 0;
  sim::Time end_{};
};

}  // namespace drey::reports
