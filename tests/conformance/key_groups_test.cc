// key-groups.json, key-groups-asserted.json: Java hashes and Flink's key-group arithmetic
// (state/key_group.h).
#include "state/key_group.h"

#include <gtest/gtest.h>

#include "state/java_hash.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using state::KeyGroupRange;

int32_t hash_of(const std::string& type, const Json& key) {
  if (type == "int64") return state::java_hash_int64(key.get<int64_t>());
  if (type == "int32") return state::java_hash_int32(key.get<int32_t>());
  if (type == "string") return state::java_hash_string(key.get<std::string>());
  if (type == "bool") return state::java_hash_bool(key.get<bool>());
  if (type == "double")
    return state::java_hash_double_bits(std::stoull(key.get<std::string>(), nullptr, 16));
  const size_t open = type.find('(');
  const size_t comma = type.find(',');
  return state::java_hash_tuple2(
      hash_of(type.substr(open + 1, comma - open - 1), key.at(0)),
      hash_of(type.substr(comma + 1, type.size() - comma - 2), key.at(1)));
}

Json of_hash(int32_t hash, const Json& units) {
  Json got = {{"murmur", state::murmur(hash)}, {"groups", Json::array()}};
  for (const Json& max : units.at("max_parallelism"))
    got["groups"].push_back(state::key_group_of_hash(hash, max.get<int32_t>()));
  return got;
}

Json of_key(const Json& c, const Json& units) {
  const int32_t hash = hash_of(c.at("type").get<std::string>(), c.at("key"));
  Json got = {{"hash", hash}};
  got.update(of_hash(hash, units));
  got["subtasks"] = Json::array();
  for (const Json& pair : units.at("subtasks_for")) {
    const auto max = pair.at(0).get<int32_t>();
    got["subtasks"].push_back(state::subtask_of_group(state::key_group_of_hash(hash, max), max,
                                                      pair.at(1).get<int32_t>()));
  }
  return got;
}

Outcome judge_range(const Json& c) {
  const auto max = c.at("max_parallelism").get<int32_t>();
  const auto parallelism = c.at("parallelism").get<int32_t>();
  for (const Json& row : c.at("expected").at("ranges")) {
    const auto range = state::key_groups_of_subtask(row.at(0).get<int32_t>(), max, parallelism);
    if (range != KeyGroupRange{row.at(1).get<int32_t>(), row.at(2).get<int32_t>()})
      return failed("range of subtask " + row.at(0).dump());
  }
  for (const Json& row : c.at("expected").at("operator_of_group")) {
    if (state::subtask_of_group(row.at(0).get<int32_t>(), max, parallelism) != row.at(1))
      return failed("operator of group " + row.at(0).dump());
  }
  return passed();
}

Json as_json(const std::optional<KeyGroupRange>& range) {
  if (!range) return nullptr;
  return Json::array({range->first, range->last});
}

KeyGroupRange range_of(const Json& pair) {
  return {pair.at(0).get<int32_t>(), pair.at(1).get<int32_t>()};
}

Outcome judge(const Json& c, const Json& file) {
  const auto kind = c.at("kind").get<std::string>();
  const Json& expected = c.at("expected");
  if (kind == "key") return expect_equal(expected, of_key(c, file.at("units")), "key");
  if (kind == "hash")
    return expect_equal(expected, of_hash(c.at("hash").get<int32_t>(), file.at("units")), "hash");
  if (kind == "range") return judge_range(c);
  if (kind == "default")
    return expect_equal(expected,
                        state::default_max_parallelism(c.at("parallelism").get<int32_t>()),
                        "default max parallelism");
  if (kind == "check") {
    const auto error = state::parallelism_error(c.at("max_parallelism").get<int64_t>(),
                                                c.at("parallelism").get<int64_t>());
    return expect_equal(expected, error ? "IllegalArgumentException" : "ok", "check");
  }
  if (kind == "intersect")
    return expect_equal(expected,
                        as_json(state::intersect(range_of(c.at("a")), range_of(c.at("b")))),
                        "intersection");
  return failed("unknown kind " + kind);
}

// All three invariants of one pair; empty when they hold.
std::string broken_invariant(int32_t max, int32_t parallelism) {
  int32_t next = 0;
  for (int32_t subtask = 0; subtask < parallelism; ++subtask) {
    const auto range = state::key_groups_of_subtask(subtask, max, parallelism);
    if (range.first != next || range.last < range.first) return "gap or overlap";
    for (int32_t group = range.first; group <= range.last; ++group) {
      if (state::subtask_of_group(group, max, parallelism) != subtask) return "not inverse";
    }
    next = range.last + 1;
  }
  return next == max ? "" : "not covered";
}

Outcome judge_invariants(const Json& given) {
  const auto check = [](int32_t max, int32_t parallelism) -> Outcome {
    const std::string broken = broken_invariant(max, parallelism);
    if (broken.empty()) return passed();
    return failed(broken + " at " + std::to_string(max) + ", " + std::to_string(parallelism));
  };
  if (given.contains("pairs")) {
    for (const Json& pair : given.at("pairs")) {
      const auto outcome = check(pair.at(0).get<int32_t>(), pair.at(1).get<int32_t>());
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  uint64_t x = 1;
  for (int n = given.value("random_pairs", 0); n > 0; --n) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    const auto max = static_cast<int32_t>(1 + (x >> 33) % 4096);
    const auto outcome =
        check(max, static_cast<int32_t>(1 + (x >> 45) % static_cast<uint32_t>(max)));
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  for (int32_t max = 1; max <= given.value("all_up_to", 0); ++max) {
    for (int32_t parallelism = 1; parallelism <= max; ++parallelism) {
      const auto outcome = check(max, parallelism);
      if (outcome.kind != Outcome::Kind::passed) return outcome;
    }
  }
  return passed();
}

Outcome judge_asserted(const Json& c, const Json&) {
  const Json& given = c.at("given");
  const Json& expected = c.at("expected");
  if (expected.contains("invariants")) return judge_invariants(given);
  if (expected.contains("intersection")) {
    const auto left = range_of(given.at("left"));
    const auto right = range_of(given.at("right"));
    if (state::intersect(left, right) != state::intersect(right, left)) return failed("asymmetric");
    return expect_equal(expected.at("intersection"), as_json(state::intersect(left, right)),
                        "intersection");
  }
  const auto range = range_of(given.at("range"));
  const bool is_error = state::range_error(range.first, range.last).has_value();
  if (is_error != expected.contains("error")) return failed("range check");
  if (is_error) return passed();
  for (const Json& group : expected.at("not_contained")) {
    if (range.contains(group.get<int32_t>())) return failed("contains " + group.dump());
  }
  return expect_equal(expected.at("count"), range.count(), "count");
}

TEST(KeyGroups, Vectors) { run_vectors("key-groups.json", judge); }
TEST(KeyGroups, Asserted) { run_vectors("key-groups-asserted.json", judge_asserted); }

}  // namespace
}  // namespace drey::conformance
