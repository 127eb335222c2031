#include "scenarios/describe.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kModeNames[] = {"streaming", "batch", "automatic"};
constexpr std::string_view kKeyDistributionNames[] = {"uniform", "sequential", "hot", "stride"};
constexpr std::string_view kPaceNames[] = {"log", "reader", "generator"};
constexpr std::string_view kUserCodeNames[] = {"throw", "hang", "throw_in_snapshot",
                                               "slow_snapshot", "pause_after_snapshot"};
constexpr std::string_view kAggregateNames[] = {"sum", "count", "min", "max"};
constexpr std::string_view kDeliveryNames[] = {"exactly-once", "at-least-once", "none"};
constexpr std::string_view kChainingNames[] = {"always", "head", "never", "head-with-sources"};
constexpr std::string_view kExchangeNames[] = {"pipelined", "blocking", "hybrid-full",
                                               "hybrid-selective"};

constexpr std::string_view kNondeterminismNames[] = {"none", "order", "timing", "partitioning"};

void describe_csv(FieldVisitor& v, CsvData& data) {
  v.text({.name = "csv",
          .help = "File with a header line, relative to this scenario.",
          .required = true},
         data.path, TextForm::path);
  v.text({.name = "key", .help = "Column with the key.", .required = true}, data.key,
         TextForm::any);
  v.text({.name = "value", .help = "Column with whole numbers.", .required = true}, data.value,
         TextForm::any);
  v.maybe_text(
      {.name = "time", .help = "Column with the event time: milliseconds since 1970 or ISO 8601."},
      data.time, TextForm::any);
}

void describe_event_times(FieldVisitor& v, EventTimesSpec& times) {
  v.duration({.name = "start", .help = "Of offset 0."}, times.start);
  v.duration({.name = "step", .help = "From one offset to the next.", .least = 1'000'000},
             times.step);
  v.integer({.name = "shuffle",
             .help = "Less (shuffle x offset) modulo the source's disorder, in milliseconds.",
             .most = 1'000'000},
            times.shuffle);
  v.duration({.name = "late_by", .help = "How late the late records are."}, times.late_by);
  v.integer({.name = "late_every", .help = "Each n-th record of a split is late; 0 = none."},
            times.late_every);
  v.integer({.name = "late_from", .help = "First offset of a run of late records."},
            times.late_from);
  v.integer({.name = "late_to", .help = "Offset behind that run."}, times.late_to);
}

