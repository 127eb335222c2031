#pragma once
// A task of the exact grain: real records, real state (design.md 2.11 to 2.13).
//
// The task's thread is a clock: `clock_` is when it is free for the next element. It works on
// slices, the records of one buffer or of one piece of a split, each with a planned start clock_ +
// k * cost, and has one event for the slice's end. Whoever looks at the task at x calls look(),
// which applies exactly the records whose planned start lies before x and then publishes:
// announces, sends, queues. Between two looks nothing of the work is visible, so when it is applied
// does not matter. A record that finds no output available stops the slice (stalled_) until one is.
//
// What the thread does next is decided by the mailbox loop (mailbox_processor.h): control calls and
// timers are mails, records the default action, which is suspended without input or output. A mail
// waits for the element at hand, and for as long as the thread is blocked inside the sink (flush,
// commit). What state the attempt is in is decided by task_state_machine.h: this class runs its
// stages.
//
// The end of a stage is an event of its own, so that no caller's structure goes away under it.
//
// Upstream: Task, StreamTask, SourceOperatorStreamTask, OneInputStreamTask, StreamTask's
// CheckpointBarrierHandler wiring.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/task/barrier_handler.h"
#include "model/task/mailbox_processor.h"
#include "model/task/sorted_input.h"
#include "model/task/state_download.h"
#include "model/task/task_chain.h"
#include "model/task/task_checkpoints.h"
#include "model/task/task_context.h"
#include "model/task/task_input.h"
#include "model/task/task_load.h"
#include "model/task/task_services.h"
#include "model/task/task_state_machine.h"
#include "model/task/user_code.h"
#include "sim/endpoint.h"

