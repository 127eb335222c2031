// drey_bench [--json]: measures every figure that the project promises and prints one flat JSON
// document, or a table with the goals. Run by tools/bench.sh from the root of the repository.
#include <fmt/core.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include "scenarios/process_memory.h"
#include "tests/bench/document/figures.h"
#include "tests/bench/document/measure.h"

namespace {

using namespace drey;  // NOLINT: a benchmark

struct Figure {
  std::string_view name;
  double value = 0;
  double goal = 0;  // at least; 0: none
  bool at_most = false;
};

std::string text_of(double value) {
  return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.3f}", value);
}

constexpr const char* kSmallRun = "scenarios/catalogue/bench/small-recovery.json";
constexpr uint64_t kSmallRuns = 300;

std::vector<Figure> measure() {
  using bench::Backend;
  using bench::best_of;
  using bench::median_of;
  std::vector<Figure> all;
  const auto add = [&](std::string_view name, double goal, double value, bool at_most = false) {
    all.push_back({name, value, goal, at_most});
    fmt::print(stderr, "{} {}\n", name, text_of(value));  // the whole takes a minute or two
  };
  const auto kernel = [](uint64_t pending) {
    return best_of(3, [pending] { return bench::kernel_events_per_s(pending); });
  };
  add("queue_1e5_ratio_to_priority_queue", 2.5,
      median_of(3, [] { return bench::queue_ratio(100'000); }));
  add("kernel_events_per_s_1e3_hash_on", 0, kernel(1'000));
  add("kernel_events_per_s_1e4_hash_on", 10e6, kernel(10'000));
  add("kernel_events_per_s_1e5_hash_on", 0, kernel(100'000));
  add("kernel_events_per_s_1e6_hash_on", 0, kernel(1'000'000));
  add("hash_cost_fraction", 0.15, median_of(3, bench::hash_cost_fraction), true);
  add("records_per_s_heap", 6e6,
      best_of(3, [] { return bench::records_per_s(Backend::heap, 10'000, 8'000'000); }));
  add("records_per_s_heap_1e6_keys", 2.5e6,
      best_of(3, [] { return bench::records_per_s(Backend::heap, 1'000'000, 4'000'000); }));
  add("records_per_s_rocksdb", 0,
      best_of(3, [] { return bench::records_per_s(Backend::rocksdb, 10'000, 500'000); }));
  add("records_per_s_rocksdb_1e6_keys", 0,
      best_of(2, [] { return bench::records_per_s(Backend::rocksdb, 1'000'000, 1'000'000); }));
  add("rocksdb_fraction_of_bare_engine", 0.7,
      median_of(3, [] { return bench::fraction_of_bare_engine(10'000, 500'000); }));
  add("sim_to_wall_heap", 1000,
      best_of(3, [] { return bench::sim_to_wall("scenarios/catalogue/quickstart-heap.json"); }));
  add("sim_to_wall_rocksdb", 40,
      best_of(2, [] { return bench::sim_to_wall("scenarios/catalogue/quickstart.json"); }));
  add("runs_per_hour_per_core", 200e3,
      best_of(3, [] { return bench::runs_per_hour(kSmallRun, kSmallRuns); }));
  add("bytes_per_idle_task", 0, bench::bytes_per_idle_task());
  return all;
}

void print_json(const std::vector<Figure>& figures) {
  std::string text = "{";
  for (size_t i = 0; i < figures.size(); ++i)
    text += fmt::format("{}\n  \"{}\": {}", i == 0 ? "" : ",", figures[i].name,
                        text_of(figures[i].value));
  fmt::print("{}\n}}\n", text);
}

void print_table(const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    std::string goal;
    if (figure.goal > 0) {
      const bool met = figure.at_most ? figure.value <= figure.goal : figure.value >= figure.goal;
      goal = fmt::format("{} {}{}", figure.at_most ? "<=" : ">=", text_of(figure.goal),
                         met ? "" : "  missed");
    }
    fmt::print("{:36}{:>14}   {}\n", figure.name, text_of(figure.value), goal);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool json = argc == 2 && std::string_view(argv[1]) == "--json";
  if (argc > 1 && !json) {
    std::fputs("usage: drey_bench [--json]\n", stderr);
    return 2;
  }
  scenarios::keep_memory();  // as the program itself does
  const std::vector<Figure> figures = measure();
  if (json) {
    print_json(figures);
  } else {
    print_table(figures);
  }
  return 0;
}
