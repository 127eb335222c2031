#include "scenarios/report_input.h"

#include <fmt/core.h>

#include "reports/metric_table.h"
#include "reports/quantity.h"
#include "scenarios/explain.h"
#include "scenarios/json_tree.h"

namespace drey::scenarios {
namespace {

// "kill tm-1, when checkpoint.id == 20, back_after 20 s"
std::string in_words(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::null:
      return "null";
    case JsonNode::Kind::boolean:
      return node.boolean ? "true" : "false";
    case JsonNode::Kind::number:
    case JsonNode::Kind::text:
      return node.text;
    case JsonNode::Kind::list: {
      std::string text;
      for (const JsonNode& item : node.items) text += (text.empty() ? "" : ", ") + in_words(item);
      return "[" + text + "]";
    }
    case JsonNode::Kind::object: {
      std::string text;
      for (const JsonMember& member : node.members) {
        if (member.key == "id" || member.key == "about") continue;
        text += (text.empty() ? "" : ", ") + member.key + " " + in_words(member.value);
      }
      return text;
    }
  }
  return {};
}

std::vector<reports::FaultText> faults_of(const JsonNode& document) {
  std::vector<reports::FaultText> faults;
  const JsonNode* list = document.find("faults");
  if (list == nullptr) return faults;
  for (const JsonNode& fault : list->items) {
    const JsonNode* id = fault.find("id");
    faults.push_back({.id = id == nullptr ? "" : id->text, .text = in_words(fault)});
  }
  return faults;
}

// A fraction as people write it: "1.5", not "3/2".
std::string for_people(const OptionInfo& option, const std::string& text) {
  const auto ratio =
      option.type == OptionInfo::Type::number ? reports::parse_ratio(text) : std::nullopt;
  return ratio ? reports::decimal_text(*ratio) : text;
}

reports::ConfigurationEntry entry_of(const OptionInfo& option, const FlinkOptions& flink) {
  const std::string key(option.key);
  std::string why;
  const std::string fallback =
      option.fallback.empty()
          ? ""
          : normal_option(option, option.fallback, why).value_or(std::string(option.fallback));
  const std::string value = flink.is_set(key) ? flink.text(key) : fallback;
  return {.key = key,
          .value = for_people(option, value),
          .fallback = for_people(option, fallback),
          .help = std::string(option.help),
          .set = value != fallback,
          .ignored = false};
}

}  // namespace

reports::ReportInput report_input_of(const Scenario& scenario) {
  const JsonNode document = scenario_to_json(scenario);
  reports::ReportInput input{.name = scenario.name.empty() ? scenario.job.name : scenario.name,
                             .about = scenario.about,
                             .document = print_json(document),
                             .configuration = {},
                             .faults = faults_of(document)};
  for (const OptionInfo& option : flink_options())
    input.configuration.push_back(entry_of(option, scenario.flink));
  for (const std::string& key : scenario.ignore_options)
    input.configuration.push_back({.key = key,
                                   .value = "",
                                   .fallback = "",
                                   .help = "listed in ignore_options: the model does not know it",
                                   .set = false,
                                   .ignored = true});
  return input;
}

}  // namespace drey::scenarios
