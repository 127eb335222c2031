#include "model/checkpoint/metadata.h"

#include <cstring>

#include "model/task/deployment.h"
#include "sim/digest.h"

namespace drey::model {

namespace {

constexpr uint32_t kVersion = 2;  // 2: identities of the operators

// One description of the layout serves both ways: `Writer` appends, `Reader` fills in and remembers
// whether it ran short.
class Writer {
 public:
  static constexpr bool kReads = false;
  template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  void field(T& value) {
    const auto wide = static_cast<uint64_t>(value);
    for (size_t i = 0; i < sizeof(T); ++i) bytes_ += static_cast<char>((wide >> (8 * i)) & 0xff);
  }
  void field(std::string& text) {
    auto size = static_cast<uint32_t>(text.size());
    field(size);
    bytes_ += text;
  }
  size_t count(size_t n) {
    auto size = static_cast<uint32_t>(n);
    field(size);
    return n;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  static constexpr bool kReads = true;
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  void field(T& value) {
    if (bytes_.size() < sizeof(T)) {
      ok_ = false;
      return;
    }
    uint64_t wide = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
      wide |= uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
    bytes_.remove_prefix(sizeof(T));
    value = static_cast<T>(wide);
  }
  void field(std::string& text) {
    const size_t size = count(0);
    text.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  // Never more than there are bytes left, so that a damaged count cannot exhaust memory.
  size_t count(size_t) {
    uint32_t size = 0;
    field(size);
    if (size > bytes_.size()) {
      ok_ = false;
      return 0;
    }
    return size;
  }
  bool complete() const { return ok_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

template <class Codec, class T, class Each>
void list(Codec& codec, std::vector<T>& items, Each each) {
  const size_t size = codec.count(items.size());
  if constexpr (Codec::kReads) items.resize(size);
  for (T& item : items) each(item);
}

template <class Codec, class Value, class Each>
void map(Codec& codec, std::map<uint32_t, Value>& items, Each each) {
  const size_t size = codec.count(items.size());
  if constexpr (Codec::kReads) {
    for (size_t i = 0; i < size; ++i) {
      uint32_t key = 0;
      codec.field(key);
      each(items[key]);
    }
  } else {
    for (auto& [key, value] : items) {
      uint32_t copy = key;
      codec.field(copy);
      each(value);
    }
  }
}

template <class Codec>
void handle(Codec& codec, state::KeyedStateHandle& value) {
  codec.field(value.kind);
  codec.field(value.range.first);
  codec.field(value.range.last);
  codec.field(value.checkpoint);
  list(codec, value.offsets, [&](uint64_t& offset) { codec.field(offset); });
  list(codec, value.files, [&](state::HandleFile& file) {
    codec.field(file.name);
    codec.field(file.object_key);
    codec.field(file.bytes);
    codec.field(file.shared);
  });
}

template <class Codec>
void operator_state(Codec& codec, OperatorState& state) {
  codec.field(state.op);
  list(codec, state.keyed, [&](state::KeyedStateHandle& value) { handle(codec, value); });
  list(codec, state.source, [&](SourcePosition& position) {
    codec.field(position.split);
    codec.field(position.next_offset);
    codec.field(position.finished);
  });
  codec.field(state.bytes);
  codec.field(state.watermark);
  codec.field(state.finished);
}

template <class Codec>
void acknowledgement(Codec& codec, TaskAcknowledgement& value) {
  codec.field(value.task.vertex);
  codec.field(value.task.subtask);
  codec.field(value.task.attempt);
  codec.field(value.has_state);
  list(codec, value.private_files, [&](PrivateFile& file) {
    codec.field(file.path);
    codec.field(file.bytes);
  });
  list(codec, value.shared_files, [&](SharedFile& file) {
    codec.field(file.key);
    codec.field(file.path);
    codec.field(file.bytes);
    codec.field(file.prevents_discarding_created_checkpoint);
  });
  codec.field(value.inline_bytes);
  codec.field(value.deployed_as_finished);
  codec.field(value.operators_finished);
  codec.field(value.uses_union_list_state);
  bool has_snapshot = value.snapshot != nullptr;
  codec.field(has_snapshot);
  if (!has_snapshot) return;
  auto snapshot = std::make_shared<TaskStateSnapshot>();
  if constexpr (!Codec::kReads)
    snapshot->operators = static_cast<const TaskStateSnapshot&>(*value.snapshot).operators;
  list(codec, snapshot->operators, [&](OperatorState& state) { operator_state(codec, state); });
  if constexpr (Codec::kReads) value.snapshot = std::move(snapshot);
}

template <class Codec>
void checkpoint(Codec& codec, CompletedCheckpoint& value) {
  codec.field(value.id);
  codec.field(value.props.type);
  for (bool* flag :
       {&value.props.forced, &value.props.discard_on_subsumed, &value.props.discard_on_finished,
        &value.props.discard_on_canceled, &value.props.discard_on_failed,
        &value.props.discard_on_suspended, &value.props.unclaimed, &value.props.native})
    codec.field(*flag);
  codec.field(value.timestamp.ns);
  codec.field(value.completed_at.ns);
  codec.field(value.location);
  codec.field(value.taken_as);
  map(codec, value.vertices, [&](CompletedVertex& vertex) {
    codec.field(vertex.parallelism);
    codec.field(vertex.fully_finished);
    map(codec, vertex.subtasks, [&](CompletedSubtask& subtask) {
      acknowledgement(codec, subtask.acknowledgement);
      codec.field(subtask.finished);
    });
    map(codec, vertex.coordinators, [&](CoordinatorState& state) { codec.field(state.bytes); });
  });
  map(codec, value.operators, [&](OperatorIdentity& identity) {
    codec.field(identity.uid);
    codec.field(identity.parallelism);
    codec.field(identity.max_parallelism);
    codec.field(identity.vertex);
    codec.field(identity.in_chain);
  });
}

uint64_t digest_of(std::string_view bytes) {
  sim::Digest digest;
  digest.fold(bytes);
  return digest.value().high;
}

}  // namespace

std::string encode_metadata(const CompletedCheckpoint& value, const OperatorIdentities& operators) {
  Writer body;
  CompletedCheckpoint copy = value;
  if (!operators.empty()) copy.operators = operators;
  checkpoint(body, copy);
  const std::string bytes = body.take();
  Writer head;
  uint32_t version = kVersion;
  uint64_t digest = digest_of(bytes);
  head.field(version);
  head.field(digest);
  return head.take() + bytes;
}

std::shared_ptr<CompletedCheckpoint> decode_metadata(std::string_view bytes) {
  constexpr size_t kHead = sizeof(uint32_t) + sizeof(uint64_t);
  if (bytes.size() < kHead) return nullptr;
  Reader head(bytes.substr(0, kHead));
  uint32_t version = 0;
  uint64_t digest = 0;
  head.field(version);
  head.field(digest);
  bytes.remove_prefix(kHead);
  if (version != kVersion || digest != digest_of(bytes)) return nullptr;
  Reader body(bytes);
  auto value = std::make_shared<CompletedCheckpoint>();
  checkpoint(body, *value);
  return body.complete() ? value : nullptr;
}

}  // namespace drey::model
