#pragma once
// Time series for the report: sums and last values on one grid of buckets over the whole run. The
// grid begins fine and doubles its width whenever the run outgrows it, so a run of any length has
// at most kBuckets points and the thinning depends on simulated time only.
//
// What a source takes in is what it read from the log. Counters are sums per bucket (nothing is
// lost by thinning but the place inside the bucket). Gauges are the value at the end of each
// bucket; of a merged pair the later stays. Units: records, bytes, messages; watermarks in ms,
// kNoValue where there is none yet.
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "reports/oracles/job_view.h"
#include "sim/log_set.h"
#include "sim/traffic.h"

namespace drey::reports {

inline constexpr int64_t kNoValue = INT64_MIN;

struct SeriesSet {
  sim::Duration width = sim::milliseconds(5);
  size_t buckets = 0;
  struct Column {
    std::string name;    // "records_in"
    std::string entity;  // vertex, or empty for the job
    bool gauge = false;
    std::vector<int64_t> values;
  };
  std::vector<Column> columns;
  std::vector<uint64_t> records_in, records_out;  // by subtask, of the whole run

  void halve();  // buckets of twice the width
};

class RateSeries final : public sim::TraceSink {
 public:
  static constexpr size_t kBuckets = 2048;  // a power of two

  // `log` may be null: no lag then. `traffic` may be null: no bytes of network and disks then.
  RateSeries(std::shared_ptr<const JobView> view, sim::LogSet logs, sim::TrafficCounter* traffic);

  // After the run, once.
  SeriesSet finish(sim::Time end);

  uint64_t interests() const override;
  bool wants(uint16_t kind) const override;
  void on(const sim::Fact& fact, sim::FactNumber number) override;
  void on_batch(const sim::BatchFact& batch, sim::FactNumber number) override;

 private:
  enum Counter : size_t { source_read, committed, messages, stored, loaded, kCounters };
  void advance(sim::Time at);
  void halve();
  void sample();
  void add(std::vector<int64_t>& column, uint64_t amount);
  void sample_traffic();
  int64_t lag_at(sim::Time at) const;

  std::shared_ptr<const JobView> view_;
  sim::LogSet logs_;
  sim::Duration width_ = sim::milliseconds(5);
  size_t bucket_ = 0;

  std::array<std::vector<int64_t>, kCounters> counters_;
  sim::TrafficCounter* traffic_;
  sim::Traffic moved_;                                      // up to the last sample
  std::array<std::vector<int64_t>, 3> moved_in_{};          // network, disks written, disks read
  std::vector<std::vector<int64_t>> in_, out_, watermark_;  // by vertex
  std::vector<int64_t> running_, lag_;
  std::vector<int64_t> watermarks_;  // by subtask, now
  std::vector<bool> runs_;           // by subtask, now
  int64_t running_now_ = 0;
  std::vector<uint64_t> read_to_;  // by split, now
  std::vector<uint64_t> records_in_, records_out_;
};

}  // namespace drey::reports
