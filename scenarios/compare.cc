#include "scenarios/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "reports/metric_table.h"

namespace drey::scenarios {
namespace {

using reports::Dimension;

// By the name: results do not say it.
Dimension dimension_of(const std::string& name) {
  reports::ExpectationNames names;
  const size_t dot = name.find('.');
  const std::string scope = name.substr(0, dot);
  names.vertices.push_back(scope);
  reports::TextProblem problem;
  // A scope of the cluster hides a vertex of its name.
  const auto plain = reports::parse_expression(name, {}, problem);
  const auto parsed = plain ? plain : reports::parse_expression(name, names, problem);
  return parsed ? parsed->dimension : Dimension::count;
}

Dimension dimension_named(const std::string& key) {
  if (key == "duration") return Dimension::duration;
  if (key == "bytes") return Dimension::bytes;
  if (key == "rate") return Dimension::rate;
  if (key == "byte_rate") return Dimension::byte_rate;
  return key == "word" ? Dimension::word : Dimension::count;
}

std::optional<double> number_in(const JsonNode* node) {
  if (node == nullptr || node->kind != JsonNode::Kind::number) return std::nullopt;
  const auto ratio = reports::parse_decimal(node->text);
  if (ratio) return static_cast<double>(ratio->numerator) / static_cast<double>(ratio->denominator);
  // A double as sweep.json prints it: more digits than a ratio holds, or an exponent.
  return std::strtod(node->text.c_str(), nullptr);
}

std::string text_at(const JsonNode& document, std::string_view key) {
  const JsonNode* node = document.find(key);
  return node == nullptr ? std::string() : node->text;
}

class Comparer {
 public:
  Comparer(const CompareOptions& options, CompareResult& out) : options_(options), out_(out) {}

  void head(bool intervals) {
    out_.table.push_back({"metric", "A", "B", "difference", "relative"});
    if (intervals) out_.table[0].insert(out_.table[0].begin(), "point");
    if (intervals) out_.table[0].emplace_back("95 % interval");
  }

  bool wanted(const std::string& name) const { return name.starts_with(options_.metrics); }

  struct Row {
    std::string point;  // of a sweep
    std::string name;
    Dimension dimension = Dimension::count;
    std::optional<double> a, b;
    std::optional<double> half_width;
  };
  void number(const Row& row) {
    const bool same = row.a == row.b;
    if (same && !options_.all) return;
    std::vector<std::string> cells;
    if (!row.point.empty()) cells.push_back(row.point);
    cells.push_back(row.name);
    const auto text = [&](std::optional<double> value) {
      return value ? reports::readable(*value, row.dimension) : std::string("-");
    };
    cells.push_back(text(row.a));
    cells.push_back(text(row.b));
    const bool both = row.a && row.b;
    cells.push_back(both ? text(*row.b - *row.a) : "-");
    cells.push_back(both && *row.a != 0 ? fmt::format("{:+.1f} %", 100 * (*row.b - *row.a) / *row.a)
                                        : "-");
    if (!row.point.empty())
      cells.push_back(row.half_width ? "+- " + reports::readable(*row.half_width, row.dimension)
                                     : "-");
    judge(row, cells);
    out_.table.push_back(std::move(cells));
  }

  void words(const std::string& point, const std::string& name, const std::string& a,
             const std::string& b) {
    if (a == b && !options_.all) return;
    std::vector<std::string> cells;
    if (!point.empty()) cells.push_back(point);
    for (const std::string& cell : {name, a, b}) cells.push_back(cell);
    cells.resize(out_.table[0].size(), "-");
    out_.table.push_back(cells);
    if (options_.tolerance && a != b)
      out_.beyond.push_back(
          fmt::format("{}{}: {} instead of {}", point.empty() ? "" : point + ": ", name, b, a));
  }

 private:
  void judge(const Row& row, const std::vector<std::string>& cells) {
    if (!options_.tolerance || row.a == row.b) return;
    const bool both = row.a && row.b;
    const double magnitude = both && *row.a < 0 ? -*row.a : row.a.value_or(0);
    const double gap = both ? (*row.b > *row.a ? *row.b - *row.a : *row.a - *row.b) : 0;
    // What an interval holds for possible is no difference.
    if (both &&
        (gap <= *options_.tolerance * magnitude || (row.half_width && gap <= *row.half_width)))
      return;
    std::string line;
    for (const std::string& cell : cells) {
      if (!line.empty()) line += "  ";
      line += cell;
    }
    out_.beyond.push_back(line);
  }

