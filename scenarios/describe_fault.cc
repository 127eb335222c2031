#include <algorithm>

#include "model/fact_names.h"
#include "scenarios/describe.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kDirectionNames[] = {"symmetric", "asymmetric"};
constexpr std::string_view kPacketNames[] = {"dropped", "rejected"};
constexpr std::string_view kJobNames[] = {"job"};
constexpr std::string_view kFormatNames[] = {"canonical", "native"};
constexpr std::string_view kSnapshotNames[] = {"savepoint", "checkpoint"};
constexpr std::string_view kPartNames[] = {"request", "answer"};
constexpr std::string_view kStorageEffects[] = {"outage", "error", "throttle", "lose_answer"};
constexpr FaultEffect kStorageEffectValues[] = {FaultEffect::outage, FaultEffect::error,
                                                FaultEffect::throttle, FaultEffect::lose_answer};
constexpr std::string_view kPointerEffects[] = {"outage", "session_expiry", "lose_answer"};
constexpr FaultEffect kPointerEffectValues[] = {FaultEffect::outage, FaultEffect::session_expiry,
                                                FaultEffect::lose_answer};
constexpr std::string_view kBrokerEffects[] = {"outage", "error", "lose_answer"};
constexpr FaultEffect kBrokerEffectValues[] = {FaultEffect::outage, FaultEffect::error,
                                               FaultEffect::lose_answer};

constexpr std::string_view kDamageNames[] = {"remove", "truncate"};
constexpr FaultEffect kDamageValues[] = {FaultEffect::remove, FaultEffect::truncate};

void maybe_delay(FieldVisitor& v, const Field& field, std::optional<Distribution>& value) {
  v.maybe(field, value, [&](Distribution& d) { v.delay(field, d); });
}

void duration_of(FieldVisitor& v, FaultSpec& f, bool required) {
  const Field field{.name = "for", .help = "How long it lasts.", .required = required};
  if (!required) return maybe_delay(v, field, f.duration);
  Distribution d = f.duration.value_or(Distribution{});
  v.delay(field, d);
  f.duration = std::move(d);
}

void bandwidth_of(FieldVisitor& v, FaultSpec& f, std::string_view help, bool required) {
  v.maybe({.name = "bandwidth", .help = help, .required = required, .least = 1}, f.bandwidth,
          [&](Rate& r) { v.rate({.name = "bandwidth", .help = "", .least = 1}, r, true); });
}

// One of two words: whether it is the second.
void either(FieldVisitor& v, const Field& field, const std::string_view (&names)[2], bool& second) {
  size_t index = second ? 1 : 0;
  v.choice(field, names, index);
  second = index == 1;
}

template <size_t N>
void effect_of(FieldVisitor& v, FaultSpec& f, std::string_view verb,
               const std::string_view (&names)[N], const FaultEffect (&values)[N]) {
  size_t index = 0;
  while (index + 1 < N && values[index] != f.effect) ++index;
  if (f.effect == FaultEffect::none) index = 0;
  v.choice({.name = verb, .help = "What happens to its requests."}, names, index);
  f.effect = values[index];
}

void operation_of(FieldVisitor& v, FaultSpec& f, std::span<const std::string_view> names) {
  if (f.effect == FaultEffect::session_expiry) {  // a moment, and no request
    v.maybe({.name = "from", .help = "Only the session of this process."}, f.from,
            [&](Target& t) { v.target({.name = "from", .help = ""}, t); });
    return;
  }
  size_t index = 0;
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == f.operation) index = i;
  v.choice({.name = "operation", .help = "Which requests are hit."}, names, index);
  f.operation = std::string(names[index]);
  v.maybe({.name = "from", .help = "Only requests of this process."}, f.from,
          [&](Target& t) { v.target({.name = "from", .help = ""}, t); });
  if (f.effect == FaultEffect::error || f.effect == FaultEffect::lose_answer) {
    v.integer(
        {.name = "number", .help = "The n-th such request after the fault is armed.", .least = 1},
        f.number);
    v.integer({.name = "count", .help = "So many in a row.", .least = 1}, f.count);
    maybe_delay(v, {.name = "for", .help = "Instead of a number: every one for so long."},
                f.duration);
  } else {
    duration_of(v, f, true);
  }
}

void describe_storage(FieldVisitor& v, FaultSpec& f) {
  effect_of(v, f, "storage", kStorageEffects, kStorageEffectValues);
  operation_of(v, f, model::kStorageOperationNames);
  if (f.effect == FaultEffect::throttle) bandwidth_of(v, f, "Bandwidth that is left.", false);
}

void describe_service(FieldVisitor& v, FaultSpec& f) {
  if (f.verb == FaultVerb::storage) {
    describe_storage(v, f);
  } else if (f.verb == FaultVerb::broker) {
    effect_of(v, f, "broker", kBrokerEffects, kBrokerEffectValues);
    operation_of(v, f, model::kBrokerOperationNames);
    v.maybe_text({.name = "log",
                  .help = "Only this external log: log, or log-NAME where the job reads several "
                          "(NAME: the topic, else the first source that reads it); default: the "
                          "broker and all logs."},
                 f.log, TextForm::id);
  } else {
    effect_of(v, f, "pointer_store", kPointerEffects, kPointerEffectValues);
    operation_of(v, f, model::kPointerOperationNames);
  }
}

