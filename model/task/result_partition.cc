#include "model/task/result_partition.h"

#include <algorithm>

#include "model/mutants.h"
#include "sim/check.h"

namespace drey::model {

ResultPartition::ResultPartition(const ResultPartitionOptions& options, PartitionWriter& writer)
    : options_(options), writer_(&writer) {
  if (stored()) return;
  subs_.reserve(options_.subpartitions);
  for (uint32_t i = 0; i < options_.subpartitions; ++i)
    subs_.emplace_back().queue = PipelinedSubpartition(options_.exclusive_per_channel);
}

ResultPartition::~ResultPartition() { release(); }

bool ResultPartition::set_up(NetworkBufferPool& network, const LocalBufferPoolOptions& pool) {
  pool_ = network.create_pool(pool);
  if (pool_ == nullptr) return false;
  if (stored()) {
    sorting_ = std::make_unique<SortBuffer>(
        SortBufferOptions{.subpartitions = options_.subpartitions,
                          .units_per_buffer = options_.units_per_buffer,
                          .buffers = options_.region_buffers,
                          .order = options_.order});
    return true;
  }
  pool_->set_availability_listener(this);
  return true;
}

// ---- writing ----

// Only taking a buffer changes whether it is available.
size_t ResultPartition::admit(std::span<const uint16_t> targets) {
  if (stored()) return targets.size();
  if (!available()) return 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    Sub& sub = subs_[targets[i]];
    const bool full = sub.reserved == sub.capacity;
    if (full) open_buffer(targets[i]);
    ++sub.reserved;
    if (full && !available()) return i + 1;
  }
  return targets.size();
}

void ResultPartition::open_buffer(uint32_t target) {
  Sub& sub = subs_[target];
  auto builder = std::make_unique<Builder>();
  builder->content =
      std::make_shared<BufferContent>(options_.units_per_buffer, options_.unit_bytes);
  builder->number = ++last_number_;
  if (!pool_->request(static_cast<int32_t>(target))) {
    builder->owed = true;
    ++owed_;
    owed_to_.push_back(target);
  }
  sub.capacity += options_.units_per_buffer;
  sub.open = true;
  if (sub.writing == nullptr) sub.writing = builder.get();
  sub.builders.push_back(std::move(builder));
}

ResultPartition::Builder* ResultPartition::next_buffer(Sub& sub) {
  for (size_t i = sub.builders.size() - 1; i > 0; --i)
    if (sub.builders[i - 1].get() == sub.writing) return sub.writing = sub.builders[i].get();
  CHECK(false, "only what was admitted is written");
  return nullptr;
}

void ResultPartition::mark_dirty(uint32_t target) {
  subs_[target].dirty = true;
  unflushed_ = true;
  dirty_.push_back(target);
}

void ResultPartition::write_element(const InlineElement& element) {
  if (sorting_ != nullptr) {
    sorting_->add_element(element);
    return;
  }
  for (uint32_t target = 0; target < options_.subpartitions; ++target) {
    admit(target);
    Sub& sub = subs_[target];
    if (sub.writing->units == options_.units_per_buffer) next_buffer(sub);
    Builder& builder = *sub.writing;
    InlineElement placed = element;
    placed.before = builder.records;
    builder.elements.push_back(placed);
    builder.element_units.push_back(builder.units++);
    if (!sub.dirty) mark_dirty(target);
  }
}

void ResultPartition::publish() {
  if (stored()) return;
  // The list may grow no more while readers take what they are told of.
  for (size_t i = 0; i < dirty_.size(); ++i) {
    Sub& sub = subs_[dirty_[i]];
    sub.dirty = false;
    publish(sub);
  }
  dirty_.clear();
}

void ResultPartition::publish(Sub& sub) {
  size_t fresh = 0;
  for (const auto& builder : sub.builders) {
    builder->position.committed = builder->units;
    builder->position.finished = builder.get() != sub.builders.back().get() || !sub.open;
    if (!builder->queued) ++fresh;
  }
  // From the back: those in front may be taken meanwhile.
  for (; fresh > 0; --fresh) {
    Builder& builder = *sub.builders[sub.builders.size() - fresh];
    builder.queued = true;
    sub.queue.add({.writer = &builder.position, .payload = builder.number});
  }
}

