// The answers of a sweep: which value of an axis to take, and in words why.
#include <fmt/core.h>

#include <algorithm>

#include "scenarios/sweep_groups.h"
#include "scenarios/sweep_summary.h"

namespace drey::scenarios {
namespace {

struct Candidate {
  size_t point = 0;
  bool qualified = true;
  std::string failed;  // the first comparison that does not hold often enough, and how often
  std::optional<double> value;
};

class Answerer {
 public:
  Answerer(SweepSummary& summary, const AnswerSpec& spec)
      : summary_(summary), spec_(spec), axis_(axis_named(*summary.plan, spec.choose)) {
    const std::string& wanted = spec.minimise.empty() ? spec.maximise : spec.minimise;
    for (size_t i = 0; i < summary.measures.size(); ++i)
      if (!wanted.empty() && summary.measures[i].text == wanted) measure_ = i;
    for (const VertexSpec& v : summary.scenario->job.vertices) names_.vertices.push_back(v.id);
    for (const FaultSpec& f : summary.scenario->faults) names_.faults.push_back(f.id);
  }

  SweepAnswer run() {
    SweepAnswer answer;
    answer.spec = &spec_;
    for (const SweepGroup& group : groups_along(*summary_.plan, axis_)) {
      std::vector<Candidate> candidates;
      for (const size_t point : group.points) candidates.push_back(candidate(point));
      add(answer, group, candidates);
    }
    return answer;
  }

 private:
  Candidate candidate(size_t index) const {
    Candidate candidate{.point = index};
    const SweepPointResult& point = summary_.points[index];
    for (const std::string& text : spec_.where) {
      size_t held = 0, there = 0;
      reports::TextProblem problem;
      const auto comparison = reports::parse_comparison(text, names_, problem);
      if (!comparison) continue;
      for (const RunRecord* record : point.runs) {
        if (record == nullptr) continue;
        ++there;
        const auto verdict =
            reports::evaluate(*comparison, reports::StoredMetrics(record->metrics)).verdict;
        held += verdict == reports::Verdict::held ? 1 : 0;
      }
      const auto least = static_cast<__int128>(there) * spec_.share.numerator;
      if (there > 0 && static_cast<__int128>(held) * spec_.share.denominator >= least) continue;
      candidate.qualified = false;
      candidate.failed = fmt::format("{} holds in {} of {} runs", text, held, there);
      break;
    }
    if (measure_) {
      const reports::Statistic& statistic = point.cells[*measure_].statistic;
      if (statistic.count > 0) candidate.value = statistic.mean;
    }
    return candidate;
  }

  bool better(const Candidate& a, const Candidate& b) const {
    if (measure_) return spec_.minimise.empty() ? *a.value > *b.value : *a.value < *b.value;
    const size_t at_a = summary_.plan->points[a.point][axis_];
    const size_t at_b = summary_.plan->points[b.point][axis_];
    return spec_.pick == AnswerPick::smallest ? at_a < at_b : at_a > at_b;
  }

  void add(SweepAnswer& answer, const SweepGroup& group, const std::vector<Candidate>& candidates) {
    SweepChoice choice;
    choice.context = group.context;
    const Candidate* best = nullptr;
    size_t qualified = 0;
    for (const Candidate& candidate : candidates) {
      if (!candidate.qualified || (measure_ && !candidate.value)) continue;
      ++qualified;
      if (best == nullptr || better(candidate, *best)) best = &candidate;
    }
    if (best == nullptr) {
      answer.text.push_back(fmt::format("{}no value of {} will do{}", group.where, spec_.choose,
                                        left_out(candidates)));
    } else {
      choice.point = best->point;
      answer.text.push_back(group.where + chosen(*best, qualified, candidates));
    }
    answer.choices.push_back(std::move(choice));
  }

  std::string label(size_t point) const { return summary_.plan->label(point, axis_); }

  std::string chosen(const Candidate& best, size_t qualified,
                     const std::vector<Candidate>& candidates) const {
    std::string text = fmt::format("{} = {}", spec_.choose, label(best.point));
    if (measure_) {
      const SweepMeasure& measure = summary_.measures[*measure_];
      text += fmt::format(
          ": {} is {}, {}", measure.text,
          reports::readable(summary_.points[best.point].cells[*measure_].statistic,
                            measure.expression.dimension),
          qualified == 1 ? std::string("the only value left")
                         : fmt::format("the {} of {} values",
                                       spec_.minimise.empty() ? "largest" : "smallest", qualified));
      text += equals(best, candidates);
    } else {
      text += fmt::format(", the {} of the {} that will do",
                          spec_.pick == AnswerPick::smallest ? "first" : "last", qualified);
    }
    return text + left_out(candidates);
  }

  // Values whose difference from the best has zero within its interval.
  std::string equals(const Candidate& best, const std::vector<Candidate>& candidates) const {
    std::string text;
    const auto samples = [&](size_t point) {
      std::vector<double> known;
      for (const auto& value : summary_.points[point].cells[*measure_].samples)
        if (value) known.push_back(*value);
      return known;
    };
    const std::vector<double> of_best = samples(best.point);
    for (const Candidate& other : candidates) {
      if (other.point == best.point || !other.qualified || !other.value) continue;
      const std::vector<double> of_other = samples(other.point);
      if (summary_.paired && of_other.size() != of_best.size()) continue;
      const reports::Statistic gap = summary_.paired ? reports::paired_difference(of_best, of_other)
                                                     : reports::difference(of_best, of_other);
      const double magnitude = gap.mean < 0 ? -gap.mean : gap.mean;
      const bool same = gap.half_width ? magnitude <= *gap.half_width : magnitude == 0;
      if (same) text += fmt::format("{}{}", text.empty() ? "" : ", ", label(other.point));
    }
    return text.empty() ? text : "; not told apart from it: " + text;
  }

  // Values with the reason, those of one reason together.
  std::string left_out(const std::vector<Candidate>& candidates) const {
    std::vector<std::pair<std::string, std::string>> by_reason;
    for (const Candidate& candidate : candidates) {
      if (candidate.qualified) continue;
      const auto known = std::find_if(by_reason.begin(), by_reason.end(), [&](const auto& reason) {
        return reason.first == candidate.failed;
      });
      if (known == by_reason.end())
        by_reason.emplace_back(candidate.failed, label(candidate.point));
      else
        known->second += ", " + label(candidate.point);
    }
    std::string text;
    for (const auto& [reason, values] : by_reason)
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", values, reason);
    return text.empty() ? text : "; left out: " + text;
  }

  SweepSummary& summary_;
  const AnswerSpec& spec_;
  reports::ExpectationNames names_;
  size_t axis_ = 0;
  std::optional<size_t> measure_;
};

}  // namespace

void answer_sweep(SweepSummary& summary) {
  for (const AnswerSpec& spec : summary.scenario->sweep->answer)
    summary.answers.push_back(spec.young_daly ? young_daly_answer(summary, spec)
                                              : Answerer(summary, spec).run());
}

}  // namespace drey::scenarios
