// serialized.json: state/serialized.h.
#include "state/serialized.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "state/java_hash.h"
#include "state/key_group.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using state::Part;
using state::TimeWindow;

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string value_bytes(const std::string& type, const Json& value) {
  std::string out;
  if (type == "int64")
    state::put_i64(out, value.get<int64_t>());
  else if (type == "int32")
    state::put_u32(out, static_cast<uint32_t>(value.get<int32_t>()));
  else if (type == "string")
    state::put_java_string(out, value.get<std::string>());
  else if (type == "void")
    state::put_window(out, state::kNoWindow);
  else if (type == "window")
    state::put_window(out, TimeWindow{value.at(0).get<int64_t>(), value.at(1).get<int64_t>()});
  else
    throw std::runtime_error("type " + type);
  return out;
}

Json composite(const Json& c) {
  const auto key_type = c.at("key_type").get<std::string>();
  const auto ns_type = c.at("namespace_type").get<std::string>();
  const auto max = c.at("max_parallelism").get<int32_t>();
  const Json& key = c.at("key");
  const int32_t hash = key_type == "string"  ? state::java_hash_string(key.get<std::string>())
                       : key_type == "int32" ? state::java_hash_int32(key.get<int32_t>())
                                             : state::java_hash_int64(key.get<int64_t>());
  const int32_t group = state::key_group_of_hash(hash, max);
  const std::string key_bytes = value_bytes(key_type, key);
  const std::string ns_bytes = value_bytes(ns_type, c.at("namespace"));
  const auto built = [&](const std::string& user_key) {
    return hex(state::composite_key(group, state::key_group_prefix_bytes(max),
                                    Part{key_bytes, key_type == "string"},
                                    Part{ns_bytes, ns_type == "string"}, user_key));
  };
  return {{"key_group", group},
          {"bytes", built("")},
          {"with_user_key_int64_258", built(value_bytes("int64", 258))},
          {"with_user_key_string_uk", built(value_bytes("string", "uk"))}};
}

std::string list_bytes(const Json& c) {
  std::string list;
  for (const Json& element : c.at("value"))
    state::append_list_element(list, value_bytes(c.at("type").get<std::string>(), element));
  return hex(list);
}

std::string timer(const Json& c) {
  const Json& key = c.at("key");
  const Json& ns = c.at("namespace");
  return hex(state::timer_bytes(c.at("timestamp").get<int64_t>(),
                                value_bytes(key.is_string() ? "string" : "int64", key),
                                value_bytes(ns.is_null() ? "void" : "window", ns)));
}

Outcome judge(const Json& c, const Json&) {
  const auto kind = c.at("kind").get<std::string>();
  const Json& expected = c.at("expected");
  if (kind == "key") return expect_equal(expected, composite(c), "composite key");
  if (kind == "value")
    return expect_equal(expected, hex(value_bytes(c.at("type").get<std::string>(), c.at("value"))),
                        "value");
  if (kind == "list") return expect_equal(expected, list_bytes(c), "list");
  if (kind == "timer") return expect_equal(expected, timer(c), "timer");
  std::string out;
  if (kind == "length") {
    state::put_variable_length(out, c.at("value").get<uint64_t>());
  } else if (kind == "prefix") {
    state::put_key_group(out, c.at("key_group").get<int32_t>(),
                         state::key_group_prefix_bytes(c.at("max_parallelism").get<int32_t>()));
  } else {
    return failed("unknown kind " + kind);
  }
  return expect_equal(expected, hex(out), kind);
}

TEST(Serialized, Vectors) { run_vectors("serialized.json", judge); }

}  // namespace
}  // namespace drey::conformance
