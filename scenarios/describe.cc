#include "scenarios/describe.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kGrainNames[] = {"exact", "null"};
constexpr std::string_view kSeverityNames[] = {"fail", "warn", "note"};
constexpr std::string_view kExpectKindNames[] = {"check", "always", "eventually", "never",
                                                 "sometimes"};

void describe_expect(FieldVisitor& v, ExpectSpec& e) {
  if (v.element_text(
          "One comparison that must hold at the end of each run, e.g. \"job.restarts == 1\".",
          e.line, TextForm::comparison))
    return;
  v.maybe_text({.name = "id", .help = "Name in the results; default e0, e1, ... by position."},
               e.id, TextForm::id);
  e.kind = static_cast<reports::ExpectationKind>(
      v.alternative("expectation", kExpectKindNames, static_cast<size_t>(e.kind)));
  const std::string_view kind = kExpectKindNames[static_cast<size_t>(e.kind)];
  v.text({.name = kind,
          .help = "The comparison. check: at the end of each run; always, never: at every instant; "
                  "eventually: at some "
                  "instant; sometimes: at the end of at least one run of the seeds."},
         e.check, TextForm::comparison);
  if (e.kind == reports::ExpectationKind::eventually) {
    v.maybe({.name = "within", .help = "Time limit from the start, or from `after`.", .least = 1},
            e.within,
            [&](sim::Duration& d) { v.duration({.name = "within", .help = "", .least = 1}, d); });
  }
  if (e.kind != reports::ExpectationKind::check && e.kind != reports::ExpectationKind::sometimes)
    v.maybe_text({.name = "after", .help = "Id of a fault: counts from its landing."}, e.after,
                 TextForm::id);
  v.maybe_text({.name = "because", .help = "Why this must hold; printed when it does not."},
               e.because, TextForm::any);
  v.pick({.name = "severity", .help = "Only fail changes the verdict."}, kSeverityNames,
         e.severity);
}

void describe_limits(FieldVisitor& v, Limits& limits) {
  v.duration({.name = "time",
              .help = "Simulated time after which a run ends without verdict.",
              .least = 1},
             limits.time);
  v.integer({.name = "events", .help = "Events after which a run ends without verdict; 0 = none."},
            limits.events);
}

void describe_null_task(FieldVisitor& v, NullTaskSpec& task) {
  v.duration({.name = "restore", .help = "From INITIALIZING to RUNNING."}, task.restore);
  v.duration({.name = "acknowledge", .help = "From the barrier to the acknowledgement."},
             task.acknowledge);
  v.duration({.name = "cancel", .help = "From the request to CANCELED."}, task.cancel);
  v.maybe({.name = "runs_for",
           .help = "A source from RUNNING, another task from the end of its inputs, to FINISHED; "
                   "default: for ever."},
          task.runs_for,
          [&](sim::Duration& d) { v.duration({.name = "runs_for", .help = ""}, d); });
  v.size(
      {.name = "state", .help = "State of one task, sent in its acknowledgement.", .most = 1 << 20},
      task.state);
  v.duration({.name = "flush_interval",
              .help = "What a TaskManager has for others leaves so long after the first of it.",
              .least = 1},
             task.flush_interval);
}

void describe_killed_by(FieldVisitor& v, KilledBy& killed_by) {
  v.text({.name = "mutant",
          .help = "Name of the mutant that this scenario catches.",
          .required = true},
         killed_by.mutant, TextForm::id);
  v.integer({.name = "seed", .help = "A seed that catches it.", .least = 0}, killed_by.seed);
}

void make_expect_variant(ExpectSpec& e, size_t variant) {
  e.kind = static_cast<reports::ExpectationKind>(variant);
}

void describe_what_if(FieldVisitor& v, Scenario& s) {
  v.maybe({.name = "sweep", .help = "What-if: this scenario at many points (`drey sweep`)."},
          s.sweep, [&](SweepSpec& sweep) {
            v.object({.name = "sweep", .help = ""},
                     [&](FieldVisitor& in) { describe_sweep(in, sweep); });
          });
  ElementsOf<PlotSpec> plots(s.plot, {.what = "plot", .describe = describe_plot});
  v.list({.name = "plot", .help = "What a report draws of the sweep."}, plots);
}

}  // namespace

void describe_seeds(FieldVisitor& v, Seeds& seeds) {
  v.integer({.name = "first", .help = "First seed."}, seeds.first);
  v.integer({.name = "count", .help = "Number of seeds.", .least = 1, .most = 10'000'000},
            seeds.count);
}

void describe(FieldVisitor& v, Scenario& s) {
  v.integer({.name = "format", .help = "Version of this format.", .least = 1, .most = kFormat},
            s.format);
  v.text({.name = "name", .help = "One line that says what the scenario shows.", .required = true},
         s.name, TextForm::any);
  v.maybe_text({.name = "about", .help = "Prose for people."}, s.about, TextForm::any);
  v.maybe({.name = "seed", .help = "Seed of a run when the command line names none; default 1."},
          s.seed, [&](int64_t& seed) { v.integer({.name = "seed", .help = ""}, seed); });
  v.maybe({.name = "seeds", .help = "Seeds that `sometimes` and --seeds without range run over."},
          s.seeds, [&](Seeds& seeds) {
            v.object({.name = "seeds", .help = ""},
                     [&](FieldVisitor& in) { describe_seeds(in, seeds); });
          });
  v.object({.name = "job", .help = "The job: vertices and edges.", .required = true},
           [&](FieldVisitor& in) { describe_job(in, s.job); });
  v.object({.name = "cluster", .help = "Machines, processes and devices."},
           [&](FieldVisitor& in) { describe_cluster(in, s.cluster); });
  v.pick({.name = "grain",
          .help = "exact: real records and real state; null: tasks that only report, pass barriers "
                  "on and acknowledge, for jobs of many thousands of tasks."},
         kGrainNames, s.grain);
  if (v.wants({.name = "null_task", .help = "What the tasks of the null grain do."},
              s.grain == Grain::null))
    v.object({.name = "null_task", .help = "What the tasks of the null grain do."},
             [&](FieldVisitor& in) { describe_null_task(in, s.null_task); });
  v.options(
      {.name = "flink", .help = "Flink's own options by their real keys and in Flink's own units."},
      s.flink);
  if (v.wants({.name = "ignore_options",
               .help = "Options in `flink` that drey does not model and may ignore."},
              !s.ignore_options.empty()))
    v.texts({.name = "ignore_options", .help = ""}, s.ignore_options);
  ElementsOf<FaultSpec> faults(s.faults, {.what = "fault",
                                          .describe = describe_fault,
                                          .variants = fault_shapes(),
                                          .make_variant = make_fault_shape});
  v.list({.name = "faults", .help = "What goes wrong, and when."}, faults);
  v.numbers({.name = "choices", .help = "Choices overridden by name: replay, shrinking, freezing."},
            s.choices);
  ElementsOf<ExpectSpec> expect(s.expect, {.what = "expectation",
                                           .describe = describe_expect,
                                           .variants = std::size(kExpectKindNames),
                                           .make_variant = make_expect_variant});
  v.list({.name = "expect", .help = "What must hold, beyond the oracles that are always on."},
         expect);
  v.object({.name = "limits", .help = "When a run ends without verdict."},
           [&](FieldVisitor& in) { describe_limits(in, s.limits); });
  ElementsOf<KilledBy> killed(s.killed_by, {.what = "mutant", .describe = describe_killed_by});
  v.list({.name = "killed_by", .help = "Mutants that break this scenario."}, killed);
  describe_what_if(v, s);
}

}  // namespace drey::scenarios
