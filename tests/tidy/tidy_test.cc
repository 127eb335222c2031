// The guards over the whole tree, and the guards of the guards: every rule has planted violations
// in tests/planted/tidy_*, which it must find, and every planted file must be found by the rule
// that it names.
//
// A planted file begins with "// guard: <rule>" and "// as: <path>", the place where it pretends to
// stand.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/tidy/endpoint_rule.h"
#include "tests/tidy/include_rules.h"
#include "tests/tidy/length_rules.h"
#include "tests/tidy/source_file.h"
#include "tests/tidy/word_rules.h"

namespace drey::tidy {
namespace {

const std::vector<std::string> kRoomsAndTests = {"sim",       "state", "model", "reports",
                                                 "scenarios", "tools", "tests"};

std::vector<SourceFile> tree() {
  std::vector<SourceFile> files = read_sources(DREY_SOURCE_DIR, kRoomsAndTests);
  files.erase(
      std::remove_if(files.begin(), files.end(),
                     [](const SourceFile& file) { return file.path.find("tests/planted/") == 0; }),
      files.end());
  return files;
}

std::string listed(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += to_text(finding) + "\n";
  return text;
}

void append(std::vector<Finding>& all, const std::vector<Finding>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

TEST(tidy, sees_the_sources) {
  const std::vector<SourceFile> files = tree();
  EXPECT_GT(files.size(), 300u);
  std::set<std::string> rooms;
  for (const SourceFile& file : files) rooms.insert(room_of(file.path));
  EXPECT_EQ(rooms.size(), kRoomsAndTests.size());
}

TEST(tidy, includes_go_to_the_left_and_third_parties_stay_in_their_fence) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree()) append(findings, check_includes(file));
  EXPECT_TRUE(findings.empty()) << listed(findings);
}

TEST(tidy, no_banned_words) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree()) append(findings, check_words(file));
  EXPECT_TRUE(findings.empty()) << listed(findings);
}

TEST(tidy, files_and_functions_are_short) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree()) append(findings, check_lengths(file));
  EXPECT_TRUE(findings.empty()) << listed(findings);
}

TEST(tidy, no_endpoint_holds_another) {
  const std::vector<SourceFile> files = tree();
  const std::vector<std::string> endpoints = endpoint_classes(files);
  for (const char* name :
       {"Dispatcher", "JobMaster", "ResourceManager", "TaskExecutor", "JobClient"})
    EXPECT_EQ(std::count(endpoints.begin(), endpoints.end(), name), 1) << name;
  const std::vector<Finding> findings = check_endpoints(files);
  EXPECT_TRUE(findings.empty()) << listed(findings);
}

struct Planted {
  std::string file;
  std::string guard;
  SourceFile source;
};

std::string value_of(const std::string& line, std::string_view key) {
  const std::string prefix = "// " + std::string(key) + ": ";
  return line.compare(0, prefix.size(), prefix) == 0 ? line.substr(prefix.size()) : "";
}

std::vector<Planted> planted() {
  std::vector<Planted> result;
  for (const SourceFile& file : read_sources(DREY_SOURCE_DIR, {"tests/planted"})) {
    if (file.path.find("tests/planted/tidy_") != 0 || file.raw.size() < 2) continue;
    std::string text;
    for (const std::string& line : file.raw) text += line + "\n";
    result.push_back({file.path, value_of(file.raw[0], "guard"),
                      parse_source(value_of(file.raw[1], "as"), text)});
  }
  return result;
}

std::vector<Finding> all_findings(const SourceFile& source) {
  std::vector<Finding> findings = check_includes(source);
  append(findings, check_words(source));
  append(findings, check_lengths(source));
  append(findings, check_endpoints({source}));
  return findings;
}

TEST(tidy_guards, every_planted_violation_is_found_by_its_rule_and_by_no_other) {
  for (const Planted& plant : planted()) {
    ASSERT_FALSE(plant.guard.empty()) << plant.file;
    ASSERT_FALSE(plant.source.path.empty()) << plant.file;
    const std::vector<Finding> findings = all_findings(plant.source);
    EXPECT_FALSE(findings.empty()) << plant.file << ": not found";
    for (const Finding& finding : findings)
      EXPECT_EQ(finding.rule, plant.guard) << to_text(finding);
    if (!findings.empty())
      std::printf("found: %s: %s\n", plant.file.c_str(), to_text(findings[0]).c_str());
  }
}

TEST(tidy_guards, every_rule_has_a_planted_violation) {
  std::vector<std::string> rules = word_rule_names();
  for (const char* name :
       {"room-direction", "model-door", "reports-view", "fence", "include-path", "file-length",
        "function-length", "line-length", "endpoint-holds-endpoint"})
    rules.emplace_back(name);
  std::set<std::string> planted_rules;
  for (const Planted& plant : planted()) planted_rules.insert(plant.guard);
  for (const std::string& rule : rules) {
    // A file of 501 lines is made below rather than kept.
    if (rule == "file-length") continue;
    EXPECT_EQ(planted_rules.count(rule), 1u) << rule;
  }
}

TEST(tidy_guards, file_length_counts_to_the_line) {
  std::string text = "#pragma once\n";
  for (int i = 1; i < 500; ++i) text += "int planted();\n";
  EXPECT_TRUE(check_lengths(parse_source("sim/planted.h", text)).empty());
  text += "int one_more();\n";
  ASSERT_EQ(check_lengths(parse_source("sim/planted.h", text)).size(), 1u);
  EXPECT_TRUE(check_lengths(parse_source("tests/sim/planted.h", text)).empty());
}

TEST(tidy_guards, comments_and_literals_are_no_code) {
  const SourceFile file = parse_source("sim/planted.cc",
                                       "// std::function in a comment\n"
                                       "/* rand( over\n lines */ const char* a = \"std::sort(\";\n"
                                       "const char* b = R\"(getenv)\"; int c = 1'000'000;\n"
                                       "int operand = 1, brand_new = 2;\n");
  EXPECT_TRUE(check_words(file).empty()) << listed(check_words(file));
}

TEST(tidy_guards, an_excuse_must_be_the_one_that_the_rule_names) {
  const std::string call = "void f() { std::sort(a.begin(), a.end()); }";
  EXPECT_EQ(check_words(parse_source("sim/x.cc", call + "\n")).size(), 1u);
  EXPECT_EQ(check_words(parse_source("sim/x.cc", call + "  // because\n")).size(), 1u);
  EXPECT_TRUE(
      check_words(parse_source("sim/x.cc", call + "  // total order: ids are unique\n")).empty());
}

}  // namespace
}  // namespace drey::tidy
