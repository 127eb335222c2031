#pragma once
// The trace: facts that components announce. It is the only thing that reports and oracles see
// (design.md 2.4).
//
// A Fact is a control fact, one by one; a BatchFact is announced once per buffer and lends its
// records for the call. Each is folded, per announcing path and epoch of 4,096 facts, into a small
// Merkle tree, and the root is the run's hash. Folded: time, path, kind, flags, subject path, a, b,
// c (and the content of a batch). Never: ids, sequence numbers, `cause`.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/digest.h"
#include "sim/id.h"
#include "sim/record.h"
#include "sim/time.h"

namespace drey::sim {

// Facts come in groups of 256 kinds; a sink declares its interest by group. Group 0 is the kernel's
// own.
enum class FactGroup : uint8_t {
  kernel,      // run started and ended
  machine,     // hosts and processes
  network,     // messages sent, delivered, dropped; connections
  disk,        // disk operations
  store,       // object store, pointer store
  external,    // log and broker: the outside world
  fault,       // what was injected
  control,     // the model's control plane
  task,        // the model's tasks: states, operators
  checkpoint,  // the model's checkpoints
  data,        // buffers and records
  state,       // the model's state backends
  bench,       // benchmarks and tests
  service,     // what a service outside the cluster has served, and when
};

constexpr uint16_t fact_kind(FactGroup group, uint8_t kind) {
  return static_cast<uint16_t>((static_cast<uint16_t>(group) << 8) | kind);
}
constexpr FactGroup fact_group(uint16_t kind) { return static_cast<FactGroup>(kind >> 8); }
constexpr uint64_t interest(FactGroup group) { return uint64_t{1} << static_cast<uint8_t>(group); }

struct Fact {
  Time at;            // set by the kernel
  PathId entity;      // who announces
  PathId subject;     // whom it is about; invalid = the announcer itself
  uint16_t kind = 0;  // fact_kind(group, n)
  uint16_t flags = 0;
  uint64_t a = 0, b = 0, c = 0;  // semantic values only
  uint64_t content =
      0;  // digest of what does not fit in a, b, c (a message's fields, a file's bytes)
  uint64_t cause = 0;  // number of the fact that led here; for people, not folded
};

struct BatchFact {
  Fact head;
  Digest128 content;  // of the records; what is folded
  std::span<const Record> records;
};

// Numbers given to facts as they are announced (1, 2, ...): for people and for `cause`, never
// folded.
using FactNumber = uint64_t;

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual uint64_t interests() const = 0;  // bits of interest(group)
  // Of the kinds in these groups, those that on() or on_batch() looks at; asked when the first fact
  // of a kind comes. One sink that leaves out the kinds of which there are many makes all messages
  // cheaper.
  virtual bool wants(uint16_t kind) const;  // default: all
  virtual void on(const Fact& fact, FactNumber number) = 0;
  virtual void on_batch(const BatchFact& batch, FactNumber number);  // default: nothing
};

// Per path: closed epochs and the running digest of the open one.
class TraceHash {
 public:
  static constexpr uint32_t kEpoch = 4096;

  struct Epoch {
    Time first;  // time of its first fact
    uint32_t facts = 0;
    Digest128 digest;
  };
  struct PathTrace {
    Digest open;
    uint32_t facts = 0;
    Time first;
    std::vector<Epoch> closed;
  };

  void fold(const Fact& fact, uint64_t subject_hash, Digest128 content) {
    PathTrace& trace = at(fact.entity);
    if (trace.facts == 0) trace.first = fact.at;
    trace.open.fold(static_cast<uint64_t>(fact.at.ns), (uint64_t{fact.kind} << 16) | fact.flags,
                    subject_hash, fact.a);
    trace.open.fold(fact.b, fact.c, content.high ^ fact.content, content.low);
    if (++trace.facts == kEpoch) close(trace);
  }

  // The root over all paths in the order of their names. `name_of(PathId)` gives the name.
  struct Leaf {
    std::string path;
    std::vector<Epoch> epochs;  // the open one closed as it stands
    Digest128 digest;
  };
  std::vector<Leaf> leaves(std::span<const std::string> names) const;
  Digest128 root(std::span<const std::string> names) const;

 private:
  PathTrace& at(PathId path) {
    if (path.index >= paths_.size()) paths_.resize(path.index + 1);
    return paths_[path.index];
  }
  static void close(PathTrace& trace);

  std::vector<PathTrace> paths_;
};

// The content digest of records; 32 bytes each, in order.
Digest128 records_digest(std::span<const Record> records);

}  // namespace drey::sim
