#include "model/task/null_exchange.h"

#include <algorithm>
#include <utility>

#include "model/task/data_messages.h"
#include "sim/check.h"

namespace drey::model {

namespace {

// Both ascending.
std::vector<ProducerSpan> common(const std::vector<ProducerSpan>& a,
                                 const std::vector<ProducerSpan>& b) {
  std::vector<ProducerSpan> both;
  for (size_t i = 0, k = 0; i < a.size() && k < b.size();) {
    const PartitionIndex first = std::max(a[i].first, b[k].first);
    const PartitionIndex last = std::min(a[i].last, b[k].last);
    if (first <= last && a[i].attempt == b[k].attempt) both.push_back({first, last, a[i].attempt});
    if (a[i].last < b[k].last) {
      ++i;
    } else {
      ++k;
    }
  }
  return both;
}

template <class Span>
void sort(std::vector<Span>& spans) {  // total order: nobody is named twice
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.first < b.first; });
}

bool names(const std::vector<ReaderSpan>& readers, uint32_t index, uint32_t attempt) {
  return std::any_of(readers.begin(), readers.end(), [&](const ReaderSpan& span) {
    return span.first <= index && index <= span.last && span.attempt == attempt;
  });
}

}  // namespace

NullExchange::NullExchange(sim::World& world, sim::ProcessId process,
                           const NullExchangeOptions& options, ProducerIndexes& indexes)
    : Endpoint(world, process, kEndpointName), options_(options), indexes_(indexes) {}

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
  for (const InputGateSpec& input : deployment.gates) {
    Gate& gate = gates_[{task.deployment().attempt.job, input.group, deployment.attempt.subtask}];
    gate = {.task = &task,
            .attempt = deployment.attempt.attempt,
            .producers = indexes_.of(task.deployment().attempt.job, input.group, input.producers),
            .channels = input.producers->size()};
  }
  ask_for(task, ChannelRange::Kind::request);
}

void NullExchange::ask_for(const RangeTask& task, ChannelRange::Kind kind) {
  const AttemptId& attempt = task.deployment().attempt;
  for (const InputGateSpec& input : task.deployment().gates) {
    const auto gate = gates_.find({task.deployment().attempt.job, input.group, attempt.subtask});
    if (gate == gates_.end() || gate->second.task != &task) continue;
    // A channel that has ended is closed on both sides.
    if (kind == ChannelRange::Kind::cancel && gate->second.ended == gate->second.channels) continue;
    const auto same = std::find_if(asking_.begin(), asking_.end(), [&](const Asking& asking) {
      return asking.kind == kind && asking.job == task.deployment().attempt.job &&
             asking.group == input.group && asking.producers == gate->second.producers;
    });
    Asking& asking =
        same != asking_.end()
            ? *same
            : asking_.emplace_back(Asking{
                  kind, task.deployment().attempt.job, input.group, gate->second.producers, {}});
    append(asking.readers, attempt.subtask, attempt.attempt);
    want_flush();
  }
}

void NullExchange::request_again(RangeTask& task, const PartitionId& partition) {
  const AttemptId& attempt = task.deployment().attempt;
  for (const InputGateSpec& input : task.deployment().gates) {
    for (const ShuffleDescriptor& each : *input.producers) {
      if (each.id != partition) continue;
      const auto one = std::make_shared<std::vector<ProducerSpan>>();
      append(*one, partition.partition, partition.producer.attempt);
      const auto me = std::make_shared<std::vector<ReaderSpan>>();
      append(*me, attempt.subtask, attempt.attempt);
      outgoing(each.location)
          .requests.push_back({ChannelRange::Kind::request, task.deployment().attempt.job,
                               input.group, 0, one, me});
      want_flush();
    }
  }
}

