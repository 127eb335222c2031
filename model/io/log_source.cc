#include "model/io/log_source.h"

#include <algorithm>

#include "model/io/source_events.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {
constexpr sim::Duration kFetchTimeout = sim::seconds(30);
// As Kafka's fetch.min.bytes and fetch.max.wait.ms: an answer waits a little for more to come.
constexpr uint32_t kFetchAtLeast = 256;
constexpr sim::Duration kFetchWait = sim::milliseconds(50);
constexpr sim::Duration kRetryPause = sim::milliseconds(100);
// A paced reader wakes so often; what has become due meanwhile is emitted together.
constexpr sim::Duration kPaceTick = sim::milliseconds(10);
}  // namespace

void LogSource::add_split(const SourcePosition& position) {
  positions_.push_back(position);
  splits_.push_back(
      {.fetched_to = position.next_offset,
       .first = position.next_offset,
       .begun = {},
       .paced_to = position.next_offset,
       .ended = position.finished,
       .announced_to = position.next_offset,
       .watermarks = WatermarkGenerator({.bound_ms = options_.bound_ms,
                                         .idle_timeout = options_.idle_timeout.ns > 0
                                                             ? std::optional(options_.idle_timeout)
                                                             : std::nullopt})});
  combined_.add_input();
}

void LogSource::restore(const std::vector<SourcePosition>& positions) {
  for (SourcePosition position : positions) {
    const bool again = options_.mutant == Mutant::restored_offset_read_again;
    if (again && position.next_offset > 0 && !position.finished) --position.next_offset;
    add_split(position);
  }
}

void LogSource::start() {
  started_ = true;
  for (size_t i = 0; i < splits_.size(); ++i) begin_split(i);
}

void LogSource::begin_split(size_t index) {
  context_.announce_fact(fact_kind(TaskFact::started_reading),
                         number_through(positions_[index].split), positions_[index].next_offset,
                         context_.deployment().attempt.attempt);
  fetch(index);
  splits_[index].begun = context_.time();
  if (options_.generated) context_.wake();
  if (options_.records_per_second == 0 || pacing_) return;
  pacing_ = true;
  context_.after(kPaceTick, {TaskPart::source, paced, 0});
}

void LogSource::on_event(const OperatorEvent& event) {
  switch (static_cast<SourceEvent>(event.kind)) {
    case SourceEvent::add_splits:
      for (const SplitId split : splits_of(event)) {
        if (split >= options_.log->splits()) continue;
        add_split({.split = split});
        if (started_) begin_split(splits_.size() - 1);
      }
      return;
    case SourceEvent::no_more_splits:
      no_more_splits_ = true;
      return;
    case SourceEvent::reader_registration:
    case SourceEvent::request_split:
    case SourceEvent::to_enumerator:
    case SourceEvent::acknowledge_checkpoint:
    case SourceEvent::to_reader:
    case SourceEvent::backlog:
      return;
  }
}

// Counted from when the split came, so that a pause (a frozen process, back-pressure) is made up
// for.
void LogSource::pace() {
  for (Split& split : splits_) {
    const auto ms = static_cast<uint64_t>(sim::to_millis(context_.time() - split.begun));
    const uint64_t due =
        ms * options_.records_per_second / (uint64_t{1000} * options_.log->splits());
    split.paced_to = split.first + due;
  }
  if (!finished()) context_.after(kPaceTick, {TaskPart::source, paced, 0});
  context_.wake();
}

void LogSource::fetch(size_t index) {
  Split& split = splits_[index];
  if (split.fetching || split.ended) return;
  if (options_.generated) {
    split.fetched_to = options_.log->size(static_cast<uint16_t>(positions_[index].split));
    end_of_split(index);
    return;
  }
  if (split.fetched_to - positions_[index].next_offset >= options_.fetch_records) return;
  split.fetching = true;
  auto request = std::make_shared<sim::FetchRecords>();
  request->split = static_cast<uint16_t>(positions_[index].split);
  request->offset = split.fetched_to;
  request->max_records = options_.fetch_records;
  request->min_records = std::min(options_.fetch_records, kFetchAtLeast);
  request->max_wait = kFetchWait;
  context_.call(context_.locate(options_.service), std::move(request), kFetchTimeout,
                {TaskPart::source, fetched, index});
}

