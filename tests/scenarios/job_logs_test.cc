// Which source reads which log, and what a fault that names a log does.
#include "scenarios/job_logs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "scenarios/committed_output.h"
#include "scenarios/csv_records.h"
#include "tests/scenarios/bare_run.h"

namespace drey::scenarios {
namespace {

using nlohmann::json;

constexpr const char* kTwo = "logs/two-logs-one-sum.json";

std::vector<std::string> readers(const JobLog& log) {
  std::vector<std::string> ids;
  for (const VertexSpec* reader : log.readers) ids.push_back(reader->id);
  return ids;
}

json vertices(json changes) { return {{"job", {{"vertices", std::move(changes)}}}}; }

TEST(JobLogs, SourcesThatDescribeOneLogShareIt) {
  const Scenario scenario = scenario_with("regions/two-sources-new-leader.json");
  const std::vector<JobLog> logs = job_logs(scenario);
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(readers(logs[0]), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(log_services(scenario), std::vector<std::string>{"log"});
}

TEST(JobLogs, ATopicSeparatesSourcesThatDescribeTheSame) {
  const Scenario scenario =
      scenario_with("regions/two-sources-new-leader.json", vertices({{"b", {{"topic", "t"}}}}));
  EXPECT_EQ(log_services(scenario), (std::vector<std::string>{"log-a", "log-t"}));
  const sim::LogSet logs = make_logs(scenario, 7);
  EXPECT_EQ(logs.read_by("b"), 1u);
  // Another topic has other records.
  EXPECT_NE(logs.record(0, 0).value,
            logs.record(logs.members()[1].contents->first_split(), 0).value);
}

TEST(JobLogs, EachDescribedLogIsItsOwn) {
  const Scenario scenario = scenario_with(kTwo);
  EXPECT_EQ(log_services(scenario), (std::vector<std::string>{"log-orders", "log-refunds"}));
  const sim::LogSet logs = make_logs(scenario, 1);
  EXPECT_EQ(logs.splits(), 5);
  EXPECT_EQ(logs.total(), 4'900u);
  EXPECT_EQ(logs.members()[0].contents->spec().seed, 1u);
  EXPECT_EQ(logs.members()[1].contents->spec().keys, 40u);
}

TEST(JobLogs, NullTasksShareOneLog) {
  const Scenario scenario =
      scenario_with(kTwo, {{"grain", "null"}, {"expect", json::array()}, {"killed_by", nullptr}});
  EXPECT_EQ(job_logs(scenario).size(), 1u);
}

TEST(JobLogs, ALaterJobReadsOnInTheLogsOfTheFirst) {
  const Scenario first = scenario_with(kTwo);
  Scenario later = first;
  for (VertexSpec& vertex : later.job.vertices)
    if (vertex.id == "refunds") vertex.id = "returns";
  const VertexSpec& renamed = *later.vertex("returns");
  EXPECT_EQ(log_of_later(first, later, *later.vertex("orders")), 0u);
  EXPECT_EQ(log_of_later(first, later, renamed), 1u);  // by what it describes
  VertexSpec other = renamed;
  other.records = 901;
  EXPECT_EQ(log_of_later(first, later, other), std::nullopt);
  other.topic = "refunds";
  EXPECT_EQ(log_of_later(first, later, other), std::nullopt);  // no source names that topic
}

TEST(JobLogs, UserCodeBehindOneLogCountsThatLogsSplits) {
  const auto split_of = [](const char* vertex, size_t op) {
    const Scenario scenario =
        scenario_with("logs/two-pipelines.json",
                      vertices({{vertex, {{"user_code", {{{"action", "throw"}, {"split", 1}}}}}}}));
    const Assembly assembly(scenario, {});
    return assembly.job().spec.operators.at(op).user_code.at(0).split;
  };
  EXPECT_EQ(split_of("sums", 1), 1);
  EXPECT_EQ(split_of("counts", 4), 3);
  const Scenario both = scenario_with(
      kTwo, vertices({{"agg", {{"user_code", {{{"action", "throw"}, {"split", 4}}}}}}}));
  EXPECT_EQ(logs_above(both, *both.vertex("agg")), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(Assembly(both, {}).job().spec.operators.at(2).user_code.at(0).split, 4);
}

TEST(JobLogs, KeysOfSeveralFilesAreOneSet) {
  const std::filesystem::path folder = ::testing::TempDir();
  const std::string tag = std::to_string(getpid());
  const auto file = [&](const std::string& name, const std::string& rows) {
    const std::filesystem::path path = folder / (tag + name);
    std::ofstream(path) << "who,cents\n" << rows;
    return CsvData{.path = name, .file = path.string(), .key = "who", .value = "cents"};
  };
  CsvKeys keys;
  const CsvRecords a = load_csv(file("a.csv", "ada,1\nbob,2\n"), keys);
  const CsvRecords b = load_csv(file("b.csv", "cid,3\nada,4\n"), keys);
  EXPECT_EQ(keys.texts, (std::vector<std::string>{"ada", "bob", "cid"}));
  ASSERT_EQ(b.rows.size(), 2u);
  EXPECT_EQ(b.rows[0].key, 2u);
  EXPECT_EQ(b.rows[1].key, a.rows[0].key);
}

// Of the library scenario with changes.
std::string errors_of(json changes) {
  const std::filesystem::path file = std::filesystem::canonical(::testing::TempDir()) /
                                     ("drey-logs-" + std::to_string(getpid()) + ".json");
  changes["extends"] =
      std::filesystem::relative(std::filesystem::canonical(in_library(kTwo)), file.parent_path())
          .string();
  std::ofstream(file) << changes;
  return read_scenario_file(file.string()).errors();
}

TEST(JobLogs, WhatContradictsItselfIsSaidPrecisely) {
  EXPECT_NE(
      errors_of(vertices({{"refunds", {{"topic", "orders"}}}}))
          .find("\"refunds\" reads the topic \"orders\", and the log of \"orders\" has that name"),
      std::string::npos);
  EXPECT_NE(errors_of(vertices({{"orders", {{"topic", "t"}}}, {"refunds", {{"topic", "t"}}}}))
                .find("read the topic \"t\" but describe different logs"),
            std::string::npos);
  EXPECT_EQ(errors_of(vertices({{"orders", {{"topic", "t"}}}, {"refunds", {{"topic", "u"}}}})), "");
}

}  // namespace
}  // namespace drey::scenarios