void ResultPartition::flush() {
  publish();
  unflushed_ = false;
  for (Sub& sub : subs_) sub.queue.flush();
}

// What was admitted has been written; the rest of the last buffer stays unused.
void ResultPartition::close_buffer(Sub& sub) {
  sub.open = false;
  sub.writing = nullptr;
  sub.reserved = 0;
  sub.capacity = 0;
  if (!sub.builders.empty()) sub.builders.back()->position.finished = true;
}

void ResultPartition::broadcast(const ChannelEvent& event) {
  publish();
  if (stored()) {
    store_event(event);
    return;
  }
  for (Sub& sub : subs_) {
    close_buffer(sub);
    const uint64_t number = ++last_number_;
    sub.events.push_back({number, event});
    enqueue(sub, sub.events.back());
  }
}

void ResultPartition::enqueue(Sub& sub, const QueuedEvent& queued) {
  const QueuedBuffer buffer{.payload = queued.number,
                            .checkpoint = queued.event.barrier.id,
                            .size = kUnitBytes,
                            .type = buffer_type_of(queued.event)};
  if (queued.event.kind == ChannelEvent::Kind::end_of_partition)
    sub.queue.finish(buffer);
  else
    sub.queue.add(buffer);
}

// ---- spilling ----

void ResultPartition::spill() {
  DrainListener& listener = *this;
  for (SpilledRegion& region : sorting_->drain(listener)) {
    const bool drop = options_.mutant == Mutant::bulk_write_drops_buffers;
    if (drop && !region.broadcast && region.buffers.size() > 1) region.drop_last();
    options_.store->append(std::move(region));
  }
}

void ResultPartition::drained(uint32_t target, const RecordSlice& slice) {
  if (writer_ != nullptr) writer_->buffer_emitted(options_.index, target, drained_++, slice);
}

// Once for all subpartitions.
void ResultPartition::store_event(const ChannelEvent& event) {
  spill();
  SpilledRegion region{.broadcast = true};
  region.add(0, {.type = buffer_type_of(event), .slice = {}, .event = event});
  options_.store->append(std::move(region));
}

void ResultPartition::finish() {
  if (finished_) return;
  finished_ = true;
  broadcast({.kind = ChannelEvent::Kind::end_of_partition, .barrier = {}});
  if (stored()) options_.store->complete();
}

// ---- reading ----

ResultPartition::Taken ResultPartition::take(uint32_t subpartition, uint64_t payload,
                                             BufferType type, uint32_t size, uint32_t sequence) {
  Sub& sub = subs_[subpartition];
  drop_before(subpartition, payload);
  if (is_data(type)) {
    Taken taken = take_data(sub, payload, size);
    if (writer_ != nullptr) {
      taken.slice.seal();
      writer_->buffer_emitted(options_.index, subpartition, sequence, taken.slice);
    }
    return taken;
  }
  for (auto at = sub.events.begin(); at != sub.events.end(); ++at) {
    if (at->number != payload) continue;
    Taken taken{.slice = {}, .event = at->event};
    sub.events.erase(at);
    return taken;
  }
  CHECK(false, "an event is taken once");
  return {};
}

ResultPartition::Taken ResultPartition::take_data(Sub& sub, uint64_t number, uint32_t size) {
  const auto at = std::find_if(sub.builders.begin(), sub.builders.end(),
                               [&](const auto& b) { return b->number == number; });
  CHECK(at != sub.builders.end(), "a buffer is there until its last part was taken");
  Builder& builder = **at;
  Taken taken;
  taken.slice.content = builder.content;
  taken.slice.first = builder.taken_records;
  const uint32_t end = builder.taken_units + size;
  while (builder.taken_elements < builder.elements.size() &&
         builder.element_units[builder.taken_elements] < end) {
    InlineElement element = builder.elements[builder.taken_elements++];
    element.before -= builder.taken_records;
    taken.slice.elements.push_back(element);
  }
  taken.slice.count = size - static_cast<uint32_t>(taken.slice.elements.size());
  builder.taken_units = end;
  builder.taken_records += taken.slice.count;
  if (builder.position.finished && end == builder.position.committed) {
    builder.handed = true;
    taken.buffer = number;
  }
  return taken;
}

