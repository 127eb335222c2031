#include "tests/conformance/vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

namespace drey::conformance {

namespace {

std::filesystem::path root() {
  const char* named = std::getenv("DREY_CONFORMANCE_DIR");
  if (named != nullptr && *named != '\0') return named;
  return std::filesystem::path(DREY_SOURCE_DIR) / "tests" / "conformance";
}

std::vector<std::filesystem::path> files_named(const std::string& file_name) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root())) {
    if (entry.is_regular_file() && entry.path().filename() == file_name)
      found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

struct Tally {
  int ran = 0;
  int passed = 0;
  int failed = 0;
  std::map<std::string, int> skipped;  // by reason
};

std::string case_name(const Json& one_case, int index) {
  const auto id = one_case.find("id");
  if (id == one_case.end()) return "case " + std::to_string(index);
  return id->is_string() ? id->get<std::string>() : id->dump();
}

void report(const std::filesystem::path& path, const Tally& tally) {
  int skipped = 0;
  for (const auto& [reason, count] : tally.skipped) skipped += count;
  std::printf("[ conform  ] %s: %d ran, %d passed, %d failed, %d skipped\n",
              std::filesystem::relative(path, root()).c_str(), tally.ran, tally.passed,
              tally.failed, skipped);
  for (const auto& [reason, count] : tally.skipped)
    std::printf("[ conform  ]   skipped %d: %s\n", count, reason.c_str());
}

void run_file(const std::filesystem::path& path,
              const std::function<Outcome(const Json&, const Json&)>& judge) {
  std::ifstream stream(path);
  Json file;
  try {
    file = Json::parse(stream);
  } catch (const nlohmann::json::exception& error) {
    FAIL() << path << ": " << error.what();
  }
  constexpr int kFailuresShown = 10;
  Tally tally;
  int index = 0;
  for (const Json& one_case : file.at("cases")) {
    const Outcome outcome = judge(one_case, file);
    switch (outcome.kind) {
      case Outcome::Kind::passed:
        ++tally.ran;
        ++tally.passed;
        break;
      case Outcome::Kind::failed:
        ++tally.ran;
        if (++tally.failed <= kFailuresShown)
          ADD_FAILURE() << path.filename() << " " << case_name(one_case, index) << ": "
                        << outcome.why;
        break;
      case Outcome::Kind::skipped:
        EXPECT_FALSE(outcome.why.empty()) << "a skip needs a written reason";
        ++tally.skipped[outcome.why];
        break;
    }
    ++index;
  }
  report(path, tally);
  EXPECT_EQ(tally.failed, 0) << path;
  EXPECT_GT(tally.ran, 0) << path << ": no case ran";
}

}  // namespace

namespace {
model::Mutant under_test = model::Mutant::none;
}  // namespace

model::Mutant mutant_under_test() { return under_test; }

void expect_mutant_fails(model::Mutant mutant, const std::string& file_name,
                         const std::function<Outcome(const Json&, const Json&)>& judge) {
  const auto files = files_named(file_name);
  ASSERT_FALSE(files.empty()) << "no file named " << file_name << " below " << root();
  int ran = 0;
  int fail = 0;
  under_test = mutant;
  for (const auto& path : files) {
    std::ifstream stream(path);
    const Json file = Json::parse(stream);
    for (const Json& one_case : file.at("cases")) {
      const Outcome outcome = judge(one_case, file);
      ran += outcome.kind == Outcome::Kind::skipped ? 0 : 1;
      fail += outcome.kind == Outcome::Kind::failed ? 1 : 0;
    }
  }
  under_test = model::Mutant::none;
  std::printf("[ mutant   ] %s: %d of %d cases of %s fail\n",
              std::string(model::name_of(mutant)).c_str(), fail, ran, file_name.c_str());
  EXPECT_GT(fail, 0) << "no case of " << file_name << " notices the mutant";
}

Outcome expect_equal(const Json& expected, const Json& actual, const std::string& where) {
  if (expected == actual) return passed();
  return failed(where + ": expected " + expected.dump() + ", got " + actual.dump());
}

void run_vectors(const std::string& file_name,
                 const std::function<Outcome(const Json&, const Json&)>& judge) {
  const auto files = files_named(file_name);
  ASSERT_FALSE(files.empty()) << "no file named " << file_name << " below " << root();
  for (const auto& path : files) run_file(path, judge);
}

}  // namespace drey::conformance
