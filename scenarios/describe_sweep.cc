#include "scenarios/describe.h"

namespace drey::scenarios {
namespace {

constexpr std::string_view kScaleNames[] = {"linear", "log"};
constexpr std::string_view kPickNames[] = {"smallest", "largest"};

void maybe_json(FieldVisitor& v, const Field& field, std::string_view type, std::string& text) {
  if (v.wants(field, !text.empty())) v.json(field, type, text);
}

void describe_axis(FieldVisitor& v, AxisSpec& axis) {
  v.maybe_text({.name = "path",
                .help = "JSON pointer of what the axis changes, e.g. /flink/heartbeat.timeout; an "
                        "element of a list also by its id. Cases without path change the whole."},
               axis.path, TextForm::any);
  maybe_json(v, {.name = "values", .help = "The values, in order."}, "array", axis.values);
  maybe_json(v,
             {.name = "cases",
              .help = "Label -> value. An object is merged into what stands at the path."},
             "object", axis.cases);
  maybe_json(v, {.name = "from", .help = "A range instead of values: its first value."}, "scalar",
             axis.from);
  if (v.wants({.name = "to", .help = "Last value of the range."}, !axis.from.empty())) {
    v.json({.name = "to", .help = ""}, "scalar", axis.to);
  }
  if (v.wants({.name = "count", .help = "Values of the range, both ends included."},
              !axis.from.empty()))
    v.integer({.name = "count", .help = "", .least = 2, .most = 10'000}, axis.count);
  if (v.wants({.name = "scale", .help = "Equal steps, or equal factors."}, !axis.from.empty()))
    v.pick({.name = "scale", .help = ""}, kScaleNames, axis.scale);
}

void describe_answer(FieldVisitor& v, AnswerSpec& answer) {
  v.maybe_text({.name = "question", .help = "In one line."}, answer.question, TextForm::any);
  v.text({.name = "choose",
          .help = "The axis of which a value is recommended, for each combination of the others.",
          .required = true},
         answer.choose, TextForm::id);
  v.maybe_text({.name = "minimise", .help = "Expression whose mean over the seeds is to be small."},
               answer.minimise, TextForm::any);
  v.maybe_text({.name = "maximise", .help = "Expression whose mean over the seeds is to be large."},
               answer.maximise, TextForm::any);
  v.pick({.name = "pick", .help = "Without expression: the first or the last value of the axis."},
         kPickNames, answer.pick);
  v.texts({.name = "where", .help = "Comparisons that must hold at a recommended point."},
          answer.where);
  v.ratio({.name = "share", .help = "Share of the runs in which each of them must hold."},
          answer.share);
  v.maybe({.name = "young_daly",
           .help = "Instead: the checkpoint interval that Young's and Daly's formulas give."},
          answer.young_daly, [&](YoungDalySpec& spec) {
            v.object({.name = "young_daly", .help = ""}, [&](FieldVisitor& in) {
              in.text({.name = "cost",
                       .help = "Expression: time that a checkpoint takes from the job.",
                       .required = true},
                      spec.cost, TextForm::any);
              in.text({.name = "between_failures",
                       .help = "Expression: mean time between failures.",
                       .required = true},
                      spec.between_failures, TextForm::any);
            });
          });
}

}  // namespace

void describe_sweep(FieldVisitor& v, SweepSpec& sweep) {
  ElementsOf<AxisSpec> axes(sweep.axes,
                            {.what = "axis", .describe = describe_axis, .key = &AxisSpec::name});
  v.map({.name = "axes", .help = "What is varied, by name.", .required = true}, axes);
  if (v.wants({.name = "zip", .help = "Axes that go in lockstep instead of crosswise."},
              !sweep.zip.empty()))
    v.texts({.name = "zip", .help = ""}, sweep.zip);
  maybe_json(v, {.name = "exclude", .help = "Points left out: objects of axis -> label."}, "array",
             sweep.exclude);
  v.maybe({.name = "seeds", .help = "Seeds of every point; default: those of the scenario."},
          sweep.seeds, [&](Seeds& seeds) {
            v.object({.name = "seeds", .help = ""},
                     [&](FieldVisitor& in) { describe_seeds(in, seeds); });
          });
  v.boolean({.name = "common_random_numbers",
             .help = "Seed n is the same world at every point, so that differences are paired."},
            sweep.common_random_numbers);
  v.integer(
      {.name = "limit", .help = "More runs than this are refused.", .least = 1, .most = 10'000'000},
      sweep.limit);
  if (v.wants({.name = "measure", .help = "Expressions over metrics: the columns of the table."},
              !sweep.measure.empty()))
    v.texts({.name = "measure", .help = ""}, sweep.measure);
  ElementsOf<AnswerSpec> answers(sweep.answer, {.what = "answer", .describe = describe_answer});
  v.list({.name = "answer", .help = "What the sweep recommends."}, answers);
}

void describe_plot(FieldVisitor& v, PlotSpec& plot) {
  v.maybe_text({.name = "title", .help = "Above the plot; default: y over x."}, plot.title,
               TextForm::any);
  v.text({.name = "x", .help = "An axis of the sweep.", .required = true}, plot.x, TextForm::id);
  v.text({.name = "y", .help = "An expression over metrics.", .required = true}, plot.y,
         TextForm::any);
  v.maybe_text({.name = "line", .help = "An axis: a line for each of its values."}, plot.line,
               TextForm::id);
}

}  // namespace drey::scenarios
