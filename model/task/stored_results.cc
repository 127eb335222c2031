#include "model/task/stored_results.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

// One view of a result on disk.
class StoredResults::Reader final : public SubpartitionView {
 public:
  Reader(StoredResults& results, std::shared_ptr<PartitionFile> file, uint32_t subpartition,
         ViewOwner& owner, uint64_t number)
      : results_(&results),
        file_(std::move(file)),
        subpartition_(subpartition),
        owner_(owner),
        number_(number) {
    skip_regions();
  }
  ~Reader() override {
    if (results_ != nullptr) results_->close(*this);
  }

  PipelinedSubpartition& queue() override { return queue_; }
  TakenBuffer take(uint64_t payload, BufferType, uint32_t, uint32_t) override {
    CHECK(!items_.empty() && items_.front().payload == payload, "buffers are taken in order");
    Item item = std::move(items_.front());
    items_.pop_front();
    ++taken_;
    return {std::move(item.buffer.slice), item.buffer.event, payload};
  }
  void recycle(uint64_t buffer) override {
    if (buffer == 0 || taken_ == 0) return;
    --taken_;
    if (results_ != nullptr) results_->give_back(file_->id(), 1);
  }

  // Buffers that it holds of the pool.
  uint32_t held() const { return static_cast<uint32_t>(items_.size()) + taken_; }
  const PartitionId& id() const { return file_->id(); }
  uint32_t buffers_ahead() const { return left_; }
  uint64_t next_offset() const {
    return file_->place_of(region_) + file_->regions()[region_].buffers[at_].offset;
  }
  size_t region() const { return region_; }
  uint32_t at() const { return at_; }

  // What one request may take: contiguous, up to `most` buffers and `bytes`.
  uint32_t span(uint32_t most, uint64_t bytes) const {
    const auto& buffers = file_->regions()[region_].buffers;
    uint32_t count = 0;
    uint64_t sum = 0;
    while (count < left_ && count < most &&
           (count == 0 || sum + buffers[at_ + count].bytes <= bytes))
      sum += buffers[at_ + count++].bytes;
    return count;
  }
  void advance(uint32_t count) {
    at_ += count;
    left_ -= count;
    if (left_ > 0) return;
    ++region_;
    skip_regions();
  }
  // All that is on disk so far has been read, and it holds few buffers.
  bool takes_at_once() const {
    return left_ == 0 && region_ == file_->regions().size() && items_.size() < kMemoryBuffers;
  }
  uint32_t subpartition() const { return subpartition_; }
  // More of a growing result is there.
  void skip_regions() {
    if (left_ > 0) return;
    for (; region_ < file_->regions().size(); ++region_) {
      const SpilledRegion::Range range = file_->regions()[region_].of(subpartition_);
      if (range.count == 0) continue;
      at_ = range.first;
      left_ = range.count;
      return;
    }
  }

  void deliver(std::vector<StoredBuffer> buffers) {
    for (StoredBuffer& buffer : buffers) {
      Item& item = items_.emplace_back();
      item.payload = ++last_payload_;
      item.buffer = std::move(buffer);
      QueuedBuffer queued{.payload = item.payload, .type = item.buffer.type};
      if (is_data(item.buffer.type)) {
        item.position = {item.buffer.slice.units(), true};
        queued.writer = &item.position;
      } else {
        queued.size = kUnitBytes;
      }
      if (item.buffer.type == BufferType::end_of_partition)
        queue_.finish(queued);
      else
        queue_.add(queued);
    }
    queue_.flush();
  }
  // Its result is gone, or cannot be read: the owner may destroy this inside.
  void fail() {
    results_ = nullptr;
    owner_.view_failed(number_);
  }
  void abandon() { results_ = nullptr; }

 private:
  static constexpr size_t kMemoryBuffers = 3;  // of the memory tier, per subpartition
  struct Item {
    uint64_t payload = 0;
    WriterPosition position;
    StoredBuffer buffer;
  };

  StoredResults* results_;
  std::shared_ptr<PartitionFile> file_;
  uint32_t subpartition_;
  ViewOwner& owner_;
  uint64_t number_;
  PipelinedSubpartition queue_;
  std::deque<Item> items_;  // stable addresses: the queue points to positions
  uint64_t last_payload_ = 0;
  uint32_t taken_ = 0;
  size_t region_ = 0;
  uint32_t at_ = 0;    // next buffer of the region
  uint32_t left_ = 0;  // of this subpartition in the region
};

StoredResults::~StoredResults() { shut_down(); }

void StoredResults::shut_down() {
  for (auto& [id, result] : results_)
    for (Reader* const reader : result.readers) reader->abandon();
  results_.clear();
}

std::shared_ptr<PartitionFile> StoredResults::create(const PartitionId& id, const std::string& name,
                                                     bool growing) {
  auto file = std::make_shared<PartitionFile>(storage_, id, name, growing);
  results_[id].file = file;
  return file;
}

std::shared_ptr<PartitionFile> StoredResults::find(const PartitionId& id) const {
  const auto at = results_.find(id);
  return at == results_.end() ? nullptr : at->second.file;
}

uint64_t StoredResults::bytes() const {
  uint64_t sum = 0;
  for (const auto& [id, result] : results_) sum += result.file->bytes();
  return sum;
}

