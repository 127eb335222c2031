#include "model/task/null_exchange.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace drey::model {

namespace {

bool names(const ReaderSpans& readers, uint32_t index, uint32_t attempt) {
  return std::any_of(readers.begin(), readers.end(), [&](const ReaderSpan& span) {
    return span.first <= index && index <= span.last && span.attempt == attempt;
  });
}

}  // namespace

NullExchange::NullExchange(sim::World& world, sim::ProcessId process,
                           const NullExchangeOptions& options, SharedLists& lists)
    : Endpoint(world, process, kEndpointName), options_(options), lists_(lists) {}

// ---- the tasks of this process

void NullExchange::started(RangeTask& task) {
  const Deployment& deployment = task.deployment();
  const JobGraph& graph = deployment.job->graph;
  for (const ResultPartitionSpec& result : deployment.results) {
    const bool pipelined = can_be_pipelined(graph.data_sets[result.data_set].type);
    results_[{task.deployment().attempt.job, result.id.partition}] = {
        .attempt = deployment.attempt.attempt, .readable = pipelined};
    ++results_version_;
  }
  for (const InputGateSpec& input : deployment.gates) add_gate(task, input);
  ask_for(task, ReadersRange::Kind::request);
}

void NullExchange::ask_for(const RangeTask& task, ReadersRange::Kind kind) {
  const AttemptId& attempt = task.deployment().attempt;
  for (const InputGateSpec& input : task.deployment().gates) {
    const GatesAt gate = gates_of(attempt.job, input.group, attempt.subtask);
    if (!is_gate_of(gate, task)) continue;
    // A channel that has ended is closed on both sides.
    if (kind == ReadersRange::Kind::cancel && gate->seen.ended == gate->seen.channels) continue;
    const auto same = std::find_if(asking_.begin(), asking_.end(), [&](const Asking& asking) {
      return asking.kind == kind && asking.job == attempt.job && asking.group == input.group &&
             asking.producers == gate->producers;
    });
    Asking& asking =
        same != asking_.end()
            ? *same
            : asking_.emplace_back(Asking{kind, attempt.job, input.group, gate->producers, {}});
    append(asking.readers, attempt.subtask, attempt.attempt);
    want_flush();
  }
}

void NullExchange::request_again(RangeTask& task, const PartitionId& partition) {
  const AttemptId& attempt = task.deployment().attempt;
  for (const InputGateSpec& input : task.deployment().gates) {
    for (const ShuffleDescriptor& each : *input.producers) {
      if (each.id != partition) continue;
      const ProducerSpans one(
          {{partition.partition, partition.partition, partition.producer.attempt}});
      const ReaderSpans me({{attempt.subtask, attempt.subtask, attempt.attempt}});
      const auto place = std::make_shared<std::vector<ProducerPlace>>();
      place->push_back({each.location, one});
      again_.push_back({ReadersRange::Kind::request, attempt.job, input.group, me, place});
      want_flush();
    }
  }
}

void NullExchange::make_ready(const RangeTask& task, ProducersRange::Kind kind) {
  const uint32_t attempt = task.deployment().attempt.attempt;
  for (const ResultPartitionSpec& spec : task.deployment().results) {
    const auto result = results_.find({task.deployment().attempt.job, spec.id.partition});
    if (result == results_.end() || result->second.attempt != attempt) continue;
    const CheckpointId checkpoint = result->second.last_barrier;
    const auto same = std::find_if(ready_.begin(), ready_.end(), [&](const Ready& ready) {
      return ready.kind == kind && ready.job == task.deployment().attempt.job &&
             ready.checkpoint == checkpoint;
    });
    Ready& ready =
        same != ready_.end()
            ? *same
            : ready_.emplace_back(Ready{kind, task.deployment().attempt.job, checkpoint, {}});
    append(ready.producers, spec.id.partition, attempt);
    want_flush();
  }
}

void NullExchange::barrier(const RangeTask& task, CheckpointId id) {
  for (const ResultPartitionSpec& spec : task.deployment().results) {
    const auto result = results_.find({task.deployment().attempt.job, spec.id.partition});
    if (result != results_.end()) result->second.last_barrier = id;
  }
  make_ready(task, ProducersRange::Kind::barrier);
}

