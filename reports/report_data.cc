#include "reports/report_data.h"

namespace drey::reports {

ReportCollector::ReportCollector(ReportInput input, const OracleSetup& setup, TraceNames names,
                                 sim::LogSet logs, sim::TrafficCounter* traffic)
    : input_(std::move(input)),
      view_(std::make_shared<const JobView>(setup, names)),
      timeline_(view_),
      series_(view_, std::move(logs), traffic),
      activity_(view_) {}

void ReportCollector::add_to(sim::Kernel& kernel) {
  kernel.add_sink(&timeline_);
  kernel.add_sink(&series_);
  kernel.add_sink(&activity_);
}

void ReportCollector::finish(sim::Time end) {
  end_ = end;
  series_set_ = series_.finish(end);
  intervals_ = activity_.finish();
  while (series_set_.buckets * series_set_.columns.size() > kPoints) series_set_.halve();
}

}  // namespace drey::reports