void NullExchange::make_ready(const RangeTask& task, ChannelRange::Kind kind) {
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
  make_ready(task, ChannelRange::Kind::barrier);
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
      make_ready(task, ChannelRange::Kind::end);
      break;
    case End::failed:
      make_ready(task, ChannelRange::Kind::producer_failed);
      ask_for(task, ChannelRange::Kind::cancel);
      break;
    case End::canceled:
      ask_for(task, ChannelRange::Kind::cancel);
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
    const auto gate = gates_.find(
        {task.deployment().attempt.job, input.group, task.deployment().attempt.subtask});
    if (gate != gates_.end() && gate->second.task == &task) gates_.erase(gate);
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

void NullExchange::serve(const sim::Address& from, const ChannelRange& range) {
  const LookedUp& found = look_up(range);
  for (const auto& [checkpoint, producers] : found.ended)
    ranges_for(from).push_back(
        {ChannelRange::Kind::end, range.job, range.group, checkpoint, producers, range.readers});
  if (found.all_ended) return;  // read to the end: closed at once
  add_view(from, range);
  if (found.all_there) return;
  if (waiting_.empty()) arm_timer(expiry_due, options_.partition_request_timeout);
  waiting_.push_back({from, range, now()});
}

const NullExchange::LookedUp& NullExchange::look_up(const ChannelRange& range) {
  if (looked_up_.producers == range.producers && looked_up_.job == range.job &&
      looked_up_.version == results_version_)
    return looked_up_;
  LookedUp found{.producers = range.producers, .job = range.job, .version = results_version_};
  std::map<CheckpointId, std::vector<ProducerSpan>> ended;
  uint64_t count = 0;
  for (const ProducerSpan& span : *range.producers)
    for (PartitionIndex p = span.first; p <= span.last; ++p) {
      const auto result = results_.find({range.job, p});
      if (result == results_.end() || result->second.attempt != span.attempt) continue;
      if (!result->second.finished) continue;
      append(ended[result->second.last_barrier], p, span.attempt);
      ++count;
    }
  found.all_there = missing_of(range).empty();
  found.all_ended = count == size_of(*range.producers);
  for (auto& [checkpoint, spans] : ended)
    found.ended.emplace_back(checkpoint,
                             spans == *range.producers
                                 ? range.producers
                                 : std::make_shared<std::vector<ProducerSpan>>(std::move(spans)));
  looked_up_ = std::move(found);
  return looked_up_;
}

std::vector<ProducerSpan> NullExchange::missing_of(const ChannelRange& range) const {
  std::vector<ProducerSpan> missing;
  for (const ProducerSpan& span : *range.producers)
    for (PartitionIndex p = span.first; p <= span.last; ++p) {
      const auto result = results_.find({range.job, p});
      if (result == results_.end() || result->second.attempt != span.attempt ||
          !result->second.readable)
        append(missing, p, span.attempt);
    }
  return missing;
}

bool NullExchange::is_gone(const View& view, JobId job) const {
  for (const ProducerSpan& span : *view.producers)
    for (PartitionIndex p = span.first; p <= span.last; ++p) {
      const auto result = results_.find({job, p});
      if (result != results_.end() && result->second.attempt == span.attempt) return false;
    }
  return true;
}

void NullExchange::add_view(const sim::Address& from, const ChannelRange& range) {
  Views& views = views_[{range.job, range.group}];
  const uint32_t process = from.process.index;
  if (views.first.size() <= process) views.first.resize(process + 1u);
  View& first = views.first[process];
  const bool free = first.readers == nullptr || first.consumer != from || is_gone(first, range.job);
  if (free)
    first = {from, range.producers, range.readers};
  else
    views.more.push_back({from, range.producers, range.readers});
}

// Without the readers that have ended; empty when nobody is left.
void NullExchange::drop_readers(View& view, const sim::Address& from, const ChannelRange& range) {
  if (view.readers == nullptr || view.consumer != from) return;
  if (*view.readers == *range.readers) {
    view = {};
    return;
  }
  std::vector<ReaderSpan> left;
  for (const ReaderSpan& span : *view.readers)
    for (uint32_t index = span.first; index <= span.last; ++index)
      if (!names(*range.readers, index, span.attempt)) append(left, index, span.attempt);
  view.readers =
      left.empty() ? nullptr : std::make_shared<std::vector<ReaderSpan>>(std::move(left));
}

void NullExchange::drop_view(const sim::Address& from, const ChannelRange& range) {
  const auto found = views_.find({range.job, range.group});
  if (found == views_.end() || found->second.first.size() <= from.process.index) return;
  drop_readers(found->second.first[from.process.index], from, range);
  std::vector<View>& more = found->second.more;
  for (View& view : more) drop_readers(view, from, range);
  more.erase(std::remove_if(more.begin(), more.end(),
                            [](const View& view) { return view.readers == nullptr; }),
             more.end());
}

void NullExchange::expire() {
  std::vector<Waiting> kept;
  for (Waiting& each : waiting_) {
    std::vector<ProducerSpan> missing = missing_of(each.range);
    if (missing.empty()) continue;
    if (now() - each.since < options_.partition_request_timeout) {
      kept.push_back(std::move(each));
      continue;
    }
    ranges_for(each.from).push_back(
        {ChannelRange::Kind::not_found, each.range.job, each.range.group, 0,
         std::make_shared<std::vector<ProducerSpan>>(std::move(missing)), each.range.readers});
  }
  waiting_ = std::move(kept);
  if (!waiting_.empty()) arm_timer(expiry_due, options_.partition_request_timeout);
}

// ---- the endpoint

void NullExchange::want_flush() {
  if (flush_wanted_) return;
  flush_wanted_ = true;
  arm_timer(flush_due, options_.flush_interval);
}

NullExchange::Outgoing& NullExchange::outgoing(const sim::Address& to) {
  const uint32_t process = to.process.index;
  if (outgoing_.size() <= process) outgoing_.resize(process + 1u);
  Outgoing& out = outgoing_[process];
  if (out.to != to) {  // nothing waits for a process that is gone
    out.to = to;
    out.requests.clear();
    out.ranges.clear();
  }
  if (out.requests.empty() && out.ranges.empty()) touched_.push_back(process);
  return out;
}

std::vector<ChannelRange>& NullExchange::ranges_for(const sim::Address& to) {
  want_flush();
  return outgoing(to).ranges;
}

void NullExchange::gather_asking() {
  for (Asking& asking : asking_) {
    sort(asking.readers);
    const auto readers = std::make_shared<std::vector<ReaderSpan>>(std::move(asking.readers));
    for (const ProducerIndex::Place& place : asking.producers->places) {
      Outgoing& out = outgoing(place.at);
      (asking.kind == ChannelRange::Kind::request ? out.requests : out.ranges)
          .push_back({asking.kind, asking.job, asking.group, 0, place.producers, readers});
    }
  }
  asking_.clear();
}

void NullExchange::gather_ready() {
  std::vector<Ready> ready;
  ready.swap(ready_);
  for (Ready& each : ready) {
    sort(each.producers);  // tasks report in any order
    const ProducerSpans all =
        std::make_shared<std::vector<ProducerSpan>>(std::move(each.producers));
    for (const auto& entry : views_) {
      const auto& key = entry.first;  // clang 14 captures no structured binding
      const auto& views = entry.second;
      if (key.first != each.job) continue;
      std::pair<ProducerSpans, ProducerSpans> last;  // of a view -> what of it is ready
      const auto send = [&](const View& view) {
        if (view.readers == nullptr) return;
        if (last.first != view.producers) {
          std::vector<ProducerSpan> named = common(*view.producers, *all);
          last = {view.producers,
                  named == *view.producers
                      ? view.producers
                      : std::make_shared<std::vector<ProducerSpan>>(std::move(named))};
        }
        if (last.second->empty()) return;
        outgoing(view.consumer)
            .ranges.push_back(
                {each.kind, key.first, key.second, each.checkpoint, last.second, view.readers});
      };
      for (const View& view : views.first) send(view);
      for (const View& view : views.more) send(view);
    }
  }
}

void NullExchange::send_gathered() {
  std::vector<uint32_t> touched;
  touched.swap(touched_);
  std::stable_sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const uint32_t process : touched) {
    const sim::Address to = outgoing_[process].to;
    std::vector<ChannelRange> requests = std::move(outgoing_[process].requests);
    std::vector<ChannelRange> ranges = std::move(outgoing_[process].ranges);
    outgoing_[process].requests.clear();
    outgoing_[process].ranges.clear();
    if (to == address()) {  // inside one process nothing crosses the network
      for (const ChannelRange& range : requests) serve(to, range);
      for (const ChannelRange& range : ranges)
        range.kind == ChannelRange::Kind::cancel ? drop_view(to, range) : take(range);
      continue;
    }
    if (!ranges.empty()) {
      auto body = std::make_shared<ChannelRanges>();
      body->entries = std::move(ranges);
      tell(to, {}, std::move(body));
    }
    if (requests.empty()) continue;
    auto body = std::make_shared<RequestRanges>();
    body->entries = std::move(requests);
    if (known_peers_.size() <= process) known_peers_.resize(process + 1u, 0);
    if (known_peers_[process] == to.incarnation + 1u) {
      tell(to, {}, std::move(body));
    } else {
      known_peers_[process] = to.incarnation + 1u;
      ask(to, {}, std::move(body), options_.connect_timeout, {connected, process});
    }
  }
}

