#include "sim/external_log.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/world.h"

namespace drey::sim {

class ExternalLog::Server final : public ServiceEndpoint {
 public:
  Server(ExternalLog& log, ProcessId process) : ServiceEndpoint(log, process), log_(log) {}

 private:
  struct Waiting {
    Call call;
    Body request;
  };

  Body serve(const Call& call, const Message& request, const Body& shared) override;
  void on_work(uint16_t kind, uint64_t argument) override;
  Body fetched(const Call& call, const FetchRecords& request);

  ExternalLog& log_;
  std::vector<Waiting> waiting_;
  std::vector<uint64_t> free_waiting_;
};

std::unique_ptr<ServiceEndpoint> ExternalLog::make_endpoint(ProcessId process) {
  return std::make_unique<Server>(*this, process);
}

Body ExternalLog::Server::serve(const Call& call, const Message& request, const Body& shared) {
  const LogContents& contents = *log_.contents_;
  if (request.kind() == DescribeLog::kind_id()) {
    auto description = std::make_shared<LogDescription>();
    for (uint16_t split = 0; split < contents.splits(); ++split)
      description->sizes.push_back(contents.size(split));
    return description;
  }
  CHECK(request.kind() == FetchRecords::kind_id(), "a log knows fetch and describe");
  const auto& fetch = as<FetchRecords>(request);
  CHECK(fetch.split < contents.splits(), "the split exists");
  const uint64_t wanted = std::max<uint64_t>(std::min(fetch.min_records, fetch.max_records), 1);
  const uint64_t last = std::min(fetch.offset + wanted, contents.size(fetch.split));
  const bool enough = contents.available(fetch.split, now()) >= last;
  if (enough || fetch.max_wait.ns <= 0) return fetched(call, fetch);
  const Time ready = contents.available_at(fetch.split, last - 1);
  const Duration wait =
      ready == kEndOfTime ? fetch.max_wait : std::min(ready - now(), fetch.max_wait);
  // When it began to wait is seen by nobody else: what is there is answered at an absolute time.
  announce(fact_kind(LogFact::waits), client_path(call.from), contents.number_through(fetch.split),
           fetch.offset, static_cast<uint64_t>(wait.ns));
  uint64_t index = waiting_.size();
  if (free_waiting_.empty()) {
    waiting_.push_back({call, shared});
  } else {
    index = free_waiting_.back();
    free_waiting_.pop_back();
    waiting_[index] = {call, shared};
  }
  work_later(wait, 0, index);
  return nullptr;
}

void ExternalLog::Server::on_work(uint16_t, uint64_t index) {
  const Waiting waiting = waiting_[index];
  waiting_[index] = {};
  free_waiting_.push_back(index);
  Body range = fetched(waiting.call, as<FetchRecords>(*waiting.request));
  answer(waiting.call, std::move(range));
}

Body ExternalLog::Server::fetched(const Call& call, const FetchRecords& request) {
  const LogContents& contents = *log_.contents_;
  auto range = std::make_shared<FetchedRange>();
  range->split = request.split;
  range->from = request.offset;
  const uint64_t there = contents.available(request.split, now());
  range->to = std::max(request.offset, std::min(there, request.offset + request.max_records));
  range->ended = range->to >= contents.size(request.split);
  announce(fact_kind(LogFact::fetched), client_path(call.from),
           contents.number_through(range->split), range->from, range->to);
  return range;
}

}  // namespace drey::sim
