// A record as the line that a sweep keeps of it, and back. Lines are read as they are written, in
// one pass: of a small run more would cost more than the run (issue 5, must show 7).
#include <fmt/format.h>

#include <algorithm>

#include "reports/metric_names.h"
#include "reports/quantity.h"
#include "scenarios/json_tree.h"
#include "scenarios/run_record.h"
#include "sim/digest.h"

namespace drey::scenarios {
namespace {

// Of what came out, as the line says it from here to its end.
constexpr std::string_view kResult = R"(,"verdict":)";
std::string digest_of(std::string_view result) {
  sim::Digest digest;
  digest.fold(result);
  return sim::to_hex(digest.value());
}

class LineWriter {
 public:
  LineWriter& raw(std::string_view text) {
    out_ += text;
    return *this;
  }
  LineWriter& text(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
    });
    if (!plain) return raw(json_quoted(text));
    return raw("\"").raw(text).raw("\"");
  }
  // Between members or elements: a comma, but not before the first.
  LineWriter& next(bool first) { return raw(first ? "" : ","); }
  LineWriter& integer(int64_t value) {
    const fmt::format_int digits(value);
    return raw({digits.data(), digits.size()});
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// What was run, whatever came of it.
void add_run(LineWriter& out, const RunRecord& record) {
  out.raw(R"(,"scenario":)").text(record.scenario);
  out.raw(R"(,"scenario_id":)").text(record.scenario_id);
  out.raw(R"(,"params":{)");
  bool first = true;
  for (const auto& [axis, label] : record.params) {
    out.next(first).text(axis).raw(":").text(label);
    first = false;
  }
  out.raw(fmt::format(R"(}},"seed":{})", record.seed));
  out.raw(R"(,"version":)").text(record.version);
}

// Reads what LineWriter wrote; false for anything else.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  bool take(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  bool text(std::string& out) {
    if (rest_.empty() || rest_.front() != '"') return false;
    size_t end = rest_.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (rest_.substr(0, end).find('\\') == std::string_view::npos) {
      out.assign(rest_.substr(1, end - 1));
    } else {
      for (end = 1; end < rest_.size() && rest_[end] != '"'; ++end)
        if (rest_[end] == '\\') ++end;
      if (end >= rest_.size()) return false;
      const auto node = parse_json(rest_.substr(0, end + 1));
      if (!node) return false;
      out = node->text;
    }
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool number(std::string_view& out) {
    size_t end = 0;
    while (end < rest_.size() &&
           ((rest_[end] >= '0' && rest_[end] <= '9') || rest_[end] == '-' || rest_[end] == '.'))
      ++end;
    out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return end > 0;
  }

  bool integer(int64_t& out) {
    std::string_view digits;
    if (!number(digits)) return false;
    const auto value = reports::parse_integer(digits);
    if (value) out = *value;
    return value.has_value();
  }

  // A list or object whose opening bracket is taken: `one` for each element, until `end`.
  template <typename One>
  bool each(std::string_view end, One one) {
    for (bool first = true; !take(end); first = false)
      if ((!first && !take(",")) || !one()) return false;
    return true;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

bool read_run(LineReader& in, RunRecord& record) {
  if (!in.take(R"(,"scenario":)") || !in.text(record.scenario) || !in.take(R"(,"scenario_id":)") ||
      !in.text(record.scenario_id) || !in.take(R"(,"params":{)"))
    return false;
  const bool params = in.each("}", [&] {
    auto& [axis, label] = record.params.emplace_back();
    return in.text(axis) && in.take(":") && in.text(label);
  });
  int64_t seed = 0;
  if (!params || !in.take(R"(,"seed":)") || !in.integer(seed) || !in.take(R"(,"version":)") ||
      !in.text(record.version))
    return false;
  record.seed = static_cast<uint64_t>(seed);
  return true;
}

bool read_result(LineReader& in, RunRecord& record) {
  int64_t events = 0;
  if (!in.take(kResult) || !in.text(record.verdict) || !in.take(R"(,"hash":)") ||
      !in.text(record.hash) || !in.take(R"(,"events":)") || !in.integer(events) ||
      !in.take(R"(,"sim_time_ns":)") || !in.integer(record.end_ns) ||
      !in.take(R"(,"expectations":[)"))
    return false;
  record.events = static_cast<uint64_t>(events);
  return in.each("]", [&] {
    RunRecord::Expectation& e = record.expectations.emplace_back();
    return in.take(R"({"id":)") && in.text(e.id) && in.take(R"(,"text":)") && in.text(e.text) &&
           in.take(R"(,"outcome":)") && in.text(e.outcome) && in.take(R"(,"left":)") &&
           in.text(e.left) && in.take(R"(,"right":)") && in.text(e.right) && in.take("}");
  });
}

// A number or a word.
bool read_value(LineReader& in, reports::MetricValue& value) {
  std::string_view digits;
  if (!in.number(digits)) return in.text(value.word);
  const auto parsed = reports::parse_decimal(digits);
  if (parsed) value.number = *parsed;
  return parsed.has_value();
}
bool skip_value(LineReader& in, std::string& word) {
  std::string_view digits;
  return in.number(digits) || in.text(word);
}

// The list of a series, from behind its bracket.
bool read_series(LineReader& in, const std::string& series, RunRecord& record,
                 const MetricNames* wanted) {
  bool any = wanted == nullptr;
  if (!any) {
    const auto near = wanted->lower_bound(series);
    any = near != wanted->end() && near->starts_with(series);
  }
  size_t place = 0;
  return in.each("]", [&] {
    const size_t at = place++;
    std::string_view digits;
    if (at >= reports::kAggregateNames.size()) return false;
    if (in.take("null")) return true;
    if (!any) return in.number(digits);
    std::string name = series;
    name.append(".").append(reports::kAggregateNames[at]);
    if (wanted != nullptr && wanted->count(name) == 0) return in.number(digits);
    record.metrics.emplace_back(std::move(name), reports::MetricValue{});
    return read_value(in, record.metrics.back().second);
  });
}

bool read_metrics(LineReader& in, RunRecord& record, const MetricNames* wanted) {
  std::string name, word;
  return in.take(R"(,"metrics":{)") && in.each("}", [&] {
    if (!in.text(name) || !in.take(":")) return false;
    if (in.take("[")) return read_series(in, name, record, wanted);
    if (wanted != nullptr && wanted->count(name) == 0) return skip_value(in, word);
    record.metrics.emplace_back(name, reports::MetricValue{});
    return read_value(in, record.metrics.back().second);
  });
}

void add_value(LineWriter& out, const reports::MetricValue& value) {
  if (!value.word.empty())
    out.text(value.word);
  else if (value.number.denominator == 1)
    out.integer(value.number.numerator);
  else
    out.raw(reports::decimal_text(value.number));
}

// "job.downtime.max" -> "job.downtime" and where "max" stands in kAggregateNames.
struct Aggregate {
  std::string_view series;
  size_t place = reports::kAggregateNames.size();
  bool any() const { return place < reports::kAggregateNames.size(); }
};
Aggregate aggregate_of(std::string_view name) {
  const size_t dot = std::min(name.rfind('.'), name.size());
  const std::string_view last = name.substr(std::min(dot + 1, name.size()));
  for (size_t i = 0; i < reports::kAggregateNames.size(); ++i)
    if (reports::kAggregateNames[i] == last) return {name.substr(0, dot), i};
  return {};
}

// The aggregates of a series are one list in the order of kAggregateNames, null for one that is
// not there: written out by name they are most of a line.
void add_metrics(LineWriter& out, const reports::StoredMetrics::Rows& rows) {
  for (size_t i = 0; i < rows.size();) {
    const Aggregate first = aggregate_of(rows[i].first);
    size_t end = i + 1;
    size_t last = first.place;
    while (first.any() && rows[i].second.word.empty() && end < rows.size()) {
      const Aggregate more = aggregate_of(rows[end].first);
      if (!more.any() || more.series != first.series || more.place <= last) break;
      if (!rows[end].second.word.empty()) break;
      last = more.place;
      ++end;
    }
    out.next(i == 0);
    if (end - i == 1) {
      out.text(rows[i].first).raw(":");
      add_value(out, rows[i].second);
      ++i;
      continue;
    }
    out.text(first.series).raw(":[");
    for (size_t place = 0; place <= last; ++place) {
      out.next(place == 0);
      if (aggregate_of(rows[i].first).place != place) {
        out.raw("null");
        continue;
      }
      add_value(out, rows[i].second);
      ++i;
    }
    out.raw("]");
  }
}

// From the verdict on.
std::string print_result(const RunRecord& record) {
  LineWriter out;
  out.raw(kResult).text(record.verdict).raw(R"(,"hash":)").text(record.hash);
  out.raw(R"(,"events":)").integer(static_cast<int64_t>(record.events));
  out.raw(R"(,"sim_time_ns":)").integer(record.end_ns).raw(R"(,"expectations":[)");
  bool first = true;
  for (const RunRecord::Expectation& e : record.expectations) {
    out.next(first).raw(R"({"id":)").text(e.id).raw(R"(,"text":)").text(e.text);
    out.raw(R"(,"outcome":)").text(e.outcome).raw(R"(,"left":)").text(e.left);
    out.raw(R"(,"right":)").text(e.right).raw("}");
    first = false;
  }
  out.raw("]").raw(R"(,"metrics":{)");
  add_metrics(out, record.metrics);
  return out.raw("}}").take();
}

}  // namespace

std::string print_failure(const RunRecord& of, std::string_view why) {
  LineWriter out;
  out.raw(R"({"failed":)").text(of.key).raw(R"(,"why":)").text(why);
  add_run(out, of);
  return out.raw("}\n").take();
}

std::string failed_key(std::string_view line) {
  LineReader in(line);
  std::string key;
  return in.take(R"({"failed":)") && in.text(key) ? key : std::string();
}

std::string print_metrics(const RunRecord& record) {
  LineWriter out;
  out.raw("{");
  bool first = true;
  for (const auto& [name, value] : record.metrics) {
    out.next(first).text(name).raw(":");
    add_value(out, value);
    first = false;
  }
  return out.raw("}").take();
}

namespace {

std::string whole_line(const RunRecord& record, const std::string& digest,
                       std::string_view result) {
  LineWriter out;
  out.raw(R"({"key":)").text(record.key).raw(R"(,"digest":)").text(digest);
  add_run(out, record);
  return out.raw(result).raw("\n").take();
}

enum class DigestCheck : uint8_t { compare, trust };

std::optional<RunRecord> parse_line(std::string_view line, const MetricNames* wanted,
                                    DigestCheck check) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  LineReader in(line);
  RunRecord record;
  if (!in.take(R"({"key":)") || !in.text(record.key) || !in.take(R"(,"digest":)") ||
      !in.text(record.digest) || !read_run(in, record))
    return std::nullopt;
  const std::string_view result = in.rest();
  if (!read_result(in, record) || !read_metrics(in, record, wanted) || !in.take("}") ||
      !in.rest().empty())
    return std::nullopt;
  // What came out must be what was written: a torn or edited line is no record.
  if (record.key.size() != 32 ||
      (check == DigestCheck::compare && digest_of(result) != record.digest))
    return std::nullopt;
  return record;
}

}  // namespace

PrintedRecord print_both(RunRecord record, const MetricNames& wanted) {
  PrintedRecord out;
  const std::string result = print_result(record);
  const std::string digest = digest_of(result);
  out.line = whole_line(record, digest, result);
  const auto is_wanted = [&](const auto& row) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const std::string& name) { return name == row.first; });
  };
  RunRecord brief = std::move(record);
  std::vector<std::pair<std::string, reports::MetricValue>> kept;
  for (auto& row : brief.metrics)
    if (is_wanted(row)) kept.push_back(std::move(row));
  brief.metrics = std::move(kept);
  out.brief = whole_line(brief, digest, print_result(brief));
  return out;
}

std::string print_record(const RunRecord& record) {
  const std::string result = print_result(record);
  return whole_line(record, digest_of(result), result);
}

std::optional<RunRecord> parse_record(std::string_view line, const MetricNames* wanted) {
  return parse_line(line, wanted, DigestCheck::compare);
}

std::optional<RunRecord> parse_brief(std::string_view line) {
  return parse_line(line, nullptr, DigestCheck::trust);
}

}  // namespace drey::scenarios
