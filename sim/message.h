#pragma once
// What crosses between endpoints. A message is immutable once sent: two processes never share a
// writable byte.
//
// A message lists its fields once, identity first; its modelled size, its digest and its essence
// (the first two numbers, which a delivery fact shows to oracles and people) all follow from that
// list:
//
//   struct RequestSlot : MessageOf<RequestSlot> {
//     static constexpr std::string_view kName = "request_slot";   // what the fault `lose` names
//     uint64_t allocation = 0;
//     template <class Visitor> void visit(Visitor& visitor) const { visitor(allocation); }
//   };
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/digest.h"
#include "sim/id.h"
#include "sim/record.h"
#include "sim/time.h"

namespace drey::sim {

// Where an endpoint is: a process in one incarnation, and the endpoint's name in it (its hash). An
// address of a stale incarnation is unreachable.
struct Address {
  ProcessId process;
  uint32_t incarnation = 0;
  uint32_t endpoint = 0;
  bool valid() const { return process.valid(); }
  friend constexpr bool operator==(const Address&, const Address&) = default;
  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

constexpr uint32_t endpoint_id(std::string_view name) {
  return static_cast<uint32_t>(name_hash(name));
}

struct FencingToken {
  uint64_t high = 0;
  uint64_t low = 0;
  friend constexpr bool operator==(FencingToken, FencingToken) = default;
};

using Essence = std::array<uint64_t, 2>;

struct Message {
  virtual ~Message() = default;
  virtual uint32_t kind() const = 0;  // name_hash of the name, 32 bits
  virtual std::string_view name() const = 0;
  virtual uint64_t wire_size() const = 0;  // modelled bytes on the wire
  virtual void fold(Digest& into) const = 0;
  virtual Essence essence() const = 0;
  // Changes one numeric field by one, for the test that each field reaches the hash. Returns false
  // without one.
  virtual bool perturb_field(uint64_t which) = 0;
};
using Body = std::shared_ptr<const Message>;

// What an RPC costs beside its fields: headers, class names. Flink's RPCs are of this order.
inline constexpr uint64_t kMessageOverhead = 256;

namespace message_fields {

template <class T>
concept Visitable = requires(const T& t, Digest& d) {
  t.visit(d);
};

// Walks any field down to numbers and strings. A field is an lvalue; what a message computes for
// its walk (a flag, a count) comes as an rvalue, and a leaf that writes leaves it alone, as it does
// what others share with the message.
template <class Leaf>
struct Walk {
  Leaf& leaf;

  template <class... Fields>
  void operator()(Fields&&... fields) {
    (given<Fields>(fields), ...);
  }
  template <class T>
  void given(const std::remove_reference_t<T>& field) {
    if constexpr (std::is_lvalue_reference_v<T> || !Leaf::kWrites) one(field);
  }
  template <class T>
  void one(const T& field) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      leaf.number(field);
    } else {
      composite(field);
    }
  }
  void composite(const Duration& d) { leaf.number(d.ns); }
  void composite(const Time& t) { leaf.number(t.ns); }
  // Ids are pool indices and are never folded; an address counts by its endpoint's name and
  // incarnation.
  void composite(const Address& a) { (*this)(a.incarnation, a.endpoint); }
  void composite(const FencingToken& t) { (*this)(t.high, t.low); }
  void composite(const Digest128& d) { (*this)(d.high, d.low); }
  void composite(const std::string& s) { leaf.text(s); }
  void composite(const Record& r) { (*this)(r.key, r.value, r.event_time, r.provenance); }
  template <class T>
  void composite(const std::vector<T>& items) {
    leaf.count(items.size());
    for (const T& item : items) {
      if (leaf.satisfied()) return;
      one(item);
    }
  }
  template <class A, class B>
  void composite(const std::pair<A, B>& pair) {
    one(pair.first);
    one(pair.second);
  }
  template <class T>
  void composite(const std::optional<T>& item) {
    leaf.count(item.has_value() ? 1 : 0);
    if (item.has_value()) one(*item);
  }
  template <class T>
  void composite(const std::shared_ptr<T>& item) {
    leaf.count(item != nullptr ? 1 : 0);
    if (item != nullptr && (!Leaf::kWrites || item.use_count() == 1)) one(*item);
  }
  template <class T>
  requires requires(const T& t, Walk& w) { t.visit(w); }
  void composite(const T& structure) { structure.visit(*this); }
};

struct Folder {
  static constexpr bool kWrites = false;
  Digest& digest;
  constexpr bool satisfied() const { return false; }
  template <class T>
  void number(const T& value) {
    digest.fold(static_cast<uint64_t>(value));
  }
  void text(const std::string& s) { digest.fold(std::string_view(s)); }
  void count(size_t n) { digest.fold(n); }
};

struct Sizer {
  static constexpr bool kWrites = false;
  uint64_t bytes = 0;
  constexpr bool satisfied() const { return false; }
  template <class T>
  void number(const T&) {
    bytes += sizeof(T);
  }
  void text(const std::string& s) { bytes += 4 + s.size(); }
  void count(size_t) { bytes += 4; }
};

struct Essencer {
  static constexpr bool kWrites = false;
  Essence words{};
  size_t found = 0;
  bool satisfied() const { return found == words.size(); }
  template <class T>
  void number(const T& value) {
    if (found < words.size()) words[found++] = static_cast<uint64_t>(value);
  }
  void text(const std::string& s) {
    if (found < words.size()) words[found++] = name_hash(s);
  }
  void count(size_t) {}
};

struct Perturber {
  static constexpr bool kWrites = true;
  uint64_t skip = 0;
  bool done = false;
  bool satisfied() const { return done; }
  template <class T>
  void number(const T& value) {
    if (done) return;
    if (skip-- > 0) return;
    done = true;
    // Only a test calls this, on a body that it made itself or that nobody has seen yet.
    auto& field = const_cast<T&>(value);
    field = static_cast<T>(static_cast<uint64_t>(field) ^ 1u);
  }
  void text(const std::string&) {}
  void count(size_t) {}
};

}  // namespace message_fields

template <class Derived>
struct MessageOf : Message {
  static constexpr uint32_t kind_id() { return endpoint_id(Derived::kName); }
  uint32_t kind() const override { return kind_id(); }
  std::string_view name() const override { return Derived::kName; }
  uint64_t wire_size() const override {
    message_fields::Sizer sizer;
    walk(sizer);
    return kMessageOverhead + sizer.bytes;
  }
  void fold(Digest& into) const override {
    message_fields::Folder folder{into};
    walk(folder);
  }
  Essence essence() const override {
    message_fields::Essencer essencer;
    walk(essencer);
    return essencer.words;
  }
  bool perturb_field(uint64_t which) override {
    message_fields::Perturber perturber{which};
    walk(perturber);
    return perturber.done;
  }

 private:
  template <class Leaf>
  void walk(Leaf& leaf) const {
    message_fields::Walk<Leaf> walker{leaf};
    static_cast<const Derived&>(*this).visit(walker);
  }
};

// The message as its type, where the kind has been looked at.
template <class T>
const T& as(const Message& message) {
  return static_cast<const T&>(message);
}

}  // namespace drey::sim
