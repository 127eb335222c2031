#pragma once
// One description, four uses. A `describe` function (scenarios/describe.h) names the keys of one
// part of a scenario in order, each with type, range, help and the C++ value behind it; a visitor
// reads JSON into the values, prints them, or writes the JSON Schema. The default of a key is what
// a fresh value holds.
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/scenario.h"

namespace drey::scenarios {

struct Field {
  std::string_view name;
  std::string_view help;
  bool required = false;
  int64_t least = 0;  // integers, durations (ns), sizes (bytes), rates
  int64_t most = INT64_MAX;
};

enum class TextForm : uint8_t { any, id, path, comparison };

class FieldVisitor;

// A list or map of elements that one describe function describes, seen from outside.
class Elements {
 public:
  virtual ~Elements() = default;
  virtual std::string_view what() const = 0;  // "vertex"
  virtual size_t size() const = 0;
  virtual std::string key(size_t index) const = 0;  // of a map
  virtual void add(const std::string& key) = 0;
  virtual void describe(size_t index, FieldVisitor& visitor) = 0;
  // For the schema: how many shapes there are, and a fresh element of one.
  virtual size_t variants() const = 0;
  virtual void describe_variant(size_t variant, FieldVisitor& visitor) const = 0;
};

class FieldVisitor {
 public:
  using Inner = std::function<void(FieldVisitor&)>;
  virtual ~FieldVisitor() = default;

  virtual void boolean(const Field& field, bool& value) = 0;
  virtual void integer(const Field& field, int64_t& value) = 0;
  virtual void duration(const Field& field, sim::Duration& value) = 0;
  virtual void size(const Field& field, uint64_t& value) = 0;
  virtual void rate(const Field& field, Rate& value, bool bytes) = 0;
  virtual void ratio(const Field& field, Ratio& value) = 0;  // at most 1
  virtual void delay(const Field& field, Distribution& value) = 0;
  virtual void text(const Field& field, std::string& value, TextForm form) = 0;
  virtual void texts(const Field& field, std::vector<std::string>& value) = 0;
  virtual void choice(const Field& field, std::span<const std::string_view> names,
                      size_t& index) = 0;
  virtual void target(const Field& field, Target& value) = 0;
  virtual void targets(const Field& field, std::vector<Target>& value) = 0;  // one or a list
  virtual void sides(const Field& field, std::vector<Target>& one, std::vector<Target>& two) = 0;
  virtual void subtask(const Field& field, std::string& vertex, int64_t& number) = 0;  // "agg/0"
  virtual void options(const Field& field, FlinkOptions& value) = 0;
  virtual void numbers(const Field& field, std::vector<std::pair<std::string, int64_t>>& value) = 0;
  // Any JSON of this type ("array", "object", "scalar": a text or a number), kept as text.
  virtual void json(const Field& field, std::string_view type, std::string& text) = 0;
  virtual void object(const Field& field, const Inner& inner) = 0;
  virtual void map(const Field& field, Elements& elements) = 0;
  virtual void list(const Field& field, Elements& elements) = 0;

  // Is the key there (reading), set (printing), to be described (schema)?
  virtual bool wants(const Field& field, bool is_set) = 0;
  // Which of these keys is there; exactly one must be.
  virtual size_t alternative(std::string_view what, std::span<const std::string_view> names,
                             size_t current) = 0;
  // A key whose value is either an object or something else.
  virtual void either(const Field& field, bool object_now, const Inner& plain,
                      const Inner& as_object) = 0;
  // The element itself is a text, not an object. False: go on with its fields.
  virtual bool element_text(std::string_view help, std::string& value, TextForm form) = 0;

  template <class E, size_t N>
  void pick(const Field& field, const std::string_view (&names)[N], E& value) {
    auto index = static_cast<size_t>(value);
    choice(field, names, index);
    value = static_cast<E>(index);
  }
  void maybe_text(const Field& field, std::string& value, TextForm form) {  // empty = not there
    if (wants(field, !value.empty())) text(field, value, form);
  }
  template <class T, class Visit>
  void maybe(const Field& field, std::optional<T>& value, const Visit& visit) {
    if (!wants(field, value.has_value())) return;
    T inner = value.value_or(T{});
    visit(inner);
    value = std::move(inner);
  }
};

template <class T>
class ElementsOf final : public Elements {
 public:
  struct Shape {
    std::string_view what;
    void (*describe)(FieldVisitor&, T&);
    std::string T::*key = nullptr;  // of a map
    size_t variants = 1;
    void (*make_variant)(T&, size_t) = nullptr;
  };
  ElementsOf(std::vector<T>& values, const Shape& shape) : values_(values), shape_(shape) {}

  std::string_view what() const override { return shape_.what; }
  size_t size() const override { return values_.size(); }
  std::string key(size_t index) const override {
    return shape_.key == nullptr ? std::string() : values_[index].*shape_.key;
  }
  void add(const std::string& key) override {
    values_.push_back(T{});
    if (shape_.key != nullptr) values_.back().*shape_.key = key;
  }
  void describe(size_t index, FieldVisitor& visitor) override {
    shape_.describe(visitor, values_[index]);
  }
  size_t variants() const override { return shape_.variants; }
  void describe_variant(size_t variant, FieldVisitor& visitor) const override {
    T sample{};
    if (shape_.make_variant != nullptr) shape_.make_variant(sample, variant);
    shape_.describe(visitor, sample);
  }

 private:
  std::vector<T>& values_;
  Shape shape_;
};

}  // namespace drey::scenarios