void StoredResults::drop(const PartitionId& id) {
  const auto at = results_.find(id);
  if (at == results_.end()) return;
  const Result gone = std::move(at->second);
  results_.erase(at);
  gone.file->remove();
  CHECK(pool_out_ >= gone.buffers_out, "the pool gets back what it gave");
  pool_out_ -= gone.buffers_out;
  for (Reader* const reader : gone.readers) reader->fail();
  look_for_work();
}

void StoredResults::grown(const PartitionId& id) {
  const auto at = results_.find(id);
  if (at == results_.end()) return;
  for (Reader* const reader : at->second.readers) reader->skip_regions();
  schedule(at->second);
}

bool StoredResults::has_readers(const PartitionId& id) const {
  const auto at = results_.find(id);
  return at != results_.end() && !at->second.readers.empty();
}

SpilledRegion StoredResults::hand_to_readers(const PartitionId& id, SpilledRegion region) {
  const auto at = results_.find(id);
  if (at == results_.end() || region.broadcast) return region;
  Result& result = at->second;
  SpilledRegion rest;
  for (const SpilledRegion::Range& range : region.ranges) {
    Reader* taker = nullptr;
    for (Reader* const reader : result.readers)
      if (reader->subpartition() == range.subpartition && reader != result.busy &&
          reader->takes_at_once())
        taker = reader;
    std::vector<StoredBuffer> buffers;
    for (uint32_t i = range.first; i < range.first + range.count; ++i) {
      const SpilledRegion::Buffer& place = region.buffers[i];
      const auto bytes = std::string_view(region.bytes).substr(place.offset, place.bytes);
      buffers.push_back(*decode_buffer(bytes));
    }
    if (taker == nullptr) {
      for (const StoredBuffer& buffer : buffers) rest.add(range.subpartition, buffer);
      continue;
    }
    result.buffers_out += range.count;
    pool_out_ += range.count;
    taker->deliver(std::move(buffers));
  }
  return rest;
}

std::unique_ptr<SubpartitionView> StoredResults::open(const PartitionId& id, uint32_t subpartition,
                                                      ViewOwner& owner, uint64_t number) {
  Result& result = results_.at(id);
  auto reader = std::make_unique<Reader>(*this, result.file, subpartition, owner, number);
  result.readers.push_back(reader.get());
  schedule(result);
  return reader;
}

void StoredResults::close(Reader& reader) {
  const auto at = results_.find(reader.id());
  if (at == results_.end()) return;
  Result& result = at->second;
  result.readers.erase(std::find(result.readers.begin(), result.readers.end(), &reader));
  if (result.busy == &reader) result.busy = nullptr;
  give_back(reader.id(), reader.held());
}

void StoredResults::give_back(const PartitionId& id, uint32_t buffers) {
  const auto at = results_.find(id);
  if (at == results_.end()) return;
  CHECK(at->second.buffers_out >= buffers, "a result gets back what it gave");
  at->second.buffers_out -= buffers;
  pool_out_ -= buffers;
  schedule(at->second);
  look_for_work();
}

void StoredResults::look_for_work() {
  if (!starved_) return;
  starved_ = false;
  for (auto& [id, result] : results_) schedule(result);
}

StoredResults::Reader* StoredResults::next_reader(const Result& result) const {
  Reader* best = nullptr;
  for (Reader* const reader : result.readers) {
    if (reader->buffers_ahead() == 0) continue;
    if (best == nullptr || reader->next_offset() < best->next_offset()) best = reader;
  }
  return best;
}

void StoredResults::schedule(Result& result) {
  if (result.reading) return;
  Reader* const reader = next_reader(result);
  if (reader == nullptr) return;
  constexpr uint32_t kPerRequest = kRequestBytes / kBufferBytes;
  constexpr uint32_t kPool = kPoolBytes / kBufferBytes;
  const uint32_t budget =
      std::max(4 * kPerRequest, 2 * static_cast<uint32_t>(result.readers.size()));
  if (result.buffers_out >= budget) return;
  if (pool_out_ >= kPool) {
    starved_ = true;
    return;
  }
  const uint32_t most = std::min(budget - result.buffers_out, kPool - pool_out_);
  const uint32_t count = reader->span(std::min(most, kPerRequest), kRequestBytes);
  PartitionFile::Read read = result.file->read(reader->region(), reader->at(), count);
  reader->advance(count);
  const auto got = static_cast<uint32_t>(read.buffers.size());
  result.buffers_out += got;
  pool_out_ += got;
  result.reading = true;
  result.busy = reader;
  const sim::Duration time = read.end - storage_.clock->now();
  requests_[++last_request_] = {result.file->id(), std::move(read)};
  host_.read_ends_after(time, last_request_);
}

void StoredResults::read_ended(uint64_t number) {
  const auto found = requests_.find(number);
  Request request = std::move(found->second);
  requests_.erase(found);
  const auto at = results_.find(request.id);
  if (at == results_.end()) return;  // dropped meanwhile
  Result& result = at->second;
  result.reading = false;
  Reader* const reader = result.busy;
  result.busy = nullptr;
  const auto got = static_cast<uint32_t>(request.read.buffers.size());
  if (reader == nullptr) {
    give_back(request.id, got);
    return;
  }
  if (request.read.failed) {
    result.readers.erase(std::find(result.readers.begin(), result.readers.end(), reader));
    const uint32_t held = got + reader->held();
    reader->fail();
    give_back(request.id, held);
    return;
  }
  reader->deliver(std::move(request.read.buffers));
  const auto still = results_.find(request.id);
  if (still != results_.end()) schedule(still->second);
}

}  // namespace drey::model
