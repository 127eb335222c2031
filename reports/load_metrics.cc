#include "reports/load_metrics.h"

#include <algorithm>

namespace drey::reports {

namespace {
constexpr size_t kSamples = 12;
}  // namespace

void LoadMetrics::on(const sim::Fact& fact, const std::string& vertex) {
  const Total now{fact.a, fact.b, fact.c};
  std::deque<Total>& totals = totals_[fact.subject];
  if (!totals.empty() && totals.back().in_all >= now.in_all) totals.clear();  // a new attempt
  if (totals.empty()) totals.push_back({});
  const Total before = totals.front();
  totals.push_back(now);
  if (totals.size() > kSamples) totals.pop_front();
  const uint64_t all = now.in_all - before.in_all;
  if (all == 0) return;
  const auto share = [&](uint64_t part) {
    return static_cast<int64_t>(std::min<uint64_t>(1000, (part * 1000 + all / 2) / all));
  };
  const int64_t idle = share(now.idle - before.idle);
  const int64_t back_pressured = share(now.back_pressured - before.back_pressured);
  Vertex& series = vertices_[vertex];
  series.idle.add(idle);
  series.back_pressured.add(back_pressured);
  series.busy.add(1000 - std::min<int64_t>(1000, idle + back_pressured));
}

std::optional<Ratio> LoadMetrics::value(const std::string& vertex, std::string_view name,
                                        std::string_view aggregate) const {
  const auto found = vertices_.find(vertex);
  if (found == vertices_.end()) return std::nullopt;
  const Series& series = name == "busy"   ? found->second.busy
                         : name == "idle" ? found->second.idle
                                          : found->second.back_pressured;
  auto value = series.aggregate(aggregate);
  if (value.has_value() && aggregate != "count") value->denominator *= 1000;
  return value;
}

}  // namespace drey::reports
