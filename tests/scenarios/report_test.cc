// The report of a run: what the page shows is the result, the trace is one that Perfetto accepts,
// nothing in the data can leave its place, and looking at a run does not change it.
#include "scenarios/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/write_json_report.h"
#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using Json = nlohmann::json;

RunOutcome run_of(const std::string& file, bool report) {
  const ReadScenario read = read_scenario_file(in_library(file));
  const RunRequest request{.scenario = &*read.scenario, .file = file, .seed = 1, .report = report};
  return run_once(request);
}

// ---- the exported trace

double micros(const Json& event, const char* key) { return event.at(key).get<double>(); }

// Slices of one track must nest: what begins inside another ends inside it.
void check_nesting(const std::vector<Json>& slices, std::vector<std::string>& problems) {
  std::vector<double> open;
  for (const Json& slice : slices) {
    const double from = micros(slice, "ts");
    const double to = from + micros(slice, "dur");
    while (!open.empty() && open.back() <= from + 0.0005) open.pop_back();
    if (!open.empty() && to > open.back() + 0.0005)
      problems.push_back("a slice that ends after the one around it: " + slice.dump());
    open.push_back(to);
  }
}

std::vector<std::string> problems_of_trace(const Json& trace) {
  std::vector<std::string> problems;
  std::map<std::pair<int, int>, std::vector<Json>> slices;
  std::map<std::string, int> open;
  std::set<int> named;
  double before = 0;
  for (const Json& event : trace.at("traceEvents")) {
    const std::string phase = event.at("ph");
    if (phase == "M") {
      if (event.at("name") == "process_name") named.insert(event.at("pid").get<int>());
      continue;
    }
    if (micros(event, "ts") < before) problems.push_back("out of order: " + event.dump());
    before = micros(event, "ts");
    if (named.count(event.at("pid").get<int>()) == 0)
      problems.push_back("a process without a name: " + event.dump());
    if (phase == "X") {
      slices[{event.at("pid"), event.at("tid")}].push_back(event);
    } else if (phase == "b" || phase == "e") {
      int& count =
          open[event.at("cat").get<std::string>() + "/" + event.at("id").get<std::string>()];
      count += phase == "b" ? 1 : -1;
      if (count < 0) problems.push_back("an end without a beginning: " + event.dump());
    } else if (phase == "C") {
      for (const auto& value : event.at("args"))
        if (!value.is_number()) problems.push_back("no number: " + event.dump());
    } else if (phase != "i") {
      problems.push_back("a phase of its own: " + event.dump());
    }
  }
  for (const auto& [id, count] : open)
    if (count != 0) problems.push_back("never ends: " + id);
  for (const auto& [track, list] : slices) check_nesting(list, problems);
  return problems;
}

size_t count_of(const Json& trace, std::string_view phase, std::string_view category) {
  const Json& events = trace.at("traceEvents");
  return static_cast<size_t>(std::count_if(events.begin(), events.end(), [&](const Json& event) {
    return event.at("ph") == phase && event.value("cat", "") == category;
  }));
}

class Report : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    outcome_ = run_of(GetParam(), true);
    result_ = Json::parse(outcome_.json);
    detail_ = Json::parse(outcome_.detail);
    trace_ = Json::parse(outcome_.trace);
  }
  RunOutcome outcome_;
  Json result_, detail_, trace_;
};

TEST_P(Report, LookingAtARunDoesNotChangeIt) {
  const RunOutcome plain = run_of(GetParam(), false);
  EXPECT_EQ(plain.json, outcome_.json);
  EXPECT_EQ(plain.detail, "");
  EXPECT_EQ(run_of(GetParam(), true), outcome_);
}

