#pragma once
// Loading conformance vectors as data. A test names a file and gives a function that judges one
// case; every file of that name in DREY_CONFORMANCE_DIR (default: the committed copy,
// tests/conformance) and its subfolders is run, so that a user can add vectors of their own. Per
// file one line is printed: how many cases ran, passed, were skipped and why.
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "model/mutants.h"

namespace drey::conformance {

using Json = nlohmann::ordered_json;

struct Outcome {
  enum class Kind { passed, failed, skipped } kind = Kind::passed;
  std::string why;  // failed: the difference; skipped: the written reason
};

inline Outcome passed() { return {}; }
inline Outcome failed(std::string why) { return {Outcome::Kind::failed, std::move(why)}; }
inline Outcome skipped(std::string why) { return {Outcome::Kind::skipped, std::move(why)}; }

// Compares and says both values when they differ.
Outcome expect_equal(const Json& expected, const Json& actual, const std::string& where);

// Runs `judge(case, whole file)` on each case of each file named `file_name`; a failed case fails
// the gtest. A file that is nowhere, or one in which no case ran, fails the test too: a conformance
// test that compares nothing is a defect.
void run_vectors(const std::string& file_name,
                 const std::function<Outcome(const Json& one_case, const Json& file)>& judge);

// What adapters give to the class that they drive: none, except inside expect_mutant_fails().
model::Mutant mutant_under_test();

// The class that the vectors drive is the class that the simulation runs, so a mutant in it must
// fail them: with the mutant on, at least one case of these files fails. Needs an adapter that
// passes mutant_under_test() on.
void expect_mutant_fails(
    model::Mutant mutant, const std::string& file_name,
    const std::function<Outcome(const Json& one_case, const Json& file)>& judge);

}  // namespace drey::conformance
