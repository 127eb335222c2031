#pragma once
// What is said to the pointer store (sim/pointer_store.h) and what it answers.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/message.h"

namespace drey::sim {

enum class PointerResult : uint8_t { ok, expired, exists, missing, wrong_version, not_leader };

// Compare-and-set: what must be there for a write or removal to take effect.
inline constexpr uint64_t kAnyVersion = UINT64_MAX;
inline constexpr uint64_t kMustNotExist = 0;

struct PointerValue {
  std::string name;
  std::string value;
  uint64_t version = 0;
  uint64_t owner = 0;  // session of an ephemeral value, else 0
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(version, name, value, owner);
  }
};

struct OpenSession : MessageOf<OpenSession> {
  static constexpr std::string_view kName = "open_session";
  Duration timeout{};
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(timeout);
  }
};

struct PingSession : MessageOf<PingSession> {
  static constexpr std::string_view kName = "ping_session";
  uint64_t session = 0;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session);
  }
};

struct CloseSession : MessageOf<CloseSession> {
  static constexpr std::string_view kName = "close_session";
  uint64_t session = 0;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session);
  }
};

struct JoinLatch : MessageOf<JoinLatch> {
  static constexpr std::string_view kName = "join_latch";
  uint64_t session = 0;
  std::string latch;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, latch);
  }
};

struct LeaveLatch : MessageOf<LeaveLatch> {
  static constexpr std::string_view kName = "leave_latch";
  uint64_t session = 0;
  std::string latch;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, latch);
  }
};

struct WritePointer : MessageOf<WritePointer> {
  static constexpr std::string_view kName = "write_pointer";
  uint64_t session = 0;
  std::string name;
  std::string value;
  uint64_t expected = kAnyVersion;
  bool ephemeral = false;
  std::string guard;  // latch that the session must lead; empty = none
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, name, value, expected, ephemeral, guard);
  }
};

struct RemovePointer : MessageOf<RemovePointer> {
  static constexpr std::string_view kName = "remove_pointer";
  uint64_t session = 0;
  std::string name;
  uint64_t expected = kAnyVersion;
  std::string guard;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, name, expected, guard);
  }
};

// All values whose name begins so, ascending; with `exact` the one of that name.
struct ReadPointers : MessageOf<ReadPointers> {
  static constexpr std::string_view kName = "read_pointers";
  uint64_t session = 0;
  std::string prefix;
  bool exact = false;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, prefix, exact);
  }
};

// Reads, and from now on changes below the prefix are told.
struct WatchPointers : MessageOf<WatchPointers> {
  static constexpr std::string_view kName = "watch_pointers";
  uint64_t session = 0;
  std::string prefix;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, prefix);
  }
};

// The answer to all of the above.
struct PointerAnswer : MessageOf<PointerAnswer> {
  static constexpr std::string_view kName = "pointer_answer";
  PointerResult result = PointerResult::ok;
  uint64_t session = 0;  // open
  uint64_t version = 0;  // write: of the new value; wrong_version: of the one that is there
  bool leads = false;    // join
  std::vector<PointerValue> values;  // read, watch
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(result, session, version, leads, values);
  }
};

// Told to the endpoint that opened the session.
struct LatchChanged : MessageOf<LatchChanged> {
  static constexpr std::string_view kName = "latch_changed";
  uint64_t session = 0;
  std::string latch;
  bool leads = false;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, latch, leads);
  }
};

struct PointerChanged : MessageOf<PointerChanged> {
  static constexpr std::string_view kName = "pointer_changed";
  uint64_t session = 0;
  PointerValue value;  // as it is now; of a removed one the last
  bool removed = false;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(session, removed, value);
  }
};

}  // namespace drey::sim