void NullExchange::ended(RangeTask& task, End how) {
  const Deployment& deployment = task.deployment();
  switch (how) {
    case End::finished:
      for (const ResultPartitionSpec& spec : deployment.results) {
        Result& result = results_[{task.deployment().attempt.job, spec.id.partition}];
        result.finished = result.readable = true;
      }
      ++results_version_;
      make_ready(task, ProducersRange::Kind::end);
      break;
    case End::failed:
      make_ready(task, ProducersRange::Kind::producer_failed);
      ask_for(task, ReadersRange::Kind::cancel);
      break;
    case End::canceled:
      ask_for(task, ReadersRange::Kind::cancel);
      break;
  }
  if (how != End::finished) {
    std::vector<PartitionId> gone;
    for (const ResultPartitionSpec& spec : deployment.results) gone.push_back(spec.id);
    release(gone);
  }
  forget(task);
}

void NullExchange::forget(const RangeTask& task) {
  const auto taken = buffers_.find(task.deployment().attempt);
  if (taken != buffers_.end()) {
    buffers_taken_ -= taken->second;
    buffers_.erase(taken);
  }
  for (const InputGateSpec& input : task.deployment().gates) {
    const AttemptId& attempt = task.deployment().attempt;
    const GatesAt gate = gates_of(attempt.job, input.group, attempt.subtask);
    if (!is_gate_of(gate, task)) continue;
    gates_.erase(only(gate, attempt.subtask, attempt.subtask));
  }
}

void NullExchange::release(const std::vector<PartitionId>& partitions) {
  for (const PartitionId& id : partitions) {
    const auto result = results_.find({id.producer.job, id.partition});
    if (result == results_.end() || result->second.attempt != id.producer.attempt) continue;
    results_.erase(result);
    ++results_version_;
  }
}

// ---- serving

void NullExchange::serve(const sim::Address& from, std::shared_ptr<const ReadersRange> range,
                         const ProducerSpans& producers) {
  const LookedUp& found = look_up(range->job, producers);
  for (const auto& [checkpoint, ended] : found.ended) {
    news_of({ProducersRange::Kind::end, range->job, range->group, checkpoint, ended, nullptr})
        .readers.push_back({from, range->readers});
    want_flush();
  }
  if (found.all_ended) return;  // read to the end: closed at once
  if (!found.all_there) {
    if (waiting_.empty()) arm_timer(expiry_due, options_.partition_request_timeout);
    waiting_.push_back({from, range->job, range->group, producers, range->readers, now()});
  }
  add_view(from, std::move(range));
}

const NullExchange::LookedUp& NullExchange::look_up(JobId job, const ProducerSpans& producers) {
  if (looked_up_.producers == producers && looked_up_.job == job &&
      looked_up_.version == results_version_)
    return looked_up_;
  LookedUp found{.producers = producers, .job = job, .version = results_version_};
  std::map<CheckpointId, std::vector<ProducerSpan>> ended;
  uint64_t count = 0;
  for (const ProducerSpan& span : producers)
    for (PartitionIndex p = span.first; p <= span.last; ++p) {
      const auto result = results_.find({job, p});
      if (result == results_.end() || result->second.attempt != span.attempt) continue;
      if (!result->second.finished) continue;
      append(ended[result->second.last_barrier], p, span.attempt);
      ++count;
    }
  found.all_there = missing_of(job, producers).empty();
  found.all_ended = count == producers.count();
  for (auto& [checkpoint, spans] : ended)
    found.ended.emplace_back(checkpoint, ProducerSpans(std::move(spans)));
  looked_up_ = std::move(found);
  return looked_up_;
}

std::vector<ProducerSpan> NullExchange::missing_of(JobId job,
                                                   const ProducerSpans& producers) const {
  std::vector<ProducerSpan> missing;
  for (const ProducerSpan& span : producers)
    for (PartitionIndex p = span.first; p <= span.last; ++p) {
      const auto result = results_.find({job, p});
      if (result == results_.end() || result->second.attempt != span.attempt ||
          !result->second.readable)
        append(missing, p, span.attempt);
    }
  return missing;
}

bool NullExchange::is_gone(const View& view) const {
  bool gone = true;
  for_each_at(*view.range->producers, address(), [&](const ProducerPlace& here) {
    for (const ProducerSpan& span : here.producers)
      for (PartitionIndex p = span.first; p <= span.last; ++p) {
        const auto result = results_.find({view.range->job, p});
        const bool there = result != results_.end() && result->second.attempt == span.attempt;
        gone = gone && !there;
      }
  });
  return gone;
}

void NullExchange::add_view(const sim::Address& from, std::shared_ptr<const ReadersRange> range) {
  Views& views = views_[{range->job, range->group}];
  const uint32_t process = from.process.index;
  if (views.first.size() <= process) views.first.resize(process + 1u);
  View& first = views.first[process];
  if (first.range == nullptr || first.consumer != from || is_gone(first))
    first = {from, std::move(range)};
  else
    views.more.push_back({from, std::move(range)});
}

