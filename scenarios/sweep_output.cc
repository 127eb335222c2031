// A sweep's summary as JSON, as a table for the terminal, and as Markdown.
#include <fmt/core.h>

#include "scenarios/sweep_summary.h"

namespace drey::scenarios {
namespace {

JsonNode number(double value) { return json_number(fmt::format("{}", value)); }
JsonNode count(size_t value) { return json_number(fmt::format("{}", value)); }

JsonNode axes(const SweepSummary& summary) {
  JsonNode list = json_list();
  for (const Axis& axis : summary.plan->axes) {
    JsonNode item = json_object();
    json_add(item, "name", json_text(axis.name));
    json_add(item, "path", json_text(axis.path));
    JsonNode labels = json_list();
    JsonNode numbers = json_list();
    std::string unit;
    for (const AxisValue& value : axis.values) {
      labels.items.push_back(json_text(value.label));
      const auto amount = number_of(value.value, unit);
      numbers.items.push_back(amount ? number(*amount) : JsonNode{});
    }
    json_add(item, "unit", json_text(unit));
    json_add(item, "values", std::move(labels));
    json_add(item, "numbers", std::move(numbers));
    list.items.push_back(std::move(item));
  }
  return list;
}

JsonNode params(const SweepSummary& summary, size_t point) {
  JsonNode object = json_object();
  for (size_t axis = 0; axis < summary.plan->axes.size(); ++axis)
    json_add(object, summary.plan->axes[axis].name, json_text(summary.plan->label(point, axis)));
  return object;
}

JsonNode statistic(const reports::Statistic& s) {
  JsonNode object = json_object();
  json_add(object, "count", count(s.count));
  if (s.count == 0) return object;
  json_add(object, "mean", number(s.mean));
  json_add(object, "least", number(s.least));
  json_add(object, "most", number(s.most));
  json_add(object, "half_width", s.half_width ? number(*s.half_width) : JsonNode{});
  return object;
}

JsonNode cell(const SweepCell& cell) {
  if (cell.words.empty()) return statistic(cell.statistic);
  JsonNode object = json_object();
  JsonNode& words = json_add(object, "words", json_object());
  for (const auto& [word, times] : cell.words) json_add(words, word, count(times));
  return object;
}

JsonNode point(const SweepSummary& summary, size_t index) {
  const SweepPointResult& result = summary.points[index];
  JsonNode item = json_object();
  json_add(item, "index", count(index));
  json_add(item, "params", params(summary, index));
  JsonNode verdicts = json_object();
  size_t runs = 0;
  for (const auto& [verdict, times] : result.verdicts) {
    json_add(verdicts, verdict, count(times));
    runs += times;
  }
  json_add(item, "runs", count(runs));
  json_add(item, "verdicts", std::move(verdicts));
  JsonNode seeds = json_list(), keys = json_list(), hashes = json_list();
  for (const RunRecord* record : result.runs) {
    seeds.items.push_back(record == nullptr ? JsonNode{}
                                            : json_number(fmt::format("{}", record->seed)));
    keys.items.push_back(record == nullptr ? JsonNode{} : json_text(record->key));
    hashes.items.push_back(record == nullptr ? JsonNode{} : json_text(record->hash));
  }
  json_add(item, "seeds", std::move(seeds));
  json_add(item, "keys", std::move(keys));
  json_add(item, "hashes", std::move(hashes));
  JsonNode metrics = json_object(), samples = json_object();
  for (size_t i = 0; i < summary.measures.size(); ++i) {
    json_add(metrics, summary.measures[i].text, cell(result.cells[i]));
    JsonNode& list = json_add(samples, summary.measures[i].text, json_list());
    for (const auto& value : result.cells[i].samples)
      list.items.push_back(value ? number(*value) : JsonNode{});
  }
  json_add(item, "metrics", std::move(metrics));
  json_add(item, "samples", std::move(samples));
  return item;
}

JsonNode plots(const SweepSummary& summary) {
  JsonNode list = json_list();
  for (const PlotSpec& plot : summary.scenario->plot) {
    JsonNode item = json_object();
    json_add(
        item, "title",
        json_text(plot.title.empty() ? fmt::format("{} over {}", plot.y, plot.x) : plot.title));
    json_add(item, "x", json_text(plot.x));
    json_add(item, "y", json_text(plot.y));
    json_add(item, "line", json_text(plot.line));
    list.items.push_back(std::move(item));
  }
  return list;
}

JsonNode differences(const SweepSummary& summary) {
  JsonNode list = json_list();
  for (const SweepDifference& difference : summary.differences) {
    JsonNode item = json_object();
    json_add(item, "axis", json_text(summary.plan->axes[difference.axis].name));
    json_add(item, "measure", json_text(summary.measures[difference.measure].text));
    json_add(item, "from", params(summary, difference.from));
    json_add(item, "to", params(summary, difference.to));
    json_add(item, "paired", json_boolean(summary.paired));
    for (JsonMember& member : statistic(difference.statistic).members)
      item.members.push_back(std::move(member));
    list.items.push_back(std::move(item));
  }
  return list;
}

JsonNode context_of(const SweepSummary& summary,
                    const std::vector<std::pair<size_t, std::string>>& labels) {
  JsonNode context = json_object();
  for (const auto& [axis, label] : labels)
    json_add(context, summary.plan->axes[axis].name, json_text(label));
  return context;
}

JsonNode marks(const SweepSummary& summary, const SweepAnswer& answer) {
  JsonNode list = json_list();
  for (const SweepMark& mark : answer.marks) {
    JsonNode item = json_object();
    json_add(item, "for", context_of(summary, mark.context));
    json_add(item, "axis", json_text(answer.spec->choose));
    json_add(item, "name", json_text(mark.name));
    json_add(item, "at", number(mark.at));
    list.items.push_back(std::move(item));
  }
  return list;
}

JsonNode answers(const SweepSummary& summary) {
  JsonNode list = json_list();
  for (const SweepAnswer& answer : summary.answers) {
    JsonNode item = json_object();
    json_add(item, "question", json_text(answer.spec->question));
    json_add(
        item, "measure",
        json_text(answer.spec->minimise.empty() ? answer.spec->maximise : answer.spec->minimise));
    JsonNode text = json_list();
    for (const std::string& line : answer.text) text.items.push_back(json_text(line));
    json_add(item, "text", std::move(text));
    JsonNode choices = json_list();
    for (const SweepChoice& choice : answer.choices) {
      JsonNode one = json_object();
      json_add(one, "for", context_of(summary, choice.context));
      json_add(one, "axis", json_text(answer.spec->choose));
      JsonNode value;
      for (size_t axis = 0; choice.point && axis < summary.plan->axes.size(); ++axis)
        if (summary.plan->axes[axis].name == answer.spec->choose)
          value = json_text(summary.plan->label(*choice.point, axis));
      json_add(one, "value", std::move(value));
      choices.items.push_back(std::move(one));
    }
    json_add(item, "choices", std::move(choices));
    json_add(item, "marks", marks(summary, answer));
    list.items.push_back(std::move(item));
  }
  return list;
}

std::string cell_text(const SweepSummary& summary, const SweepPointResult& point, size_t i) {
  const SweepCell& cell = point.cells[i];
  if (cell.words.empty())
    return reports::readable(cell.statistic, summary.measures[i].expression.dimension);
  std::string text;
  for (const auto& [word, times] : cell.words)
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", word,
                        cell.words.size() > 1 ? fmt::format(" {}", times) : "");
  return text;
}

std::string answers_text(const SweepSummary& summary, std::string_view bullet) {
  std::string out;
  for (const SweepAnswer& answer : summary.answers) {
    if (!answer.spec->question.empty()) out += fmt::format("\n{}\n", answer.spec->question);
    for (const std::string& line : answer.text) out += fmt::format("{}{}\n", bullet, line);
  }
  return out;
}

}  // namespace

