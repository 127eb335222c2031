// The ledger alone: committed records of a running aggregate per second, in broker batches of
// 1,000, four splits interleaved as a correct job of parallelism 4 delivers them.
#include <benchmark/benchmark.h>

#include <vector>

#include "reports/oracles/ledger.h"
#include "sim/broker.h"

namespace drey::reports {
namespace {

constexpr uint64_t kRecords = 2'000'000;
constexpr size_t kBatch = 1'000;

void ledger_by_keys(benchmark::State& state) {
  const auto log = std::make_shared<sim::LogContents>(sim::LogSpec{
      .seed = 3, .splits = 4, .records = kRecords, .keys = static_cast<uint64_t>(state.range(0))});
  std::vector<sim::Record> records;
  std::vector<int64_t> sums(static_cast<size_t>(state.range(0)));
  for (uint64_t n = 0; n < kRecords; ++n) {
    records.push_back(log->record(static_cast<uint16_t>(n % 4), n / 4));
    records.back().value = sums[records.back().key] += records.back().value;
  }
  const sim::Kernel kernel({});
  const SinkPath path{.sink = "sink", .ways = {{.source = "src"}}, .running = true};
  for (auto _ : state) {
    Ledger ledger({.path = path, .logs = sim::LogSet(log)}, TraceNames(kernel));
    for (size_t from = 0; from < records.size(); from += kBatch)
      ledger.on_batch({.head = {.kind = fact_kind(sim::BrokerFact::committed_batch)},
                       .records = std::span(records).subspan(from, kBatch)},
                      from);
    ledger.owe_everything();
    if (ledger.finish(sim::Time{1}).judgement != Judgement::held) state.SkipWithError("not held");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * records.size()));
}
BENCHMARK(ledger_by_keys)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace drey::reports