void describe_slowness(FieldVisitor& v, FaultSpec& f) {
  maybe_delay(v, {.name = "latency", .help = "Added to each request or message."}, f.latency);
  bandwidth_of(v, f,
               f.verb == FaultVerb::slow_link
                   ? "Bandwidth that is left, for frames and acknowledgements too."
                   : "Bandwidth that is left.",
               false);
  duration_of(v, f, true);
}

void describe_lose(FieldVisitor& v, FaultSpec& f) {
  v.text({.name = "lose", .help = "Kind of the RPC message, e.g. AcknowledgeCheckpoint."}, f.rpc,
         TextForm::id);
  v.maybe({.name = "from", .help = "Sender of the request."}, f.from,
          [&](Target& t) { v.target({.name = "from", .help = ""}, t); });
  v.maybe({.name = "to", .help = "Receiver of the request."}, f.to,
          [&](Target& t) { v.target({.name = "to", .help = ""}, t); });
  v.integer(
      {.name = "number", .help = "The n-th such message after the fault is armed.", .least = 1},
      f.number);
  v.integer({.name = "count", .help = "So many in a row.", .least = 1}, f.count);
  either(v, {.name = "part", .help = "Which half is lost."}, kPartNames, f.answer);
}

void describe_direction(FieldVisitor& v, FaultSpec& f) {
  bool asymmetric = !f.symmetric;
  either(v,
         {.name = "direction",
          .help = "asymmetric: only messages of the first side to the second are held."},
         kDirectionNames, asymmetric);
  f.symmetric = !asymmetric;
}

void describe_packets(FieldVisitor& v, FaultSpec& f) {
  either(v,
         {.name = "packets",
          .help = "rejected: answered with a TCP reset, as by a firewall; dropped: in silence."},
         kPacketNames, f.rejects);
}

void describe_shared(FieldVisitor& v, FaultSpec& f) {
  const Field shared{.name = "shared",
                     .help =
                         "The bandwidth is that of all links between the two sides together, "
                         "one for each direction."};
  if (v.wants(shared, f.shared)) v.boolean(shared, f.shared);
}

void describe_slow_card(FieldVisitor& v, FaultSpec& f) {
  bandwidth_of(v, f,
               "What is left for all that the host sends, and for all that it receives: frames "
               "with their headers, and acknowledgements.",
               true);
  duration_of(v, f, true);
}

void describe_damage(FieldVisitor& v, FaultSpec& f) {
  v.subtask(
      {.name = "damage_result", .help = "Subtask whose stored results are hit, e.g. \"src/0\"."},
      f.vertex, f.subtask);
  size_t index = f.effect == FaultEffect::truncate ? 1 : 0;
  v.choice({.name = "effect",
            .help = "remove: the files are gone; truncate: the second half of the data."},
           kDamageNames, index);
  f.effect = kDamageValues[index];
}

void describe_drain(FieldVisitor& v, FaultSpec& f) {
  const Field drain{.name = "drain", .help = "Timers and windows fire before the job ends."};
  if (v.wants(drain, f.drain)) v.boolean(drain, f.drain);
}

void describe_format(FieldVisitor& v, FaultSpec& f) {
  either(v,
         {.name = "format",
          .help = "canonical: any backend reads it; native: files of the backend that writes it."},
         kFormatNames, f.native);
}

void describe_of_job(FieldVisitor& v, FaultSpec& f) {
  size_t job = 0;
  v.choice({.name = kVerbNames[static_cast<size_t>(f.verb)], .help = "The job."}, kJobNames, job);
  if (f.verb == FaultVerb::cancel) return;
  describe_format(v, f);
  if (f.verb == FaultVerb::stop_with_savepoint) describe_drain(v, f);
}

void describe_resubmit(FieldVisitor& v, FaultSpec& f) {
  auto from = static_cast<size_t>(f.from_snapshot);
  v.choice({.name = "resubmit",
            .help = "The job is submitted once more, from the newest savepoint or retained "
                    "checkpoint (short form of execution.state-recovery.path)."},
           kSnapshotNames, from);
  f.from_snapshot = static_cast<Snapshot>(from);
  const Field change{.name = "change",
                     .help =
                         "What is new about it: an object with job and flink, merged into "
                         "those of the scenario."};
  if (v.wants(change, !f.change.empty())) v.json(change, "object", f.change);
}