void LogSource::answered(TaskCall call, const sim::Reply& reply) {
  const size_t index = call.argument;
  Split& split = splits_[index];
  split.fetching = false;
  if (reply.failure != sim::CallFailure::none) {
    context_.after(kRetryPause, {TaskPart::source, retry, index});
    return;
  }
  const auto& range = sim::as<sim::FetchedRange>(*reply.body);
  CHECK(range.from == split.fetched_to, "one fetch of a split at a time");
  split.fetched_to = range.to;
  if (range.ended) end_of_split(index);
  fetch(index);
  context_.wake();
}

// fetched_to is the end; there may be nothing to emit before it.
void LogSource::end_of_split(size_t index) {
  Split& split = splits_[index];
  split.ended = true;
  if (split.fetched_to != positions_[index].next_offset || positions_[index].finished) return;
  positions_[index].finished = true;
  context_.announce_fact(fact_kind(TaskFact::finished_reading),
                         number_through(positions_[index].split), split.fetched_to, 0);
}

void LogSource::timer(TaskCall call) {
  if (call.kind == paced)
    pace();
  else
    fetch(call.argument);
}

bool LogSource::available() const {
  for (size_t i = 0; i < splits_.size(); ++i)
    if (positions_[i].next_offset < emittable(i)) return true;
  return false;
}

bool LogSource::finished() const {
  if (!no_more_splits_) return false;
  for (const SourcePosition& position : positions_)
    if (!position.finished) return false;
  return true;
}

LogSource::Piece LogSource::next_piece() {
  for (size_t tried = 0; tried < splits_.size(); ++tried) {
    const size_t index = (turn_ + tried) % splits_.size();
    const uint64_t from = positions_[index].next_offset;
    const uint64_t to = emittable(index);
    if (to <= from) continue;
    const uint64_t there = to - from;
    turn_ = index + 1;
    return {static_cast<uint32_t>(index), from,
            static_cast<uint32_t>(std::min<uint64_t>(there, options_.slice_records))};
  }
  CHECK(false, "asked only when records are there");
  return {};
}

void LogSource::fill(const Piece& piece, uint32_t begin, uint32_t count, RecordBlock& block) const {
  block.make_room(count);
  block.count = count;
  options_.log->fill(static_cast<uint16_t>(positions_[piece.split].split), piece.from + begin,
                     block.view());
}

void LogSource::emitted(const Piece& piece, uint32_t count, std::span<const sim::Record> records) {
  int64_t highest = INT64_MIN;
  for (const sim::Record& record : records.first(count))
    highest = std::max(highest, record.event_time);
  if (count > 0) splits_[piece.split].watermarks.on_event(highest);
  emitted_.insert(emitted_.end(), records.begin(), records.begin() + count);
  positions_[piece.split].next_offset += count;
}

void LogSource::publish() {
  std::span<const sim::Record> rest = emitted_;
  for (size_t i = 0; i < splits_.size(); ++i) {
    // One piece at a time is emitted between two looks, so the records of a split are together.
    Split& split = splits_[i];
    const uint64_t count = positions_[i].next_offset - split.announced_to;
    if (count == 0) continue;
    CHECK(count <= rest.size(), "what was emitted is kept until it is announced");
    context_.announce_records(fact_kind(DataFact::source_emitted),
                              number_through(positions_[i].split), split.announced_to,
                              context_.deployment().attempt.attempt, rest.first(count));
    rest = rest.subspan(count);
    split.announced_to = positions_[i].next_offset;
    if (split.ended && split.announced_to == split.fetched_to && !positions_[i].finished) {
      positions_[i].finished = true;
      context_.announce_fact(fact_kind(TaskFact::finished_reading),
                             number_through(positions_[i].split), split.announced_to, 0);
    }
    fetch(i);
  }
  emitted_.clear();
}

// With splits, the reader is idle when they all are; without any, when it runs for that long.
LogSource::Tick LogSource::tick(sim::Duration clock) {
  Tick tick;
  bool rose = false;
  for (uint32_t i = 0; i < splits_.size(); ++i) {
    const auto emitted = splits_[i].watermarks.on_periodic_tick(clock);
    if (emitted.watermark.has_value() && combined_.update_watermark(i, *emitted.watermark))
      rose = true;
    if (emitted.idle && combined_.update_idle(i, true)) rose = true;
    if (positions_[i].finished && combined_.update_watermark(i, kMaxWatermark)) rose = true;
  }
  if (rose) tick.watermark = combined_.watermark();
  const bool quiet = options_.idle_timeout.ns > 0 && clock >= options_.idle_timeout;
  const bool idle = splits_.empty() ? quiet : combined_.is_idle();
  if (idle != idle_) tick.status = idle ? WatermarkStatus::idle : WatermarkStatus::active;
  idle_ = idle;
  return tick;
}

}  // namespace drey::model