void describe_source(FieldVisitor& v, VertexSpec& s) {
  v.maybe_text(
      {.name = "topic",
       .help = "External log that it reads. Sources of one topic read the same log, each of "
               "them all of it; so do those that name none and describe the same log. All "
               "others have a log of their own."},
      s.topic, TextForm::id);
  v.rate({.name = "rate",
          .help = "Records a second of all subtasks together; 0/s = as fast as it goes."},
         s.rate, false);
  v.pick({.name = "pace",
          .help = "Who holds records back to `rate`: the log, or the reader from when it got its "
                  "splits (after a restart it does not make up for lost time); generator: such a "
                  "reader makes the records itself and asks no log."},
         kPaceNames, s.pace);
  v.integer({.name = "records", .help = "Records of all splits together; 0 = unbounded."},
            s.records);
  v.integer({.name = "splits",
             .help = "Splits of the external log; 0 = as many as subtasks.",
             .most = 65'535},
            s.splits);
  v.duration({.name = "out_of_orderness", .help = "Bound that the watermarks assume."},
             s.out_of_orderness);
  v.duration({.name = "disorder", .help = "How far event times really are out of order."},
             s.disorder);
  v.maybe({.name = "idle_timeout",
           .help = "Without records for so long a split counts as idle.",
           .least = 1},
          s.idle_timeout, [&](sim::Duration& d) {
            v.duration({.name = "idle_timeout", .help = "", .least = 1}, d);
          });
  v.maybe({.name = "data", .help = "Real records of a CSV file instead of generated ones."}, s.data,
          [&](CsvData& data) {
            v.object({.name = "data", .help = ""},
                     [&](FieldVisitor& in) { describe_csv(in, data); });
          });
  v.maybe({.name = "event_times",
           .help = "Event times as a function of the offset; default: when each record is due."},
          s.event_times, [&](EventTimesSpec& times) {
            v.object({.name = "event_times", .help = ""},
                     [&](FieldVisitor& in) { describe_event_times(in, times); });
          });
  v.pick({.name = "key_distribution", .help = "How generated records choose their key."},
         kKeyDistributionNames, s.key_distribution);
  v.ratio({.name = "hot_share", .help = "hot: share of the records that go to the hot keys."},
          s.hot_share);
  v.integer({.name = "hot_keys", .help = "hot: number of hot keys.", .least = 1}, s.hot_keys);
  v.integer({.name = "key_stride",
             .help = "stride: key = (key_stride x offset + split_stride x split) modulo keys.",
             .least = 1,
             .most = 1'000'000},
            s.key_stride);
  v.integer({.name = "split_stride", .help = "stride: see key_stride.", .most = 1'000'000},
            s.split_stride);
}

void describe_keys(FieldVisitor& v, VertexSpec& s) {
  v.integer(
      {.name = "keys",
       .help = "Distinct keys; 0 at a source: what the keyed vertices behind it say, else 1000.",
       .most = int64_t{1} << 40},
      s.keys);
}

void describe_state(FieldVisitor& v, VertexSpec& s) {
  v.pick({.name = "aggregate", .help = "What is kept per key."}, kAggregateNames, s.aggregate);
  v.size({.name = "state_per_key",
          .help = "Padding beside the accumulator of each key.",
          .most = 64 << 20},
         s.state_per_key);
}

void describe_user_code(FieldVisitor& v, UserCodeSpec& u) {
  v.pick({.name = "action",
          .help = "throw or hang at a record; throw_in_snapshot, slow_snapshot or "
                  "pause_after_snapshot of a checkpoint.",
          .required = true},
         kUserCodeNames, u.action);
  v.maybe({.name = "subtask", .help = "Only in this subtask; default: whichever gets there."},
          u.subtask,
          [&](int64_t& n) { v.integer({.name = "subtask", .help = "", .most = 32'767}, n); });
  v.integer({.name = "split",
             .help = "Split of the record. Where records of several logs come here, their splits "
                     "are numbered through, in the order of the sources.",
             .most = 65'534},
            u.split);
  v.integer({.name = "offset", .help = "Offset of the record in its split."}, u.offset);
  v.integer({.name = "checkpoint", .help = "Id of the checkpoint; 0 = each."}, u.checkpoint);
  v.duration({.name = "time", .help = "slow_snapshot, pause_after_snapshot: how long it takes."},
             u.time);
  v.duration({.name = "after",
              .help = "pause_after_snapshot: when it begins, after its part of the checkpoint."},
             u.after);
  v.integer({.name = "while_attempt_below",
             .help = "Only in attempts below this number (the first is 0).",
             .least = 1},
            u.while_attempt_below);
}

// What only vertices of its kind have.
void describe_kind(FieldVisitor& v, VertexSpec& s) {
  switch (s.kind) {
    case VertexKind::source:
      describe_source(v, s);
      describe_keys(v, s);
      break;
    case VertexKind::map:
      break;
    case VertexKind::filter:
      v.ratio({.name = "selectivity", .help = "Share of the records that pass."}, s.selectivity);
      break;
    case VertexKind::flat_map:
      v.integer(
          {.name = "fan_out", .help = "Copies made of each record.", .least = 0, .most = 1'000},
          s.fan_out);
      break;
    case VertexKind::keyed:
      v.boolean({.name = "passes_on",
                 .help = "Keeps its aggregate and sends its records on as they came."},
                s.passes_on);
      describe_keys(v, s);
      describe_state(v, s);
      break;
    case VertexKind::window:
      v.duration({.name = "window",
                  .help = "Size of the tumbling event-time window.",
                  .required = true,
                  .least = 1'000'000},
                 s.window);
      describe_keys(v, s);
      describe_state(v, s);
      break;
    case VertexKind::sink:
      v.pick({.name = "delivery", .help = "exactly-once: two-phase commit at the broker."},
             kDeliveryNames, s.delivery);
      break;
  }
}

void describe_vertex(FieldVisitor& v, VertexSpec& s) {
  v.pick({.name = "kind", .help = "What the vertex does.", .required = true}, kVertexKindNames,
         s.kind);
  v.maybe_text({.name = "uid",
                .help = "Flink's id of the operator; default: its name here. It decides the order "
                        "in which tasks that share a lost slot fail."},
               s.uid, TextForm::any);
  v.integer({.name = "parallelism",
             .help = "Number of subtasks; else parallelism.default.",
             .least = 1,
             .most = 32'768},
            s.parallelism);
  v.maybe({.name = "max_parallelism",
           .help = "Number of key groups; default: Flink's rule.",
           .least = 1,
           .most = 32'768},
          s.max_parallelism, [&](int64_t& n) {
            v.integer({.name = "max_parallelism", .help = "", .least = 1, .most = 32'768}, n);
          });
  v.duration({.name = "cost", .help = "Processor time of one record.", .most = 60'000'000'000},
             s.cost);
  v.text({.name = "slot_sharing_group", .help = "Subtasks of one group may share a slot."},
         s.slot_sharing_group, TextForm::id);
  v.maybe_text(
      {.name = "co_location_group",
       .help = "Subtasks of one index in one group share a slot; all of them must lie in one "
               "pipelined region."},
      s.co_location_group, TextForm::id);
  v.pick({.name = "chaining",
          .help = "always, head (starts a new chain), never, or head-with-sources (only behind a "
                  "source)."},
         kChainingNames, s.chaining);
  v.pick({.name = "nondeterministic",
          .help = "What another attempt does differently: order of what it stores, time per "
                  "record, or (behind rebalance) who gets which record."},
         kNondeterminismNames, s.nondeterministic);
  if (v.wants({.name = "user_code", .help = "What the vertex's own code does wrong."},
              !s.user_code.empty())) {
    ElementsOf<UserCodeSpec> faults(s.user_code, {.what = "fault", .describe = describe_user_code});
    v.list({.name = "user_code", .help = "What the vertex's own code does wrong."}, faults);
  }
  v.boolean({.name = "outputs_at_end",
             .help = "Emits only at the end of its input, so its outputs are blocking."},
            s.outputs_at_end);
  describe_kind(v, s);
}

void describe_edge(FieldVisitor& v, EdgeSpec& e) {
  if (v.element_text(
          "A chain of vertices and ship words: \"src -> hash -> agg -> forward -> sink\".", e.chain,
          TextForm::any))
    return;
  v.text({.name = "from", .help = "Vertex that sends.", .required = true}, e.from, TextForm::id);
  v.text({.name = "to", .help = "Vertex that receives.", .required = true}, e.to, TextForm::id);
  v.pick({.name = "ship", .help = "How records are distributed."}, kShipNames, e.ship);
  v.maybe({.name = "exchange",
           .help = "Default: pipelined; in batch mode blocking where Flink makes it so."},
          e.exchange, [&](Exchange& exchange) {
            v.pick({.name = "exchange",
                    .help = "Default: pipelined; in batch mode blocking where Flink makes it so."},
                   kExchangeNames, exchange);
          });
}

}  // namespace

void describe_job(FieldVisitor& v, JobSpec& job) {
  v.text({.name = "name", .help = "Name of the job."}, job.name, TextForm::any);
  v.pick({.name = "mode",
          .help = "Short form of execution.runtime-mode; automatic: batch if every source is "
                  "bounded."},
         kModeNames, job.mode);
  v.maybe({.name = "max_parallelism",
           .help = "Short form of pipeline.max-parallelism.",
           .least = 1,
           .most = 32'768},
          job.max_parallelism, [&](int64_t& n) {
            v.integer({.name = "max_parallelism", .help = "", .least = 1, .most = 32'768}, n);
          });
  v.size({.name = "record_bytes",
          .help = "Serialised size of a record in the buffers of pipelined exchanges.",
          .least = 8,
          .most = 1024},
         job.record_bytes);
  v.duration(
      {.name = "submit_after", .help = "When the client submits it; the cluster starts at 0."},
      job.submit_after);
  ElementsOf<VertexSpec> vertices(job.vertices, {.what = "vertex",
                                                 .describe = describe_vertex,
                                                 .key = &VertexSpec::id,
                                                 .variants = std::size(kVertexKindNames),
                                                 .make_variant = [](VertexSpec& s, size_t i) {
                                                   s.kind = static_cast<VertexKind>(i);
                                                 }});
  v.map({.name = "vertices", .help = "Operators by id.", .required = true}, vertices);
  ElementsOf<EdgeSpec> edges(job.edges, {.what = "edge", .describe = describe_edge});
  v.list({.name = "edges", .help = "How records flow.", .required = true}, edges);
}

}  // namespace drey::scenarios
