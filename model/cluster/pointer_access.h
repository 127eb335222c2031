#pragma once
// The pointer store as components of a process see it: values that are written, removed and read
// with retries, each request answered exactly once, on a later event, by PointerUser::on_pointer.
//
// The three ends of a write matter (FLINK-22494): `done` it took effect, `refused` it certainly did
// not, `unknown`: an attempt was sent whose answer never came. A retry that meets its own earlier
// success (the value is there already, or is gone already) is done.
//
// Upstream: ZooKeeperStateHandleStore over Curator's retry loop; PossibleInconsistentStateException
// is `unknown`.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/pointer_store_messages.h"

namespace drey::model {

enum class PointerEffect : uint8_t { done, refused, unknown };

struct PointerOutcome {
  PointerEffect effect = PointerEffect::refused;
  sim::PointerResult result = sim::PointerResult::ok;  // of the last answer, if `answered`
  bool answered = false;
  uint64_t version = 0;                     // done: of the written value
  std::vector<sim::PointerValue> values{};  // of a read
};

class PointerUser {
 public:
  virtual ~PointerUser() = default;
  virtual void on_pointer(uint64_t ticket, const PointerOutcome& outcome) = 0;
};

struct PointerWriteRequest {
  std::string name{};
  std::string value{};
  uint64_t expected = sim::kAnyVersion;
  bool ephemeral = false;
  std::string guard{};  // a latch that this process must lead
};

class PointerAccess {
 public:
  virtual ~PointerAccess() = default;
  virtual void write(PointerUser& user, uint64_t ticket, PointerWriteRequest request) = 0;
  virtual void remove(PointerUser& user, uint64_t ticket, const std::string& name,
                      const std::string& guard) = 0;
  // All values whose name begins so; with `exact` the one of that name (refused, missing: there is
  // none).
  virtual void read(PointerUser& user, uint64_t ticket, const std::string& prefix, bool exact) = 0;
  // The user is told nothing any more. Its requests go on.
  virtual void forget(PointerUser& user) = 0;
};

}  // namespace drey::model
