#pragma once
// The external partitioned log to read from (what Kafka is as a source). Its server says which
// range of offsets is there; the records themselves are read from the shared LogContents, though
// they count on the wire. Records are never lost and can be read again from any offset. Facts:
// LogFact. Faults: sim/service.h.
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/log_contents.h"
#include "sim/service.h"

namespace drey::sim {

struct ExternalLogOptions {
  ServiceOptions service{.name = "log",
                         .latency = Distribution::uniform(microseconds(500).ns, milliseconds(2).ns),
                         .in_order = true};
};

// Answered when `min_records` are there, the split has ended, or `max_wait` is over (then with what
// is there).
struct FetchRecords : MessageOf<FetchRecords> {
  static constexpr std::string_view kName = "fetch_records";
  uint16_t split = 0;
  uint64_t offset = 0;
  uint32_t max_records = 1000;
  uint32_t min_records = 1;
  Duration max_wait{};
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(split, offset, max_records, min_records, max_wait);
  }
};

struct FetchedRange : MessageOf<FetchedRange> {
  static constexpr std::string_view kName = "fetched_range";
  uint16_t split = 0;
  uint64_t from = 0;
  uint64_t to = 0;     // not included
  bool ended = false;  // `to` is the end of the split, for ever
  uint64_t wire_size() const override { return kMessageOverhead + (to - from) * sizeof(Record); }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(split, from, to, ended);
  }
};

struct DescribeLog : MessageOf<DescribeLog> {
  static constexpr std::string_view kName = "describe_log";
  template <class Visitor>
  void visit(Visitor&) const {}
};

struct LogDescription : MessageOf<LogDescription> {
  static constexpr std::string_view kName = "log_description";
  std::vector<uint64_t> sizes;  // by split; LogContents::kUnbounded
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(sizes);
  }
};

// Facts of FactGroup::external, 0 to 15. entity = log, subject = client process. Their splits are
// numbered through all logs (log_set.h); those of the messages are the log's own.
enum class LogFact : uint8_t {
  fetched,  // a = split, b = from, c = to
  waits,    // a = split, b = from, c = ns: a fetch is held until more is there, or that long
};
constexpr uint16_t fact_kind(LogFact fact) {
  return fact_kind(FactGroup::external, static_cast<uint8_t>(fact));
}

class ExternalLog final : public Service {
 public:
  ExternalLog(World& world, ExternalLogOptions options, std::shared_ptr<const LogContents> contents)
      : Service(world, std::move(options.service)), contents_(std::move(contents)) {}

  const LogContents& contents() const { return *contents_; }

 private:
  class Server;
  std::unique_ptr<ServiceEndpoint> make_endpoint(ProcessId process) override;

  std::shared_ptr<const LogContents> contents_;
};

}  // namespace drey::sim
