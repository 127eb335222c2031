#pragma once
// From what a job starts that is submitted with `execution.state-recovery.path`: part of the
// submission. Upstream: SavepointRestoreSettings.
#include <string>

#include "model/checkpoint/shared_state_registry.h"

namespace drey::model {

struct RestoreSettings {
  std::string path;                            // the directory that holds _metadata; empty: none
  ClaimMode claim_mode = ClaimMode::no_claim;  // execution.state-recovery.claim-mode
  bool allow_non_restored_state = false;       // execution.state-recovery.ignore-unclaimed-state
  bool given() const { return !path.empty(); }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(path, claim_mode, allow_non_restored_state);
  }
};

}  // namespace drey::model