TEST_P(Report, DetailsAgreeWithTheResult) {
  size_t completed = 0;
  for (const Json& checkpoint : detail_.at("checkpoints"))
    completed += checkpoint.at("outcome") == "completed" ? 1 : 0;
  EXPECT_EQ(completed, result_.at("checkpoints").at("completed"));
  EXPECT_EQ(detail_.at("restarts").size(), result_.at("failovers").size());
  EXPECT_EQ(detail_.at("end"), result_.at("sim_time_ns"));
  for (const Json& fault : detail_.at("faults")) {
    const auto found =
        std::find_if(result_.at("faults").begin(), result_.at("faults").end(),
                     [&](const Json& told) { return told.at("id") == fault.at("id"); });
    ASSERT_NE(found, result_.at("faults").end());
    EXPECT_EQ(fault.at("spans").empty(), !found->at("landed").get<bool>()) << fault;
  }
  // One attempt of each subtask, and one more for each time that a failover restarted it.
  std::map<int, size_t> attempts, expected;
  size_t restarted = 0;
  for (const Json& row : detail_.at("attempts").at("rows")) ++attempts[row.at(0)];
  for (const Json& failover : result_.at("failovers")) restarted += failover.at("restarted").size();
  size_t all = 0;
  for (const auto& [subtask, count] : attempts) all += count;
  EXPECT_EQ(attempts.size(), detail_.at("graph").at("subtasks"));
  EXPECT_EQ(all, attempts.size() + restarted);
}

// States by number, times by their distance: each row leads to states that the page knows, and to
// no time after the end.
TEST_P(Report, AttemptsAreRowsOfStatesAndDistances) {
  const Json& states = detail_.at("attempts").at("states");
  for (const Json& row : detail_.at("attempts").at("rows")) {
    ASSERT_EQ(row.size() % 2, 1u);
    ASSERT_GE(row.size(), 5u);
    int64_t time = 0;
    for (size_t i = 3; i < row.size(); i += 2) {
      EXPECT_GE(row.at(i), 0);
      time += row.at(i).get<int64_t>();
      EXPECT_LT(row.at(i + 1), states.size());
    }
    EXPECT_LE(time, detail_.at("end"));
    // A first attempt is CREATED before anybody listens, a later one is announced as such.
    const std::string first = states.at(row.at(4).get<size_t>());
    EXPECT_TRUE(first == "CREATED" || first == "SCHEDULED") << first;
  }
}

// Each metric of the result that is a length or a size is shown as one.
TEST_P(Report, DimensionsNameEveryMetric) {
  const Json& dimensions = detail_.at("dimensions");
  for (const auto& [name, value] : result_.at("metrics").at("values").items()) {
    const bool function = name.find('(') != std::string::npos;
    const std::string first = name.substr(0, name.find('('));
    const std::string metric = first.substr(first.find('.') + 1);
    const std::string last = metric.substr(0, metric.find('.'));
    EXPECT_TRUE(function ? dimensions.contains(first)
                         : dimensions.contains(first.substr(0, first.find('.')) + "." + last) ||
                               dimensions.contains("vertex." + last))
        << name;
  }
  EXPECT_EQ(dimensions.at("job.duration"), "duration");
  EXPECT_EQ(dimensions.at("disk.bytes_read"), "bytes");
}

TEST_P(Report, SeriesAddUpToTheWholeRun) {
  uint64_t committed = 0, read = 0, sent = 0, written = 0;
  size_t buckets = detail_.at("series").at("buckets");
  for (const Json& column : detail_.at("series").at("columns")) {
    EXPECT_EQ(column.at("values").size(), buckets) << column.at("name");
    for (const Json& value : column.at("values")) {
      if (column.at("name") == "committed") committed += value.get<uint64_t>();
      if (column.at("name") == "read") read += value.get<uint64_t>();
      if (column.at("name") == "network_bytes") sent += value.get<uint64_t>();
      if (column.at("name") == "disk_written_bytes") written += value.get<uint64_t>();
    }
  }
  EXPECT_GE(committed, result_.at("ledger").at("compared").get<uint64_t>());
  EXPECT_GT(committed, 0u);
  EXPECT_GE(read, committed / 2);
  const Json& metrics = result_.at("metrics").at("values");
  EXPECT_GT(sent, 0u);
  EXPECT_EQ(sent, metrics.at("network.bytes"));
  EXPECT_EQ(written, metrics.at("disk.bytes_written"));
}

