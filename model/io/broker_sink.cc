#include "model/io/broker_sink.h"

#include <algorithm>

#include "fmt/core.h"
#include "model/trace_events.h"
#include "sim/check.h"

namespace drey::model {

namespace {
constexpr sim::Duration kRequestTimeout = sim::seconds(30);  // request.timeout.ms of a Kafka client
constexpr sim::Duration kRetryPause = sim::milliseconds(100);  // retry.backoff.ms
}  // namespace

BrokerSink::BrokerSink(const Options& options, TaskContext& context)
    : options_(options),
      context_(context),
      writer_({.subtask = static_cast<int>(options.subtask),
               .parallelism = static_cast<int>(options.parallelism),
               .has_committer = options.exactly_once,
               .mutant = options.mutant},
              *this, *this),
      committer_({.subtask = static_cast<int>(options.subtask),
                  .parallelism = static_cast<int>(options.parallelism),
                  .batch = options.role != Role::both,
                  .checkpointing = options.checkpointing,
                  .mutant = options.mutant},
                 *this) {}

void BrokerSink::fail(const std::string& text) {
  context_.fail_task({.kind = Cause::Kind::external, .text = text, .partition = {}});
}

void BrokerSink::call(sim::Body body, Kind kind, uint64_t argument) {
  context_.call(context_.locate(options_.broker), std::move(body), kRequestTimeout,
                mark(kind, argument));
}

void BrokerSink::retry(Kind kind, uint64_t argument) {
  context_.after(kRetryPause, mark(kind, argument));
}

// ---- opening ----

void BrokerSink::restore(const std::vector<std::string>& states, int64_t checkpoint) {
  restored_checkpoint_ = checkpoint;
  for (const std::string& bytes : states)
    if (!bytes.empty()) restored_.push_back(CommittableCollector::parse(bytes));
  writer_.restore(checkpoint);
  collecting_for_ = checkpoint + 1;
  collect_next_for_ = collecting_for_;
}

void BrokerSink::open() {
  if (options_.role == Role::committer) {
    stage_ = Stage::open;
    context_.wake();
    return;
  }
  stage_ = Stage::committing;
  for (const CommittableCollector& collector : restored_)
    for (const auto& [id, checkpoint] : collector.by_checkpoint())
      for (const auto& [subtask, committables] : checkpoint.by_subtask())
        for (const CommitRequest& request : committables.requests)
          own_.push_back(request.committable.transactional_id);
  const bool forgotten = options_.mutant == Mutant::restored_committables_forgotten;
  if (restored_checkpoint_ > 0 && !forgotten) committer_.restore(restored_, restored_checkpoint_);
  restored_.clear();
  if (committer_.committing())
    commit_round();
  else
    next_stage();
}

void BrokerSink::next_stage() {
  check_committer();
  if (stage_ == Stage::committing) {
    stage_ = options_.exactly_once ? Stage::listing : Stage::open;
    if (stage_ == Stage::listing) list_lingering();
  }
  if (stage_ == Stage::open) context_.wake();
}

void BrokerSink::list_lingering() {
  auto list = std::make_shared<sim::ListTransactions>();
  list->prefix = options_.prefix + "-";
  call(std::move(list), listed, 0);
}

std::string BrokerSink::transactional_id(int64_t checkpoint) const {
  if (options_.mutant == Mutant::producer_identity_reused)
    return fmt::format("{}-{}", options_.prefix, options_.subtask);
  return fmt::format("{}-{}-{}", options_.prefix, options_.subtask, checkpoint);
}

// Left by an earlier attempt of this subtask, or of one that is no more and falls to this one.
bool BrokerSink::mine(const std::string& id) const {
  if (std::find(own_.begin(), own_.end(), id) != own_.end()) return false;
  const size_t rest = options_.prefix.size() + 1;
  // Of another sink, whose name begins with this one's.
  if (std::count(id.begin() + static_cast<std::ptrdiff_t>(rest), id.end(), '-') > 1) return false;
  uint64_t subtask = 0;
  for (size_t i = rest; i < id.size() && id[i] != '-'; ++i)
    subtask = subtask * 10 + static_cast<uint64_t>(id[i] - '0');
  return subtask % options_.parallelism == options_.subtask;
}

void BrokerSink::on_listed(const sim::TransactionList& list) {
  for (const sim::OpenTransaction& open : list.open)
    if (mine(open.transactional_id)) lingering_.push_back(open.transactional_id);
  std::reverse(lingering_.begin(), lingering_.end());
  stage_ = Stage::fencing;
  fence_next();
}

void BrokerSink::fence_next() {
  if (lingering_.empty()) {
    stage_ = Stage::open;
    context_.wake();
    return;
  }
  auto init = std::make_shared<sim::InitProducer>();
  init->transactional_id = lingering_.back();
  call(std::move(init), fenced, 0);
}

// ---- writing ----

bool BrokerSink::loses_write() const {
  return options_.mutant == Mutant::stale_transaction_flag && restored_checkpoint_ > 0 &&
         last_append_ == 0;
}

void BrokerSink::publish() {
  if (written_.empty()) return;
  writer_.before_element();
  sim::RecordBatch batch(std::vector<sim::Record>(written_.begin(), written_.end()));
  context_.announce_records(
      fact_kind(DataFact::sink_written), static_cast<uint64_t>(collecting_for_),
      context_.deployment().attempt.attempt, options_.number, batch.records(), batch.digest());
  if (loses_write()) {
    ++last_append_;
    written_.clear();
    return;
  }
  auto append = std::make_shared<sim::AppendRecords>();
  append->partition = options_.subtask;
  append->batch = std::move(batch);
  written_.clear();  // and keeps its memory
  has_records_ = true;
  appends_.push_back({++last_append_, std::move(append)});
  ++in_flight_;
  if (options_.exactly_once && !has_producer_)
    need_producer();
  else
    send_appends();
}

void BrokerSink::need_producer() {
  if (asked_producer_) return;
  asked_producer_ = true;
  auto init = std::make_shared<sim::InitProducer>();
  init->transactional_id = transactional_id(collecting_for_);
  call(std::move(init), initialised, 0);
}

void BrokerSink::on_initialised(const sim::ProducerInitialised& answer) {
  if (answer.result != sim::BrokerResult::ok) {
    fail("the broker refused a transactional producer");
    return;
  }
  producer_ = {transactional_id(collecting_for_), answer.producer_id, answer.epoch};
  has_producer_ = true;
  sequence_ = 0;
  send_appends();
}

void BrokerSink::send_appends() {
  for (Append& append : appends_) {
    if (append.sent) continue;
    append.sent = true;
    if (options_.exactly_once) {
      append.message->transactional_id = producer_.transactional_id;
      append.message->producer_id = producer_.producer_id;
      append.message->epoch = producer_.epoch;
    } else {
      append.message->client = fmt::format("{}-{}", options_.prefix, options_.subtask);
    }
    append.message->sequence = sequence_++;
    call(append.message, appended, append.number);
  }
}

void BrokerSink::on_appended(uint64_t number, const sim::RecordsAppended& answer) {
  // An earlier append is still on its way to be asked again.
  if (answer.result == sim::BrokerResult::out_of_order) {
    retry(appended, number);
    return;
  }
  if (answer.result != sim::BrokerResult::ok && answer.result != sim::BrokerResult::duplicate) {
    fail("the broker refused an append: the producer was fenced or its transaction ended");
    return;
  }
  const bool had_room = available();
  // Nearly always the oldest.
  if (!appends_.empty() && appends_.front().number == number) {
    appends_.pop_front();
  } else {
    const auto at = std::find_if(appends_.begin(), appends_.end(),
                                 [&](const Append& append) { return append.number == number; });
    if (at == appends_.end()) return;
    appends_.erase(at);
  }
  --in_flight_;
  if (writer_.waiting_for_flush() && appends_.empty()) {
    writer_.flushed();
    committer_sees_end();
  }
  if (!had_room) context_.wake();
}

bool BrokerSink::flush(bool) {
  publish();
  return appends_.empty();
}

std::vector<Committable> BrokerSink::prepare_commit() {
  std::vector<Committable> prepared;
  if (has_records_ && options_.exactly_once) prepared.push_back(producer_);
  context_.announce_fact(fact_kind(CheckpointFact::pre_committed),
                         static_cast<uint64_t>(collect_next_for_ - 1), prepared.size(),
                         options_.number);
  has_records_ = false;
  collecting_for_ = collect_next_for_;
  if (options_.exactly_once) {
    has_producer_ = false;
    asked_producer_ = false;
  }
  return prepared;
}

void BrokerSink::end_input() {
  publish();
  if (options_.role != Role::committer) writer_.end_input();
  input_ends_ = true;
  committer_sees_end();
}

// Behind the writer's last committables, which a flush may hold back.
void BrokerSink::committer_sees_end() {
  if (!input_ends_ || writer_.waiting_for_flush()) return;
  input_ends_ = false;
  if (options_.role == Role::writer) return;
  committer_.end_input();
  check_committer();
  if (committer_.committing()) commit_round();
}

// ---- writer and committer as two tasks ----

namespace {
// On the edge between them: a summary has the key 0, a committable that of its transaction.
constexpr uint64_t kSummaryKey = 0;

// "<prefix>-<subtask>-<checkpoint>"
uint64_t last_number_of(const std::string& transactional_id) {
  uint64_t number = 0;
  for (size_t i = transactional_id.rfind('-') + 1; i < transactional_id.size(); ++i)
    number = number * 10 + static_cast<uint64_t>(transactional_id[i] - '0');
  return number;
}
}  // namespace

void BrokerSink::emit(const CommittableMessage& message) {
  if (options_.role == Role::writer)
    handed_over_.push_back(message);
  else
    committer_.add(message);
}

std::vector<sim::Record> BrokerSink::hand_over() {
  std::vector<sim::Record> records;
  for (const CommittableMessage& message : handed_over_) {
    if (const auto* summary = std::get_if<CommittableSummary>(&message)) {
      records.push_back({kSummaryKey, summary->committables, summary->checkpoint,
                         static_cast<uint64_t>(summary->subtask)});
      continue;
    }
    const auto& lineage = std::get<CommittableWithLineage>(message);
    const Committable& committable = lineage.committable;
    const auto epoch = static_cast<uint64_t>(static_cast<uint32_t>(committable.epoch));
    records.push_back({last_number_of(committable.transactional_id), committable.producer_id,
                       lineage.checkpoint, (epoch << 32) | static_cast<uint64_t>(lineage.subtask)});
  }
  handed_over_.clear();
  return records;
}

void BrokerSink::take_committables(std::span<const sim::Record> records) {
  for (const sim::Record& record : records) {
    const auto subtask = static_cast<int>(record.provenance & 0xffff'ffffu);
    if (record.key == kSummaryKey) {
      committer_.add(CommittableSummary{.subtask = subtask,
                                        .subtasks = static_cast<int>(options_.parallelism),
                                        .checkpoint = record.event_time,
                                        .committables = static_cast<int>(record.value)});
      continue;
    }
    committer_.add(CommittableWithLineage{
        .subtask = subtask,
        .checkpoint = record.event_time,
        .committable = {fmt::format("{}-{}-{}", options_.prefix, subtask, record.key), record.value,
                        static_cast<int32_t>(record.provenance >> 32)}});
  }
}

// ---- committing ----

void BrokerSink::checkpoint_complete(int64_t checkpoint) {
  completed_ = checkpoint;
  committer_.checkpoint_complete(checkpoint);
  check_committer();
  if (committer_.committing()) commit_round();
}

void BrokerSink::check_committer() {
  if (committer_.error() != CommitterError::none) fail("committing failed for good");
}

void BrokerSink::commit_round() {
  const auto& round = committer_.round();
  answers_.assign(round.size(), {});
  open_answers_ = round.size();
  for (size_t i = 0; i < round.size(); ++i) {
    auto end = std::make_shared<sim::EndTransaction>();
    end->transactional_id = round[i]->committable.transactional_id;
    end->producer_id = round[i]->committable.producer_id;
    end->epoch = round[i]->committable.epoch;
    call(std::move(end), ended, i);
  }
}

namespace {
CommitVerdict verdict_of(sim::BrokerResult result) {
  switch (result) {
    case sim::BrokerResult::ok:
      return CommitVerdict::committed;
    case sim::BrokerResult::already_done:
    case sim::BrokerResult::duplicate:
      return CommitVerdict::already_committed;
    // The transaction is gone: data of the checkpoint is lost, and Kafka's committer only says so
    // in the log.
    case sim::BrokerResult::fenced:
    case sim::BrokerResult::unknown_producer:
    case sim::BrokerResult::invalid_state:
      return CommitVerdict::failed_known_reason;
    case sim::BrokerResult::out_of_order:
      return CommitVerdict::failed_unknown_reason;
  }
  return CommitVerdict::failed_unknown_reason;
}
}  // namespace

void BrokerSink::on_ended(uint64_t index, const sim::TransactionEnded& answer) {
  answers_[index].verdict = verdict_of(answer.result);
  if (--open_answers_ > 0) return;
  committer_.round_answered(answers_);
  check_committer();
  if (committer_.committing()) {
    commit_round();
    return;
  }
  context_.announce_fact(fact_kind(CheckpointFact::committed), static_cast<uint64_t>(completed_),
                         answers_.size(), options_.number);
  if (stage_ == Stage::committing)
    next_stage();
  else
    context_.wake();
}

// ---- answers ----

void BrokerSink::answered(TaskCall call, const sim::Reply& reply) {
  const Kind kind = static_cast<Kind>(call.kind);
  if (reply.failure != sim::CallFailure::none) {
    retry(kind, call.argument);
    return;
  }
  switch (kind) {
    case appended:
      on_appended(call.argument, sim::as<sim::RecordsAppended>(*reply.body));
      return;
    case initialised:
      on_initialised(sim::as<sim::ProducerInitialised>(*reply.body));
      return;
    case listed:
      on_listed(sim::as<sim::TransactionList>(*reply.body));
      return;
    case fenced:
      lingering_.pop_back();
      fence_next();
      return;
    case ended:
      on_ended(call.argument, sim::as<sim::TransactionEnded>(*reply.body));
      return;
  }
}

// Asked again: no answer came, or an error.
void BrokerSink::timer(TaskCall retried) {
  switch (static_cast<Kind>(retried.kind)) {
    case appended:
      for (const Append& append : appends_)
        if (append.number == retried.argument) call(append.message, appended, append.number);
      return;
    case initialised:
      asked_producer_ = false;
      need_producer();
      return;
    case listed:
      list_lingering();
      return;
    case fenced:
      fence_next();
      return;
    case ended: {
      auto end = std::make_shared<sim::EndTransaction>();
      const Committable& committable = committer_.round()[retried.argument]->committable;
      end->transactional_id = committable.transactional_id;
      end->producer_id = committable.producer_id;
      end->epoch = committable.epoch;
      call(std::move(end), ended, retried.argument);
      return;
    }
  }
}

}  // namespace drey::model
