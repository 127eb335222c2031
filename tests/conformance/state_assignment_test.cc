// What lies in lists of operator state is dealt out to another parallelism as upstream does it.
// drey has one list in split mode per operator, so only such cases are driven.
#include "model/cluster/state_assignment.h"

#include <gtest/gtest.h>

#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

struct Item {
  std::string handle;
  int64_t offset = 0;
  friend bool operator==(const Item& a, const Item& b) {
    return a.handle == b.handle && a.offset == b.offset;
  }
};

// The items of one subtask, in the order of its handles.
std::vector<Item> items_of(const Json& subtask) {
  std::vector<Item> items;
  for (const Json& handle : subtask)
    for (const auto& [name, state] : handle[1].items())
      for (const Json& offset : state[1]) items.push_back({handle[0], offset});
  return items;
}

bool is_one_split_list(const Json& one) {
  std::string only;
  for (const Json& subtask : one["handles"])
    for (const Json& handle : subtask)
      for (const auto& [name, state] : handle[1].items()) {
        if (state[0] != "S" || (!only.empty() && only != name)) return false;
        only = name;
      }
  return !only.empty();
}

Outcome judge(const Json& one, const Json&) {
  if (one["kind"] != "operator") return skipped("channel state and several lists of an operator");
  if (!is_one_split_list(one)) return skipped("union and broadcast lists, several lists");
  if (one["old"] == one["new"]) return skipped("the same parallelism: nothing is dealt out");
  std::vector<Item> all;
  for (const Json& subtask : one["handles"])
    for (const Item& item : items_of(subtask)) all.push_back(item);
  const uint32_t parts = one["new"];
  for (uint32_t i = 0; i < parts; ++i)
    if (!(model::share_of(all, i, parts) == items_of(one["expected"][i])))
      return failed("subtask " + std::to_string(i) + " of " + std::to_string(parts));
  return passed();
}

TEST(state_assignment, lists_are_dealt_out_as_upstream) {
  run_vectors("state-assignment.json", judge);
}

}  // namespace
}  // namespace drey::conformance