// Without the readers that have ended; empty when nobody is left.
void NullExchange::drop_readers(View& view, const sim::Address& from, const ReaderSpans& readers) {
  if (view.range == nullptr || view.consumer != from) return;
  if (view.range->readers == readers) {
    view = {};
    return;
  }
  std::vector<ReaderSpan> left;
  for (const ReaderSpan& span : view.range->readers)
    for (uint32_t index = span.first; index <= span.last; ++index)
      if (!names(readers, index, span.attempt)) append(left, index, span.attempt);
  if (left.empty()) {
    view = {};
    return;
  }
  const auto smaller = std::make_shared<ReadersRange>(*view.range);
  smaller->readers = ReaderSpans(std::move(left));
  view.range = smaller;
}

void NullExchange::drop_view(const sim::Address& from, const ReadersRange& range) {
  const auto found = views_.find({range.job, range.group});
  if (found == views_.end() || found->second.first.size() <= from.process.index) return;
  drop_readers(found->second.first[from.process.index], from, range.readers);
  std::vector<View>& more = found->second.more;
  if (more.empty()) return;
  for (View& view : more) drop_readers(view, from, range.readers);
  more.erase(std::remove_if(more.begin(), more.end(),
                            [](const View& view) { return view.range == nullptr; }),
             more.end());
}

void NullExchange::expire() {
  std::vector<Request> kept;
  for (Request& each : waiting_) {
    std::vector<ProducerSpan> missing = missing_of(each.job, each.producers);
    if (missing.empty()) continue;
    if (now() - each.since < options_.partition_request_timeout) {
      kept.push_back(std::move(each));
      continue;
    }
    news_of({ProducersRange::Kind::not_found, each.job, each.group, 0,
             ProducerSpans(std::move(missing)), nullptr})
        .readers.push_back({each.from, each.readers});
    want_flush();
  }
  waiting_ = std::move(kept);
  if (!waiting_.empty()) arm_timer(expiry_due, options_.partition_request_timeout);
}

// ---- the endpoint

void NullExchange::on_timer(uint8_t kind) {
  switch (static_cast<Timer>(kind)) {
    case flush_due:
      flush();
      return;
    case expiry_due:
      expire();
      return;
  }
}

void NullExchange::on_call(const sim::Call& call, const sim::Message& body,
                           const sim::Body& shared) {
  if (body.kind() == ChannelRanges::kind_id()) {
    handle(call.from, sim::as<ChannelRanges>(body));
    return;
  }
  CHECK(body.kind() == RequestRanges::kind_id(), "a data endpoint knows ranges of channels only");
  handle(call.from, std::static_pointer_cast<const RequestRanges>(shared));
}

void NullExchange::handle(const sim::Address& from,
                          const std::shared_ptr<const RequestRanges>& requests) {
  for (const ReadersRange& range : requests->entries)
    for_each_at(*range.producers, address(), [&](const ProducerPlace& here) {
      serve(from, std::shared_ptr<const ReadersRange>(requests, &range), here.producers);
    });
}

void NullExchange::handle(const sim::Address& from, const ChannelRanges& ranges) {
  for (const ReadersRange& range : ranges.canceled)
    for_each_at(*range.producers, address(), [&](const ProducerPlace&) { drop_view(from, range); });
  for (const ProducersRange& range : ranges.entries)
    for_each_at(*range.readers, address(),
                [&](const ReaderPlace& here) { take(range, here.readers); });
}

// A connection could not be made. Of an incarnation that is no longer the known one: its end has
// been told already.
void NullExchange::on_reply(sim::Continuation then, const sim::Reply&) {
  const auto process = static_cast<uint32_t>(then.argument & 0xffffffffu);
  if (known_peers_[process] != (then.argument >> 32) + 1) return;
  known_peers_[process] = 0;
  lose_process({process}, Cause::Kind::partition_connection,
               "connecting to the producer's TaskManager failed");
}

void NullExchange::on_connection_closed(sim::ProcessId peer) {
  if (peer.index < known_peers_.size()) known_peers_[peer.index] = 0;
  for (auto& [key, views] : views_) {
    if (peer.index < views.first.size()) views.first[peer.index] = {};
    views.more.erase(
        std::remove_if(views.more.begin(), views.more.end(),
                       [&](const View& view) { return view.consumer.process == peer; }),
        views.more.end());
  }
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                [&](const Request& each) { return each.from.process == peer; }),
                 waiting_.end());
  lose_process(peer, Cause::Kind::remote_transport,
               "connection unexpectedly closed by remote TaskManager");
}

}  // namespace drey::model
