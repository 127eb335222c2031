#include <fmt/core.h>

#include <algorithm>

#include "reports/suggest.h"
#include "scenarios/sweep_plan.h"

namespace drey::scenarios {
namespace {

// A table holds whole vertices (reports/metric_table.h).
bool names_a_subtask(const reports::Expression& expression) {
  return expression.subtask >= 0 ||
         std::any_of(expression.operands.begin(), expression.operands.end(), names_a_subtask);
}

class Resolver {
 public:
  Resolver(const Scenario& scenario, const JsonNode& tree, Messages& messages)
      : scenario_(scenario), tree_(tree), messages_(messages) {
    for (const VertexSpec& vertex : scenario.job.vertices) names_.vertices.push_back(vertex.id);
    for (const FaultSpec& fault : scenario.faults) names_.faults.push_back(fault.id);
    if (scenario.sweep)
      for (const AxisSpec& axis : scenario.sweep->axes) axes_.push_back(axis.name);
  }

  void run() {
    if (!scenario_.sweep) {
      if (!scenario_.plot.empty())
        messages_.error(place_of(tree_, "/plot"), "a plot shows a sweep, and there is none");
      return;
    }
    const SweepSpec& sweep = *scenario_.sweep;
    const auto plan = plan_sweep(sweep, tree_, messages_);
    if (plan && runs_of(*plan, scenario_) > static_cast<size_t>(sweep.limit))
      messages_.error(place_of(tree_, "/sweep/limit"),
                      fmt::format("the sweep is {} runs, its limit is {}",
                                  runs_of(*plan, scenario_), sweep.limit));
    for (size_t i = 0; i < sweep.measure.size(); ++i)
      expression(sweep.measure[i], fmt::format("/sweep/measure/{}", i));
    for (size_t i = 0; i < scenario_.plot.size(); ++i) {
      const std::string pointer = fmt::format("/plot/{}", i);
      axis(scenario_.plot[i].x, pointer + "/x");
      if (!scenario_.plot[i].line.empty()) axis(scenario_.plot[i].line, pointer + "/line");
      expression(scenario_.plot[i].y, pointer + "/y");
    }
    for (size_t i = 0; i < sweep.answer.size(); ++i)
      answer(sweep.answer[i], fmt::format("/sweep/answer/{}", i));
  }

 private:
  void axis(const std::string& name, const std::string& pointer) {
    if (std::find(axes_.begin(), axes_.end(), name) != axes_.end()) return;
    messages_.error(
        place_of(tree_, pointer),
        fmt::format("unknown axis {}; known: {}", json_quoted(name), reports::name_list(axes_, 12)),
        reports::nearest_name(name, axes_));
  }

  void problem_at(const reports::TextProblem& problem, const std::string& pointer) {
    messages_.error(place_inside(tree_, pointer, problem.offset, problem.length), problem.message,
                    problem.suggestion);
  }

  void no_subtask(const reports::Expression& expression, const std::string& pointer) {
    if (names_a_subtask(expression))
      messages_.error(place_of(tree_, pointer), "a sweep measures whole vertices, not subtasks");
  }

  void expression(const std::string& text, const std::string& pointer) {
    reports::TextProblem problem;
    const auto parsed = reports::parse_expression(text, names_, problem);
    if (!parsed) return problem_at(problem, pointer);
    if (parsed->kind == reports::Expression::Kind::quantity)
      messages_.error(place_of(tree_, pointer), "expected a metric, not a constant");
    no_subtask(*parsed, pointer);
  }

  void time(const std::string& text, const std::string& pointer) {
    expression(text, pointer);
    reports::TextProblem problem;
    const auto parsed = reports::parse_expression(text, names_, problem);
    if (parsed && parsed->dimension != reports::Dimension::duration)
      messages_.error(place_of(tree_, pointer), "expected a duration");
  }

  void answer(const AnswerSpec& answer, const std::string& pointer) {
    axis(answer.choose, pointer + "/choose");
    if (answer.young_daly) {
      time(answer.young_daly->cost, pointer + "/young_daly/cost");
      time(answer.young_daly->between_failures, pointer + "/young_daly/between_failures");
      if (!answer.minimise.empty() || !answer.maximise.empty() || !answer.where.empty())
        messages_.error(place_of(tree_, pointer + "/young_daly"),
                        "\"young_daly\" stands alone: it does not choose among values");
      return;
    }
    if (!answer.minimise.empty()) expression(answer.minimise, pointer + "/minimise");
    if (!answer.maximise.empty()) expression(answer.maximise, pointer + "/maximise");
    if (!answer.minimise.empty() && !answer.maximise.empty())
      messages_.error(place_of(tree_, pointer + "/maximise"),
                      "\"minimise\" and \"maximise\" exclude each other");
    for (size_t i = 0; i < answer.where.size(); ++i) {
      const std::string at = fmt::format("{}/where/{}", pointer, i);
      reports::TextProblem problem;
      const auto parsed = reports::parse_comparison(answer.where[i], names_, problem);
      if (!parsed) {
        problem_at(problem, at);
        continue;
      }
      no_subtask(parsed->left, at);
      no_subtask(parsed->right, at);
    }
  }

  const Scenario& scenario_;
  const JsonNode& tree_;
  Messages& messages_;
  reports::ExpectationNames names_;
  std::vector<std::string> axes_;
};

}  // namespace

void resolve_sweep(Scenario& scenario, const JsonNode& tree, Messages& messages) {
  Resolver(scenario, tree, messages).run();
}

}  // namespace drey::scenarios
