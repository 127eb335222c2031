// The generated schema and the reader agree: on the whole library, and on what a schema can see of
// the bad files.
#include "scenarios/json_schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "scenarios/explain.h"
#include "scenarios/read_scenario.h"
#include "tests/scenarios/catalogue.h"

namespace drey::scenarios {
namespace {

using nlohmann::json;

class Schema {
 public:
  Schema() : document_(json::parse(schema_text())) {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document_), schema_);
  }

  bool accepts(const json& document) const {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
  }

 private:
  json document_;
  valijson::Schema schema_;
};

json parsed(const std::string& file) {
  std::ifstream in(file);
  return json::parse(in, nullptr, false, true);
}

TEST(JsonSchema, AcceptsTheLibraryAndWhatExplainPrints) {
  const Schema schema;
  for (const std::string& file : library()) {
    EXPECT_TRUE(schema.accepts(parsed(file))) << file;
    const ReadScenario read = read_scenario_file(file);
    ASSERT_TRUE(read.scenario) << read.errors();
    EXPECT_TRUE(schema.accepts(json::parse(print_scenario(*read.scenario))))
        << print_scenario(*read.scenario);
  }
}

// Whatever the schema refuses the reader refuses; the reverse only where no name has to be
// resolved.
TEST(JsonSchema, RefusesWhatItsGrammarCanSee) {
  const Schema schema;
  constexpr std::string_view kSeen[] = {"unknown_key_top",
                                        "unknown_key_vertex",
                                        "key_of_other_kind",
                                        "unknown_kind",
                                        "missing_job",
                                        "missing_name",
                                        "empty_name",
                                        "wrong_type_number",
                                        "wrong_type_text",
                                        "wrong_type_list",
                                        "wrong_type_object",
                                        "null_value",
                                        "fraction",
                                        "format_from_the_future",
                                        "bad_vertex_name",
                                        "wrong_unit",
                                        "unit_missing",
                                        "unit_gib_typo",
                                        "size_without_unit",
                                        "rate_without_unit",
                                        "negative_duration",
                                        "negative_records",
                                        "zero_parallelism",
                                        "bad_distribution",
                                        "fault_without_verb",
                                        "fault_two_verbs",
                                        "fault_without_duration",
                                        "cut_one_side",
                                        "storage_effect",
                                        "expect_kind",
                                        "option_not_scalar",
                                        "extends_number",
                                        "thirty_errors"};
  for (const std::string_view name : kSeen) {
    const std::string file =
        std::string(DREY_SOURCE_DIR) + "/tests/negative/" + std::string(name) + ".json";
    EXPECT_FALSE(schema.accepts(parsed(file))) << name;
  }
}

TEST(JsonSchema, EveryKeyHasHelp) {
  const json schema = json::parse(schema_text());
  size_t keys = 0;
  const auto walk = [&](const auto& self, const json& node) -> void {
    if (!node.is_structured()) return;
    if (node.is_object() && node.contains("properties") && node.contains("type")) {
      for (const auto& [key, value] : node["properties"].items()) {
        ++keys;
        if (value.empty() || value.contains("$ref") || value.contains("anyOf") || key[0] == '$' ||
            key.back() == '+')
          continue;
        if (key == "uniform" || key == "exp" || key == "two_point" || key == "empirical") continue;
        EXPECT_TRUE(value.contains("description")) << key << ": " << value;
      }
    }
    for (const json& inner : node) self(self, inner);
  };
  walk(walk, schema);
  EXPECT_GT(keys, 200u);
}

}  // namespace
}  // namespace drey::scenarios