JsonNode sweep_to_json(const SweepSummary& summary) {
  JsonNode root = json_object();
  json_add(root, "format", json_text("drey-sweep"));
  json_add(root, "version", json_integer(1));
  json_add(root, "engine", json_text(source_version()));
  json_add(root, "file", json_text(summary.file));
  json_add(root, "name", json_text(summary.scenario->name));
  json_add(root, "about", json_text(summary.scenario->about));
  json_add(root, "complete", json_boolean(summary.complete));
  json_add(root, "common_random_numbers", json_boolean(summary.paired));
  json_add(root, "axes", axes(summary));
  JsonNode measures = json_list();
  for (const SweepMeasure& measure : summary.measures) {
    JsonNode item = json_object();
    json_add(item, "text", json_text(measure.text));
    json_add(item, "dimension", json_text(reports::dimension_key(measure.expression.dimension)));
    measures.items.push_back(std::move(item));
  }
  json_add(root, "measures", std::move(measures));
  JsonNode points = json_list();
  for (size_t i = 0; i < summary.points.size(); ++i) points.items.push_back(point(summary, i));
  json_add(root, "points", std::move(points));
  json_add(root, "plots", plots(summary));
  json_add(root, "differences", differences(summary));
  json_add(root, "answers", answers(summary));
  return root;
}

