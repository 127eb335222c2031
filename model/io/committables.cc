#include "model/io/committables.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace drey::model {

bool SubtaskCommittables::finished() const {
  return std::all_of(requests.begin(), requests.end(),
                     [](const CommitRequest& request) { return request.finished(); });
}

void SubtaskCommittables::merge(const SubtaskCommittables& other) {
  expected += other.expected;
  failed += other.failed;
  requests.insert(requests.end(), other.requests.begin(), other.requests.end());
}

CommitterError CheckpointCommittables::add(const CommittableSummary& summary) {
  const auto [it, added] = by_subtask_.try_emplace(summary.subtask);
  if (!added) return CommitterError::duplicate_summary;
  it->second.expected = summary.committables;
  return CommitterError::none;
}

CommitterError CheckpointCommittables::add(const CommittableWithLineage& committable) {
  const auto it = by_subtask_.find(committable.subtask);
  if (it == by_subtask_.end()) return CommitterError::unknown_batch;
  SubtaskCommittables& batch = it->second;
  if (static_cast<int>(batch.requests.size()) >= batch.expected)
    return CommitterError::too_many_committables;
  CommitRequest request;
  request.committable = committable.committable;
  batch.requests.push_back(std::move(request));
  return CommitterError::none;
}

void CheckpointCommittables::merge(const CheckpointCommittables& other) {
  CHECK(other.checkpoint_ == checkpoint_, "only batches of one checkpoint are merged");
  for (const auto& [subtask, batch] : other.by_subtask_) by_subtask_[subtask].merge(batch);
}

void CheckpointCommittables::put(int subtask, SubtaskCommittables committables) {
  by_subtask_[subtask] = std::move(committables);
}

bool CheckpointCommittables::finished() const {
  return std::all_of(by_subtask_.begin(), by_subtask_.end(),
                     [](const auto& entry) { return entry.second.finished(); });
}

bool CheckpointCommittables::received_all() const {
  return std::all_of(by_subtask_.begin(), by_subtask_.end(),
                     [](const auto& entry) { return entry.second.received_all(); });
}

bool CheckpointCommittables::globally_received_all() const {
  return static_cast<int>(by_subtask_.size()) == subtasks_ && received_all();
}

std::vector<CommitRequest*> CheckpointCommittables::pending() {
  std::vector<CommitRequest*> result;
  for (auto& [subtask, batch] : by_subtask_) {
    for (CommitRequest& request : batch.requests) {
      if (!request.finished()) result.push_back(&request);
    }
  }
  return result;
}

std::vector<Committable> CheckpointCommittables::successful() const {
  std::vector<Committable> result;
  for (const auto& [subtask, batch] : by_subtask_) {
    for (const CommitRequest& request : batch.requests) {
      if (request.state == CommitRequestState::committed) result.push_back(request.committable);
    }
  }
  return result;
}

CommitterError CommittableCollector::add(const CommittableMessage& message) {
  if (const auto* summary = std::get_if<CommittableSummary>(&message)) {
    const auto [it, added] =
        by_checkpoint_.try_emplace(summary->checkpoint, summary->checkpoint, summary->subtasks);
    return it->second.add(*summary);
  }
  const auto& committable = std::get<CommittableWithLineage>(message);
  const auto it = by_checkpoint_.find(committable.checkpoint);
  if (it == by_checkpoint_.end()) return CommitterError::unknown_batch;
  return it->second.add(committable);
}

void CommittableCollector::merge(const CommittableCollector& other) {
  for (const auto& [checkpoint, committables] : other.by_checkpoint_) {
    const auto [it, added] = by_checkpoint_.try_emplace(checkpoint, committables);
    if (!added) it->second.merge(committables);
  }
}

void CommittableCollector::put(CheckpointCommittables committables) {
  const int64_t checkpoint = committables.checkpoint();
  by_checkpoint_.insert_or_assign(checkpoint, std::move(committables));
}

CheckpointCommittables* CommittableCollector::first_up_to(int64_t checkpoint) {
  const auto it = by_checkpoint_.begin();
  if (it == by_checkpoint_.end() || it->first > checkpoint) return nullptr;
  return &it->second;
}

namespace {

void put_int(std::string& out, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(bits >> shift));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  int64_t next() {
    CHECK(bytes_.size() >= 8, "the committer's state is whole");
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i)
      bits |= uint64_t{static_cast<unsigned char>(bytes_[static_cast<size_t>(i)])} << (8 * i);
    bytes_.remove_prefix(8);
    return static_cast<int64_t>(bits);
  }
  int next_int() { return static_cast<int>(next()); }
  std::string next_string() {
    const auto size = static_cast<size_t>(next());
    CHECK(bytes_.size() >= size, "the committer's state is whole");
    std::string result(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return result;
  }
  bool done() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

void put_request(std::string& out, const CommitRequest& request) {
  put_int(out, static_cast<int64_t>(request.committable.transactional_id.size()));
  out += request.committable.transactional_id;
  put_int(out, request.committable.producer_id);
  put_int(out, request.committable.epoch);
  put_int(out, request.retries);
  put_int(out, static_cast<int64_t>(request.state));
}

CommitRequest read_request(Reader& reader) {
  CommitRequest request;
  request.committable.transactional_id = reader.next_string();
  request.committable.producer_id = reader.next();
  request.committable.epoch = reader.next_int();
  request.retries = reader.next_int();
  const int64_t state = reader.next();
  CHECK(state >= 0 && state <= static_cast<int64_t>(CommitRequestState::committed),
        "a commit request's state is one of four");
  request.state = static_cast<CommitRequestState>(state);
  return request;
}

}  // namespace

std::string CommittableCollector::serialize() const {
  std::string out;
  put_int(out, static_cast<int64_t>(by_checkpoint_.size()));
  for (const auto& [checkpoint, committables] : by_checkpoint_) {
    put_int(out, checkpoint);
    put_int(out, committables.subtasks());
    put_int(out, static_cast<int64_t>(committables.by_subtask().size()));
    for (const auto& [subtask, batch] : committables.by_subtask()) {
      put_int(out, subtask);
      put_int(out, batch.failed);
      put_int(out, static_cast<int64_t>(batch.requests.size()));
      for (const CommitRequest& request : batch.requests) put_request(out, request);
    }
  }
  return out;
}

CommittableCollector CommittableCollector::parse(std::string_view bytes) {
  Reader reader(bytes);
  CommittableCollector collector;
  const int64_t checkpoints = reader.next();
  for (int64_t i = 0; i < checkpoints; ++i) {
    const int64_t checkpoint = reader.next();
    const int subtasks = reader.next_int();
    CheckpointCommittables committables(checkpoint, subtasks);
    const int64_t batches = reader.next();
    for (int64_t j = 0; j < batches; ++j) {
      const int subtask = reader.next_int();
      SubtaskCommittables batch;
      batch.failed = reader.next_int();
      const int64_t requests = reader.next();
      for (int64_t k = 0; k < requests; ++k) batch.requests.push_back(read_request(reader));
      batch.expected = static_cast<int>(requests) + batch.failed;
      committables.put(subtask, std::move(batch));
    }
    collector.put(std::move(committables));
  }
  CHECK(reader.done(), "the committer's state has nothing after its end");
  return collector;
}

}  // namespace drey::model