TEST_P(Report, TheTraceIsOneThatPerfettoAccepts) {
  EXPECT_EQ(problems_of_trace(trace_), std::vector<std::string>{});
  EXPECT_EQ(count_of(trace_, "X", "attempt"), detail_.at("attempts").at("rows").size());
  EXPECT_EQ(count_of(trace_, "b", "checkpoint"), detail_.at("checkpoints").size());
  EXPECT_EQ(count_of(trace_, "b", "failover"), detail_.at("restarts").size());
  size_t landed = 0;
  for (const Json& fault : detail_.at("faults")) landed += fault.at("spans").size();
  EXPECT_EQ(count_of(trace_, "i", "fault"), landed);
  EXPECT_GT(count_of(trace_, "C", ""), 0u);
  EXPECT_EQ(trace_.at("otherData").at("hash"), result_.at("hash"));
}

INSTANTIATE_TEST_SUITE_P(Library, Report,
                         testing::Values("task_manager/crash-heap.json",
                                         "restart/batch-result-lost.json",
                                         "checkpoint/expires.json", "window/tumbling-crash.json"));

TEST(ReportTrace, TheCheckFindsWhatIsWrong) {
  const Json trace = Json::parse(run_of("task_manager/crash-heap.json", true).trace);
  const auto spoilt = [&](auto change) {
    Json copy = trace;
    for (Json& event : copy.at("traceEvents"))
      if (change(event)) break;
    return problems_of_trace(copy);
  };
  EXPECT_FALSE(spoilt([](Json& event) {
                 if (event.at("ph") != "X" || event.value("cat", "") != "task") return false;
                 event["dur"] = 1e12;
                 return true;
               }).empty());
  EXPECT_FALSE(spoilt([](Json& event) {
                 if (event.at("ph") != "e") return false;
                 event["id"] = "another";
                 return true;
               }).empty());
  EXPECT_FALSE(spoilt([](Json& event) {
                 if (event.at("ph") != "C") return false;
                 event["ts"] = 1e15;
                 return true;
               }).empty());
}

TEST(ReportPage, NoTextOfTheDataCanLeaveItsPlace) {
  const std::string evil = "</script><script>alert(1)</script><!-- <b>";
  const std::string data = Json{{"format", 1}, {"kind", "run"}, {"name", evil}}.dump();
  const std::string empty = reports::report_page("null");
  const std::string page = reports::report_page(data);
  const auto ends = [](const std::string& text) {
    size_t count = 0;
    for (size_t at = text.find("</script"); at != std::string::npos;
         at = text.find("</script", at + 1))
      ++count;
    return count;
  };
  EXPECT_EQ(ends(page), ends(empty));
  const std::string open = "id=\"drey-data\">";
  const size_t from = page.find(open) + open.size();
  const std::string kept = page.substr(from, page.find("</script", from) - from);
  EXPECT_EQ(Json::parse(kept).at("name"), evil);
  EXPECT_EQ(page.find("http://", page.find("<body")), std::string::npos);
}

TEST(ReportPage, ManyResultsStayBelowFiveMegabytes) {
  const std::string result = run_of("task_manager/crash-heap.json", false).json;
  std::vector<std::string> results(2000, result);
  results[1500].replace(results[1500].find("\"pass\""), 6, "\"fail\"");
  const std::string data = reports::run_data(results, {});
  EXPECT_LT(data.size(), 3'000'000u);
  const Json parsed = Json::parse(data);
  EXPECT_EQ(parsed.at("results").size() + parsed.at("left_out").get<size_t>(), results.size());
  EXPECT_GT(parsed.at("left_out").get<size_t>(), 0u);
  const auto failed = std::find_if(parsed.at("results").begin(), parsed.at("results").end(),
                                   [](const Json& one) { return one.at("verdict") == "fail"; });
  EXPECT_NE(failed, parsed.at("results").end());
}

}  // namespace
}  // namespace drey::scenarios
