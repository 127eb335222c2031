#include "reports/oracle.h"

#include <fmt/core.h>

namespace drey::reports {

std::string_view name_of(Judgement judgement) {
  switch (judgement) {
    case Judgement::held:
      return "held";
    case Judgement::violated:
      return "violated";
    case Judgement::not_checked:
      return "not_checked";
    case Judgement::vacuous:
      return "vacuous";
  }
  return "";
}

Finding Evidence::finding(std::string_view oracle) const {
  Finding finding{.examined = examined_, .violations = violations_, .excuse = excuse_};
  for (Violation& violation : finding.violations) violation.oracle = oracle;
  if (violated_ > violations_.size() && !violations_.empty())
    finding.violations.back().what += fmt::format(" (and {} more)", violated_ - violations_.size());
  if (violated_ > 0)
    finding.judgement = Judgement::violated;
  else if (examined_ > 0)
    finding.judgement = Judgement::held;
  else
    finding.judgement = excuse_.empty() ? Judgement::vacuous : Judgement::not_checked;
  return finding;
}

}  // namespace drey::reports