namespace drey::model {

// How often a task's load is announced (Flink updates its gauges so often).
inline constexpr sim::Duration kLoadInterval = sim::seconds(5);

class ExactTask final : public sim::Endpoint,
                        public TaskRuntime,
                        public TaskContext,
                        public PartitionWriter,
                        public InputListener,
                        public BarrierActions,
                        public CheckpointHost,
                        private MailboxWork,
                        private TaskStageActions {
 public:
  ExactTask(sim::World& world, sim::ProcessId process, std::shared_ptr<const Deployment> deployment,
            TaskListener& listener, const TaskServices& services);
  ~ExactTask() override;

  void start() override;
  void trigger_checkpoint(CheckpointId id, sim::Time stamp,
                          const CheckpointOptions& options) override;
  void notify_complete(CheckpointId id) override;
  void notify_aborted(CheckpointId id, CheckpointId latest_complete) override;
  void notify_subsumed(CheckpointId id) override;
  void deliver(uint32_t op, const OperatorEvent& event) override;
  void update_partitions(std::span<const ShuffleDescriptor> now_known) override;
  void partition_state(const PartitionId& partition, ExecutionState producer) override;
  void cancel() override;
  void fail(const Cause& cause) override;
  void advance_to(sim::Time now) override;

  const Deployment& deployment() const override { return *deployment_; }
  const TaskLoad& load() const { return load_; }
  ExecutionState state() const { return life_.state(); }
  uint64_t records_processed() const { return records_processed_; }

 private:
  enum Timer : uint8_t {
    work_due,
    wake_due,
    step_due,
    flush_due,
    watermark_due,
    alignment_due,
    seek_due,
    end_due,
    watchdog_due,
    load_due
  };
  struct Slice {
    bool active = false;
    InputElement input;      // of a network task
    LogSource::Piece piece;  // of a source
    bool sorted = false;     // of the sorted input
    uint32_t next = 0;       // record
    uint32_t count = 0;
    size_t next_element = 0;
  };
  // What a mail of the loop means; its `what` is the index of one of these.
  struct TaskMail {
    enum class Kind : uint8_t {
      trigger,
      complete,
      aborted,
      barrier_timer,
      watermark_timer,
      operator_event
    } kind = Kind::trigger;
    CheckpointId id = 0;
    sim::Time stamp;
    CheckpointOptions options;
    OperatorEvent event;
  };

  // ---- sim::Endpoint
  void on_call(const sim::Call&, const sim::Message&, const sim::Body&) override {}
  void on_reply(sim::Continuation then, const sim::Reply& reply) override;
  void on_later(sim::Continuation then) override;
  void on_timer(uint8_t kind) override;

  // ---- exact_task_start.cc: from deployment to RUNNING
  bool set_up_outputs();
  bool sorts_input() const;
  void build_source(uint32_t op);
  void build_sink(uint32_t op);
  void build_committer();
  void make_sink(uint32_t op, BrokerSink::Role role, std::optional<size_t> committables);
  std::optional<size_t> result_of(uint32_t op) const;
  bool build_keyed(uint32_t op);
  void build_operator(uint32_t op);
  bool varies(Nondeterminism how) const;
  uint64_t variation() const;
  void deploy();
  void restore_done();
  void restore_goes_on();
  void begin_invoke();

  // ---- exact_task_run.cc: the thread
  void go_on();
  bool thread_blocked() const;
  bool room() const;
  bool state_stalled() const;
  void plan();
  void begin_slice(uint32_t count);
  sim::Duration record_cost() const;
  void begin_source_slice();
  void begin_input_slice();
  void announce_consumed(const InputElement& element);
  void end_slice();
  void give_back_input();
  size_t apply(uint32_t count);
  void apply_elements();
  void run_chain(size_t from);
  void state_failed();
  void misbehave(const UserCode::Hit& hit);
  void sort_in(const InputElement& element);
  bool sorted_input_waits() const;
  void begin_sorted_slice();
  void emit_watermark(int64_t watermark);
  void emit_status(WatermarkStatus status);
  void publish();
  void apply_until(sim::Time x);
  void account_heap();
  void leave_core();
  void arm_flush();
  void end_of_data();
  void hand_over_committables();
  void end_outputs();
  void watermark_tick();
  bool slice_applied() const { return slice_.next == slice_.count; }

  // ---- exact_task_tree.cc: a chain that branches
  void add_to_tree(uint32_t op);
  void order_operators();
  void run_tree();
  void emit_watermark_in_tree(int64_t watermark);
  void after_tree(const ChainTree::Pass& pass);

  // ---- exact_task_loop.cc: the mailbox loop
  void run_loop();
  bool undisturbed() const;
  bool may_step();
  bool has_element() const;
  void begin_element();
  void suspend(TaskLoad::Wait what);
  bool may_finish() const;
  bool stored_results_complete();
  void try_to_finish();
  void post_mail(TaskMail mail);
  Result run_mail(const Mail& mail) override;
  Result run_default_action() override;

  // ---- exact_task_events.cc: events of the input, barriers, mails
  void on_event_element(const InputElement& element);
  void run(const TaskMail& mail);
  void trigger(const TaskMail& mail);
  void stop_source(CheckpointId id, SnapshotType type);
  bool completes_the_end(CheckpointId id) const;

  // ---- exact_task_end.cc: stages and states
  void enter(TaskStage stage, const TaskThrowable& cause) override;
  void report(ExecutionState state, const TaskThrowable& failure) override;
  void cancel_invokable(bool interrupt) override;
  void arm_watchdog() override;
  void fatal(const TaskThrowable& cause, bool watchdog) override;
  void announce_state(ExecutionState state);
  void announce_load();
  void announce_sizes();
  void leave_stage(const TaskThrowable& thrown, sim::Duration after);
  void stage_over();
  uint64_t keep(const Cause& cause);
  void clean_up(DataExchange::Removal how);

  // ---- TaskContext
  sim::Time time() const override { return now(); }
  sim::Address locate(const sim::Address& service) const override;
  void call(sim::Address to, sim::Body body, sim::Duration timeout, TaskCall then) override;
  void after(sim::Duration delay, TaskCall then) override;
  void busy(sim::Duration cost) override;
  void announce_fact(uint16_t kind, uint64_t a, uint64_t b, uint64_t c) override;
  void announce_records(uint16_t kind, uint64_t a, uint64_t b, uint64_t c,
                        std::span<const sim::Record> records, sim::Digest128 content) override;
  void fail_task(const Cause& cause) override;
  void wake() override;

  // ---- PartitionWriter
  void look() override;  // also CheckpointHost
  void output_available() override { wake(); }
  void buffer_emitted(uint32_t result, uint32_t subpartition, uint32_t sequence,
                      const RecordSlice& slice) override;
  void all_data_processed(uint32_t) override { wake(); }

  // ---- InputListener
  void input_available() override { wake(); }
  void input_failed(const Cause& cause) override { fail_task(cause); }
  void input_canceled() override;
  void ask_partition_state(const PartitionId& partition) override;
  void try_again_after(sim::Duration delay) override;
  void channel_opened(const ShuffleDescriptor& producer, uint32_t subpartition, bool open) override;

  // ---- BarrierActions
  void block_channel(uint32_t) override {}  // the producer's queue has blocked itself
  void resume_channel(uint32_t channel) override { input_->resume(channel); }
  void prioritize(uint32_t, uint32_t) override {}
  void init_inputs(const CheckpointBarrier&) override {}
  std::optional<CheckpointFailureReason> start_persisting(const CheckpointBarrier&) override {
    return {};
  }
  void stop_persisting(int64_t) override {}
  void trigger(const CheckpointBarrier& barrier, const AlignmentMetrics& metrics) override;
  void alignment_ended(int64_t, sim::Duration, int64_t) override {}
  void abort(int64_t checkpoint, CheckpointFailureReason reason) override;
  void arm_alignment_timer(int64_t checkpoint, sim::Duration delay) override;
  void cancel_alignment_timer() override;

  // ---- CheckpointHost
  void acknowledge(CheckpointId id, TaskAcknowledgement ack, const CheckpointTimes& times) override;
  void decline(CheckpointId id, CheckpointFailureReason reason) override;
  void run_background_jobs() override;
  const UserCode& user_code() const override { return user_code_; }
  bool digest_state() const override { return services_.digest_state; }
  bool data_ended() const override { return data_ended_; }
  void sync_part_over(CheckpointId id) override;

  const OperatorSpec& spec(uint32_t op) const { return deployment_->job->spec.operators[op]; }
  bool is_source() const { return deployment_->gates.empty(); }
  bool ended() const { return ending_ || is_terminal(state()); }

  std::shared_ptr<const Deployment> deployment_;
  TaskListener& listener_;
  TaskServices services_;
  sim::PathId path_;     // "tm-1/job-1/agg/0"
  sim::PathId subject_;  // "job-1/agg/0"
  TaskStateMachine life_;
  ExecutionState announced_ = ExecutionState::deploying;

  TaskChain chain_;
  std::unique_ptr<TaskInput> input_;
  std::unique_ptr<SortedInput> sorted_;  // batch mode, keyed head
  std::unique_ptr<BarrierHandler> barriers_;
  std::unique_ptr<WatermarkValve> valve_;
  StateDownload restore_;
  TaskCheckpoints checkpoints_;
  bool opening_ = false;  // state is built, the sink opens

  sim::Time clock_;     // when the thread is free
  sim::Duration cost_;  // of one record of the slice, stretched
  Slice slice_;
  UserCode user_code_;
  bool hung_ = false;         // user code that never returns: only the watchdog ends this task
  bool stalled_ = false;      // the next record found no output
  bool was_blocked_ = false;  // inside the sink, when somebody looked last
  bool on_core_ = false;
  bool looking_ = false;
  bool answering_ = false;  // a handler that goes on with the work at its end: no need to wake
  bool woken_ = false;      // while answering
  uint64_t settled_records_ = 0;  // processed, and the clock, when go_on() had done all there was
  sim::Time settled_clock_;
  bool silent_ = false;  // its process dies: nobody is told
  RecordBlock block_;
  RecordBlock fired_;
  Effects effects_;
  sim::Time run_start_;
  bool flush_armed_ = false;
  int64_t watermark_ = kMinWatermark;
  uint64_t records_processed_ = 0;
  struct Accounted {  // in the process's heap
    uint64_t live = 0;
    uint64_t allocated = 0;
    uint64_t records = 0;
  } heap_;
  size_t pauses_seen_ = 0;

  MailboxProcessor loop_;
  MailboxProcessor::Suspension suspension_ = 0;
  TaskLoad load_;
  std::vector<TaskMail> mails_;
  std::vector<uint32_t> free_mails_;
  std::map<CheckpointId, ChannelEvent> barrier_events_;  // as they came first
  CheckpointId alignment_timer_ = kNoCheckpoint;
  uint32_t data_ended_channels_ = 0;
  bool data_ended_ = false;
  bool handing_over_ = false;  // a batch writer whose last transaction is being flushed
  bool final_complete_ = false;
  bool drain_ = true;                          // how the data ended or will end
  CheckpointId stopping_for_ = kNoCheckpoint;  // stop-with-savepoint

  uint32_t background_busy_ = 0;
  uint32_t buffers_left_ = 0;
  std::vector<Cause> causes_;  // by TaskThrowable::what
  TaskThrowable thrown_;       // how the stage ends
  bool ending_ = false;        // the thread leaves its stage
  bool cleaned_ = false;
};

}  // namespace drey::model