void describe_verb(FieldVisitor& v, FaultSpec& f) {
  const Field whom{.name = kVerbNames[static_cast<size_t>(f.verb)],
                   .help = "Process or host that is hit."};
  const Field link{.name = kVerbNames[static_cast<size_t>(f.verb)],
                   .help = "The two sides, each a target or a list."};
  switch (f.verb) {
    case FaultVerb::kill:
    case FaultVerb::crash:
      v.targets(whom, f.targets);
      maybe_delay(v, {.name = "back_after", .help = "A new process starts so long after."},
                  f.back_after);
      break;
    case FaultVerb::pause:
      v.targets(whom, f.targets);
      duration_of(v, f, true);
      break;
    case FaultVerb::restart:
    case FaultVerb::terminate:
    case FaultVerb::lose_disk:
      v.targets(whom, f.targets);
      break;
    case FaultVerb::cut:
      v.sides(link, f.targets, f.other_side);
      describe_direction(v, f);
      describe_packets(v, f);
      duration_of(v, f, false);
      break;
    case FaultVerb::slow_link:
      v.sides(link, f.targets, f.other_side);
      describe_slowness(v, f);
      describe_shared(v, f);
      break;
    case FaultVerb::reset:
      v.sides(link, f.targets, f.other_side);
      break;
    case FaultVerb::lose:
      describe_lose(v, f);
      break;
    case FaultVerb::storage:
    case FaultVerb::pointer_store:
    case FaultVerb::broker:
      describe_service(v, f);
      break;
    case FaultVerb::slow_card:
      v.targets(whom, f.targets);
      describe_slow_card(v, f);
      break;
    case FaultVerb::slow_disk:
      v.targets(whom, f.targets);
      describe_slowness(v, f);
      break;
    case FaultVerb::damage_result:
      describe_damage(v, f);
      break;
    case FaultVerb::fail:
      v.subtask({.name = "fail", .help = "Subtask that throws, e.g. \"agg/0\"."}, f.vertex,
                f.subtask);
      v.text({.name = "cause", .help = "Text of the exception."}, f.cause, TextForm::any);
      break;
    case FaultVerb::cancel:
    case FaultVerb::savepoint:
    case FaultVerb::cancel_with_savepoint:
    case FaultVerb::stop_with_savepoint:
      describe_of_job(v, f);
      break;
    case FaultVerb::resubmit:
      describe_resubmit(v, f);
      break;
  }
}

struct FaultShape {
  FaultVerb verb;
  FaultEffect effect;
};
constexpr FaultShape kFurtherShapes[] = {{FaultVerb::storage, FaultEffect::error},
                                         {FaultVerb::storage, FaultEffect::throttle},
                                         {FaultVerb::storage, FaultEffect::lose_answer},
                                         {FaultVerb::pointer_store, FaultEffect::session_expiry},
                                         {FaultVerb::pointer_store, FaultEffect::lose_answer},
                                         {FaultVerb::broker, FaultEffect::error},
                                         {FaultVerb::broker, FaultEffect::lose_answer}};

}  // namespace

size_t fault_shapes() { return kVerbCount + std::size(kFurtherShapes); }

void make_fault_shape(FaultSpec& fault, size_t shape) {
  if (shape < kVerbCount) {
    fault.verb = static_cast<FaultVerb>(shape);
    return;
  }
  fault.verb = kFurtherShapes[shape - kVerbCount].verb;
  fault.effect = kFurtherShapes[shape - kVerbCount].effect;
}

void describe_fault(FieldVisitor& v, FaultSpec& f) {
  v.maybe_text(
      {.name = "id", .help = "Name in conditions and results; default f0, f1, ... by position."},
      f.id, TextForm::id);
  v.maybe_text({.name = "about", .help = "Prose for people."}, f.about, TextForm::any);
  v.maybe({.name = "at", .help = "Simulated time from the start."}, f.at,
          [&](sim::Duration& d) { v.duration({.name = "at", .help = ""}, d); });
  v.maybe_text({.name = "when",
                .help = "Condition on announced facts, e.g. \"checkpoint.phase == acknowledged\"."},
               f.when_text, TextForm::any);
  if (v.wants({.name = "nth", .help = "The n-th time that the condition becomes true.", .least = 1},
              f.nth != 1))
    v.integer({.name = "nth", .help = "", .least = 1}, f.nth);
  if (v.wants({.name = "after", .help = "Delay after `at` or `when`."}, f.after != Distribution{}))
    v.delay({.name = "after", .help = ""}, f.after);
  maybe_delay(v, {.name = "every", .help = "Repeats at this distance."}, f.every);
  if (v.wants({.name = "times",
               .help = "How often in all; more than one needs `every` or `when`.",
               .least = 1},
              f.times != 1))
    v.integer({.name = "times", .help = "", .least = 1, .most = 1'000'000}, f.times);
  if (v.wants({.name = "optional", .help = "May fail to land without making the run vacuous."},
              f.optional))
    v.boolean({.name = "optional", .help = ""}, f.optional);
  f.verb = static_cast<FaultVerb>(v.alternative("fault", kVerbNames, static_cast<size_t>(f.verb)));
  describe_verb(v, f);
}

}  // namespace drey::scenarios