// What this process says to itself may make more ready; it leaves with the next flush.
void NullExchange::flush() {
  flush_wanted_ = false;
  gather_asking();
  gather_ready();
  send_gathered();
}

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

void NullExchange::on_call(const sim::Call& call, const sim::Message& body, const sim::Body&) {
  if (body.kind() == RequestRanges::kind_id()) {
    const auto& request = sim::as<RequestRanges>(body);
    if (call.wants_answer()) {
      auto accepted = std::make_shared<PartitionsRequested>();
      accepted->entries = request.entries.size();
      answer(call, std::move(accepted));
    }
    for (const ChannelRange& range : request.entries) serve(call.from, range);
    return;
  }
  CHECK(body.kind() == ChannelRanges::kind_id(), "a data endpoint knows ranges of channels only");
  for (const ChannelRange& range : sim::as<ChannelRanges>(body).entries) {
    if (range.kind == ChannelRange::Kind::cancel)
      drop_view(call.from, range);
    else
      take(range);
  }
}

void NullExchange::on_reply(sim::Continuation then, const sim::Reply& reply) {
  if (reply.failure == sim::CallFailure::none) return;
  const auto process = static_cast<uint32_t>(then.argument);
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
                                [&](const Waiting& each) { return each.from.process == peer; }),
                 waiting_.end());
  lose_process(peer, Cause::Kind::remote_transport,
               "connection unexpectedly closed by remote TaskManager");
}

}  // namespace drey::model
