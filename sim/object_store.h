#pragma once
// An object store: put, get, delete and list of immutable objects by key, as S3 is to Flink's
// checkpoints. Strongly consistent: a put or delete takes effect at one instant, when its time of
// service is over. Requests of one client may overtake each other. Contents are ropes that share
// chunks with whoever put them, so storing and reading copy nothing.
//
// Time of a request: latency, then the bytes at `bytes_per_second` of one request, behind the bytes
// of all others on the store's own line of `total_bytes_per_second`. (The network charges its own
// for the same bytes.)
//
// Answers: ObjectAnswer; a get or delete of a key that is not there says `missing` (a delete of it
// is no error: it is idempotent). Faults: sim/service.h.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/file_content.h"
#include "sim/service.h"

namespace drey::sim {

struct ObjectStoreOptions {
  ServiceOptions service{
      .name = "storage",
      .latency = Distribution::uniform(milliseconds(10).ns, milliseconds(30).ns)};
  uint64_t bytes_per_second = uint64_t{200} << 20;      // of one request
  uint64_t total_bytes_per_second = uint64_t{1} << 30;  // of all together
};

// Bytes as a field of a message: they count on the wire, and their digest (made once) stands for
// them.
class ObjectContent {
 public:
  ObjectContent() = default;
  explicit ObjectContent(FileContent bytes)
      : bytes_(std::move(bytes)), size_(bytes_.size()), digest_(bytes_.digest()) {}

  const FileContent& bytes() const { return bytes_; }
  uint64_t size() const { return size_; }
  Digest128 digest() const { return digest_; }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(size_, digest_);
  }

 private:
  FileContent bytes_;
  uint64_t size_ = 0;
  Digest128 digest_;
};

struct PutObject : MessageOf<PutObject> {
  static constexpr std::string_view kName = "put_object";
  std::string key;
  bool overwrite = true;  // false: refused with `exists` if the key is there
  ObjectContent content;
  uint64_t wire_size() const override { return kMessageOverhead + key.size() + content.size(); }
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(overwrite, key, content);
  }
};

struct GetObject : MessageOf<GetObject> {
  static constexpr std::string_view kName = "get_object";
  std::string key;
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;  // cut to what is there
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(key, offset, length);
  }
};

struct DeleteObject : MessageOf<DeleteObject> {
  static constexpr std::string_view kName = "delete_object";
  std::string key;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(key);
  }
};

struct ListObjects : MessageOf<ListObjects> {
  static constexpr std::string_view kName = "list_objects";
  std::string prefix;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(prefix);
  }
};

enum class ObjectResult : uint8_t { ok, missing, exists };

struct ObjectAnswer : MessageOf<ObjectAnswer> {
  static constexpr std::string_view kName = "object_answer";
  ObjectResult result = ObjectResult::ok;
  ObjectContent content;          // get
  std::vector<std::string> keys;  // list: ascending
  uint64_t wire_size() const override;
  template <class Visitor>
  void visit(Visitor& visitor) const {
    visitor(result, content, keys);
  }
};

// Facts of FactGroup::store, 0 to 15. entity = store, subject = "object/" + key; c = hash of the
// client's path.
enum class ObjectFact : uint8_t {
  put,      // a = bytes, content = digest of the bytes
  got,      // a = bytes
  deleted,  // a = bytes of what was there
  missing,  // a = kind of the request
  listed,   // subject = "object/" + prefix, a = number of keys
  damaged,  // a fault changed the bytes: a = bytes now
};
constexpr uint16_t fact_kind(ObjectFact fact) {
  return fact_kind(FactGroup::store, static_cast<uint8_t>(fact));
}

class ObjectStore final : public Service {
 public:
  ObjectStore(World& world, ObjectStoreOptions options);

  // For tests, oracles' builders and faults: what is stored, by key.
  const std::map<std::string, FileContent, std::less<>>& objects() const { return objects_; }
  uint64_t stored_bytes() const;
  // A fault: the object loses its tail, or has a bit flipped, or is gone. False: no such object.
  bool truncate(std::string_view key, uint64_t length);
  bool flip_bit(std::string_view key, uint64_t bit);
  bool lose(std::string_view key);

 private:
  class Server;
  std::unique_ptr<ServiceEndpoint> make_endpoint(ProcessId process) override;
  void announce_damage(std::string_view key, uint64_t bytes);

  ObjectStoreOptions options_;
  std::map<std::string, FileContent, std::less<>> objects_;
  Time line_free_{0};
};

}  // namespace drey::sim
