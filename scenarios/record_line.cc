// A record as the line that a sweep keeps of it, and back. Lines are read as they are written, in
// one pass: of a small run more would cost more than the run (issue 5, must show 7).
#include <fmt/format.h>

#include <algorithm>

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
    size_t end = 1;
    bool plain = true;
    for (; end < rest_.size() && rest_[end] != '"'; ++end) {
      if (rest_[end] != '\\') continue;
      plain = false;
      ++end;
    }
    if (end >= rest_.size()) return false;
    if (plain) {
      out.assign(rest_.substr(1, end - 1));
    } else {
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

bool read_metrics(LineReader& in, RunRecord& record, const MetricNames* wanted) {
  std::string name, word;
  return in.take(R"(,"metrics":{)") && in.each("}", [&] {
    std::string_view digits;
    if (!in.text(name) || !in.take(":")) return false;
    const bool number = in.number(digits);
    if (!number && !in.text(word)) return false;
    if (wanted != nullptr && wanted->count(name) == 0) return true;
    auto& [kept, value] = record.metrics.emplace_back();
    kept = name;
    if (!number) value.word = word;
    if (!number) return true;
    const auto parsed = reports::parse_decimal(digits);
    if (parsed) value.number = *parsed;
    return parsed.has_value();
  });
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
  first = true;
  for (const auto& [name, value] : record.metrics) {
    out.next(first).text(name).raw(":");
    first = false;
    if (!value.word.empty())
      out.text(value.word);
    else if (value.number.denominator == 1)
      out.integer(value.number.numerator);
    else
      out.raw(reports::decimal_text(value.number));
  }
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

std::string print_record(const RunRecord& record) {
  const std::string result = print_result(record);
  LineWriter out;
  out.raw(R"({"key":)").text(record.key).raw(R"(,"digest":)").text(digest_of(result));
  add_run(out, record);
  return out.raw(result).raw("\n").take();
}

std::optional<RunRecord> parse_record(std::string_view line, const MetricNames* wanted) {
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
  if (record.key.size() != 32 || digest_of(result) != record.digest) return std::nullopt;
  return record;
}

}  // namespace drey::scenarios
