#pragma once
// Who may include whom (design.md section 1; doors inside model: spec/engines-and-style.md 4.3).
//   rule "room-direction"   sim -> state -> model -> reports -> scenarios -> tools, only to the
//   left rule "model-door"       folders of model see only the folders listed for them rule
//   "reports-view"     reports sees of model only the trace events and the job's description rule
//   "fence"            third-party headers only where they have their place rule "include-path" own
//   headers from the root, with #pragma once
#include "tests/tidy/source_file.h"

namespace drey::tidy {

std::vector<Finding> check_includes(const SourceFile& file);

}  // namespace drey::tidy