std::string sweep_for_page(const JsonNode& sweep) {
  JsonNode page = json_object();
  size_t left_out = 0, bytes = 0;
  for (const JsonMember& member : sweep.members) {
    if (member.key != "points") {
      json_add(page, member.key, member.value);
      continue;
    }
    JsonNode points = json_list();
    for (const JsonNode& point : member.value.items) {
      JsonNode shown = json_object();
      for (const JsonMember& part : point.members)
        if (part.key != "samples" && part.key != "keys" && part.key != "hashes")
          json_add(shown, part.key, part.value);
      bytes += compact_json(shown).size();
      if (bytes > kPageBytes) {
        ++left_out;
        continue;
      }
      points.items.push_back(std::move(shown));
    }
    json_add(page, member.key, std::move(points));
  }
  json_add(page, "left_out", count(left_out));
  return compact_json(page);
}

reports::TextTable sweep_table(const SweepSummary& summary) {
  reports::TextTable table(1);
  for (const Axis& axis : summary.plan->axes) table[0].push_back(axis.name);
  for (const SweepMeasure& measure : summary.measures) table[0].push_back(measure.text);
  table[0].push_back("runs");
  for (const SweepPointResult& point : summary.points) {
    std::vector<std::string> row = point.labels;
    for (size_t i = 0; i < summary.measures.size(); ++i)
      row.push_back(cell_text(summary, point, i));
    std::string verdicts;
    for (const auto& [verdict, times] : point.verdicts)
      verdicts += fmt::format("{}{} {}", verdicts.empty() ? "" : ", ", times, verdict);
    row.push_back(verdicts);
    table.push_back(std::move(row));
  }
  return table;
}

reports::TextTable sweep_differences(const SweepSummary& summary) {
  reports::TextTable table{{"axis", "from", "to", "at", "measure", "difference"}};
  for (const SweepDifference& difference : summary.differences) {
    const SweepPlan& plan = *summary.plan;
    std::string at;
    for (size_t axis = 0; axis < plan.axes.size(); ++axis)
      if (plan.points[difference.from][axis] == plan.points[difference.to][axis])
        at += fmt::format("{}{} = {}", at.empty() ? "" : ", ", plan.axes[axis].name,
                          plan.label(difference.to, axis));
    table.push_back({plan.axes[difference.axis].name, plan.label(difference.from, difference.axis),
                     plan.label(difference.to, difference.axis), at,
                     summary.measures[difference.measure].text,
                     reports::readable(difference.statistic,
                                       summary.measures[difference.measure].expression.dimension)});
  }
  return table;
}

std::string sweep_text(const SweepSummary& summary) {
  std::string out = summary.scenario->name + "\n";
  out += reports::aligned(sweep_table(summary));
  if (!summary.complete) out += "  not complete: runs are missing\n";
  return out + answers_text(summary, "  ");
}

std::string sweep_markdown(const SweepSummary& summary) {
  std::string out = "# " + summary.scenario->name + "\n\n";
  if (!summary.scenario->about.empty()) out += summary.scenario->about + "\n\n";
  if (!summary.complete) out += "**Not complete: runs are missing.**\n\n";
  if (!summary.answers.empty()) out += "## Answer\n" + answers_text(summary, "- ") + "\n";
  out += "## Points\n\n" + reports::markdown(sweep_table(summary));
  if (!summary.differences.empty())
    out += fmt::format("\n## Differences ({}, 95 % interval)\n\n",
                       summary.paired ? "paired by seed" : "independent seeds") +
           reports::markdown(sweep_differences(summary));
  return out;
}

}  // namespace drey::scenarios