// Buffers in front whose end was seen without another part to take.
void ResultPartition::drop_before(uint32_t subpartition, uint64_t number) {
  Sub& sub = subs_[subpartition];
  for (size_t i = 0; i < sub.builders.size() && sub.builders[i]->number < number;) {
    if (sub.builders[i]->handed) {
      ++i;
      continue;
    }
    const std::unique_ptr<Builder> gone = std::move(sub.builders[i]);
    sub.builders.erase(sub.builders.begin() + static_cast<std::ptrdiff_t>(i));
    give_back(subpartition, *gone);
  }
}

void ResultPartition::recycle(uint32_t subpartition, uint64_t buffer) {
  if (buffer == 0 || released_) return;
  Sub& sub = subs_[subpartition];
  for (auto at = sub.builders.begin(); at != sub.builders.end(); ++at) {
    if ((*at)->number != buffer) continue;
    const std::unique_ptr<Builder> gone = std::move(*at);
    sub.builders.erase(at);
    if (sub.writing == gone.get()) close_buffer(sub);
    give_back(subpartition, *gone);
    return;
  }
}

void ResultPartition::give_back(uint32_t subpartition, Builder& builder) {
  if (!builder.owed) {
    pool_->recycle(static_cast<int32_t>(subpartition));
    if (owed_ > 0) settle_debt();
    return;
  }
  --owed_;
  owed_to_.erase(std::find(owed_to_.begin(), owed_to_.end(), subpartition));
  if (owed_ == 0 && available() && writer_ != nullptr) writer_->output_available();
}

void ResultPartition::settle_debt() {
  while (owed_ > 0 && pool_->request(static_cast<int32_t>(owed_to_.front()))) {
    Sub& sub = subs_[owed_to_.front()];
    owed_to_.erase(owed_to_.begin());
    --owed_;
    for (const auto& builder : sub.builders) {
      if (!builder->owed) continue;
      builder->owed = false;
      break;
    }
  }
  if (owed_ == 0 && available() && writer_ != nullptr) writer_->output_available();
}

void ResultPartition::pool_available() {
  if (owed_ > 0) {
    settle_debt();
    return;
  }
  if (writer_ != nullptr) writer_->output_available();
}

bool ResultPartition::consumed(uint32_t subpartition) {
  Sub& sub = subs_[subpartition];
  if (sub.consumed) return false;
  sub.consumed = true;
  return ++consumed_ == options_.subpartitions;
}

void ResultPartition::user_records_processed(uint32_t subpartition) {
  Sub& sub = subs_[subpartition];
  if (sub.processed) return;
  sub.processed = true;
  if (++processed_ == options_.subpartitions && writer_ != nullptr)
    writer_->all_data_processed(options_.index);
}

void ResultPartition::look() {
  if (writer_ != nullptr) writer_->look();
}

void ResultPartition::release() {
  if (released_) return;
  released_ = true;
  writer_ = nullptr;
  owed_to_.clear();
  for (uint32_t i = 0; i < subs_.size(); ++i) {
    Sub& sub = subs_[i];
    sub.queue.set_listener(nullptr);
    while (sub.queue.drain().has_value()) {
    }
    for (const auto& builder : sub.builders)
      if (pool_ != nullptr && !builder->owed) pool_->recycle(static_cast<int32_t>(i));
    sub.builders.clear();
    sub.writing = nullptr;
  }
  owed_ = 0;
  if (pool_ != nullptr) {
    pool_->set_availability_listener(nullptr);
    pool_->destroy();
  }
}

}  // namespace drey::model
