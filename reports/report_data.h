#pragma once
// What the page of one run shows beside its result: the job's graph with its regions, the timeline,
// the series, the configuration. Collected only where a report is asked for; it never influences
// the run or its verdict.
//
// Bounds: series are thinned to kPoints values in all, per-subtask phases are kept for kPhaseRows
// rows (failed, slowest, then latest checkpoints first), attempts with their states for kAttempts.
// What is left out is named in ReportDetail::thinned and on the page.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reports/activity.h"
#include "reports/rate_series.h"
#include "reports/timeline.h"

namespace drey::reports {

struct ConfigurationEntry {
  std::string key, value, fallback, help;
  bool set = false;      // by the scenario, and unlike the default
  bool ignored = false;  // listed in ignore_options: the model does not know it
};

struct FaultText {
  std::string id, text;
};

// What only the scenario knows, as text.
struct ReportInput {
  std::string name, about, document;  // document: the scenario as resolved, JSON
  std::vector<ConfigurationEntry> configuration;
  std::vector<FaultText> faults;
};

class ReportCollector {
 public:
  static constexpr size_t kPoints = 300'000;
  static constexpr size_t kPhaseRows = 16'000;
  static constexpr size_t kAttempts = 24'000;

  ReportCollector(ReportInput input, const OracleSetup& setup, TraceNames names, sim::LogSet logs,
                  sim::TrafficCounter* traffic);

  void add_to(sim::Kernel& kernel);
  // After the run, once.
  void finish(sim::Time end);

  const ReportInput& input() const { return input_; }
  const JobView& view() const { return *view_; }
  const TimelineData& timeline() const { return timeline_.data(); }
  const SeriesSet& series() const { return series_set_; }
  // By subtask.
  const std::vector<std::vector<ActivityInterval>>& activity() const { return intervals_; }
  sim::Time end() const { return end_; }

 private:
  ReportInput input_;
  std::shared_ptr<const JobView> view_;
  Timeline timeline_;
  RateSeries series_;
  SeriesSet series_set_;
  ActivitySeries activity_;
  std::vector<std::vector<ActivityInterval>> intervals_;
  sim::Time end_{};
};

}  // namespace drey::reports