  const CompareOptions& options_;
  CompareResult& out_;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string divergence(const Comparand& a, const Comparand& b) {
  if (text_at(a.document, "hash") == text_at(b.document, "hash"))
    return "The traces are equal, to the last bit.\n";
  const std::vector<std::string> first = lines_of(a.log), second = lines_of(b.log);
  if (first.empty() || second.empty())
    return "The traces differ; compare two folders (with log.txt) to see where.\n";
  size_t at = 0;
  while (at < first.size() && at < second.size() && first[at] == second[at]) ++at;
  if (at == first.size() && at == second.size())
    return "The traces differ below what the log shows.\n";
  const auto line = [&](const std::vector<std::string>& lines) {
    return at < lines.size() ? lines[at] : std::string("(the log has ended)");
  };
  return fmt::format("The first event that differs (line {} of the logs):\n  A  {}\n  B  {}\n",
                     at + 1, line(first), line(second));
}

void compare_runs(const Comparand& a, const Comparand& b, const CompareOptions& options,
                  CompareResult& out) {
  const JsonNode* first = a.document.at("/metrics/values");
  const JsonNode* second = b.document.at("/metrics/values");
  if (first == nullptr || second == nullptr) {
    out.problem = "a result without metrics: made by an older drey, or of several runs";
    return;
  }
  out.head = fmt::format("A  {}  {} seed {}\nB  {}  {} seed {}\n", a.name,
                         text_at(a.document, "scenario"), text_at(a.document, "seed"), b.name,
                         text_at(b.document, "scenario"), text_at(b.document, "seed"));
  Comparer comparer(options, out);
  comparer.head(false);
  comparer.words({}, "verdict", text_at(a.document, "verdict"), text_at(b.document, "verdict"));
  const auto one = [&](const std::string& name, const JsonNode* x, const JsonNode* y) {
    if (!comparer.wanted(name)) return;
    const bool word = (x != nullptr && x->kind == JsonNode::Kind::text) ||
                      (y != nullptr && y->kind == JsonNode::Kind::text);
    if (word)
      comparer.words({}, name, x == nullptr ? "-" : x->text, y == nullptr ? "-" : y->text);
    else
      comparer.number({{}, name, dimension_of(name), number_in(x), number_in(y), {}});
  };
  for (const JsonMember& member : first->members)
    one(member.key, &member.value, second->find(member.key));
  for (const JsonMember& member : second->members)
    if (first->find(member.key) == nullptr) one(member.key, nullptr, &member.value);
  out.divergence = divergence(a, b);
}

// Samples of both, by the position of the seed; whether every seed is the same.
struct Samples {
  std::vector<double> a, b;
  bool same_seeds = true;
};

Samples samples_of(const JsonNode& x, const JsonNode& y, const std::string& measure) {
  Samples out;
  const JsonNode* first = x.find("samples")->find(measure);
  const JsonNode* second = y.find("samples")->find(measure);
  const std::vector<JsonNode>& seeds_a = x.find("seeds")->items;
  const std::vector<JsonNode>& seeds_b = y.find("seeds")->items;
  out.same_seeds = seeds_a.size() == seeds_b.size();
  if (first == nullptr || second == nullptr) return out;
  for (size_t i = 0; i < std::max(first->items.size(), second->items.size()); ++i) {
    const auto value = [&](const JsonNode* list) {
      return i < list->items.size() ? number_in(&list->items[i]) : std::nullopt;
    };
    const bool same =
        i < seeds_a.size() && i < seeds_b.size() && seeds_a[i].text == seeds_b[i].text;
    const auto from = value(first), to = value(second);
    out.same_seeds &= same && from.has_value() == to.has_value();
    if (from) out.a.push_back(*from);
    if (to) out.b.push_back(*to);
  }
  return out;
}

std::string place_of(const JsonNode& point) {
  std::string text;
  for (const JsonMember& member : point.find("params")->members)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", member.key, member.value.text);
  return text;
}

std::string words_of(const JsonNode* words) {
  return words == nullptr ? "-" : compact_json(*words);
}

void compare_points(const JsonNode& x, const JsonNode& y, const JsonNode& measures,
                    Comparer& comparer) {
  for (const JsonNode& measure : measures.items) {
    const std::string name = text_at(measure, "text");
    if (!comparer.wanted(name)) continue;
    const Dimension dimension = dimension_named(text_at(measure, "dimension"));
    if (dimension == Dimension::word) {
      const JsonNode* first = x.find("metrics")->find(name);
      const JsonNode* second = y.find("metrics")->find(name);
      if (first != nullptr && second != nullptr)
        comparer.words(place_of(x), name, words_of(first->find("words")),
                       words_of(second->find("words")));
      continue;
    }
    const Samples samples = samples_of(x, y, name);
    const reports::Statistic gap = samples.same_seeds
                                       ? reports::paired_difference(samples.a, samples.b)
                                       : reports::difference(samples.a, samples.b);
    const auto mean = [](const std::vector<double>& values) -> std::optional<double> {
      if (values.empty()) return std::nullopt;
      return reports::statistic_of(values).mean;
    };
    comparer.number(
        {place_of(x), name, dimension, mean(samples.a), mean(samples.b), gap.half_width});
  }
}

void compare_sweeps(const Comparand& a, const Comparand& b, const CompareOptions& options,
                    CompareResult& out) {
  out.head = fmt::format("A  {}  {}\nB  {}  {}\n", a.name, text_at(a.document, "name"), b.name,
                         text_at(b.document, "name"));
  Comparer comparer(options, out);
  comparer.head(true);
  const JsonNode* measures = a.document.find("measures");
  const JsonNode* first = a.document.find("points");
  const JsonNode* second = b.document.find("points");
  if (measures == nullptr || first == nullptr || second == nullptr) {
    out.problem = "a sweep without points";
    return;
  }
  size_t matched = 0;
  std::map<std::string, const JsonNode*> there;
  for (const JsonNode& y : second->items) there.emplace(place_of(y), &y);
  for (const JsonNode& x : first->items) {
    const auto found = there.find(place_of(x));
    if (found == there.end()) continue;
    ++matched;
    compare_points(x, *found->second, *measures, comparer);
  }
  if (matched == 0) out.problem = "the sweeps have no point in common";
  out.head += fmt::format("{} points of {} and {} are in both\n", matched, first->items.size(),
                          second->items.size());
}

}  // namespace

CompareResult compare(const Comparand& a, const Comparand& b, const CompareOptions& options) {
  CompareResult out;
  const bool first = text_at(a.document, "format") == "drey-sweep";
  const bool second = text_at(b.document, "format") == "drey-sweep";
  if (first != second) {
    out.problem = "one is a sweep, the other a run";
  } else if (first) {
    compare_sweeps(a, b, options, out);
  } else {
    compare_runs(a, b, options, out);
  }
  return out;
}

}  // namespace drey::scenarios
