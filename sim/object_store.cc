#include "sim/object_store.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace drey::sim {

uint64_t ObjectAnswer::wire_size() const {
  uint64_t bytes = kMessageOverhead + content.size();
  for (const std::string& key : keys) bytes += 4 + key.size();
  return bytes;
}

class ObjectStore::Server final : public ServiceEndpoint {
 public:
  Server(ObjectStore& store, ProcessId process) : ServiceEndpoint(store, process), store_(store) {}

 private:
  Duration transfer(const Message& request, uint64_t limit) override;
  Body serve(const Call& call, const Message& request, const Body& shared) override;
  void put(const PutObject& request, const Call& call, ObjectAnswer& answer);
  void get(const GetObject& request, const Call& call, ObjectAnswer& answer);
  void erase(const DeleteObject& request, const Call& call, ObjectAnswer& answer);
  void list(const ListObjects& request, const Call& call, ObjectAnswer& answer);
  void note(ObjectFact fact, std::string_view key, const Call& call, uint64_t a, uint64_t content);
  uint64_t bytes_of(const Message& request) const;

  ObjectStore& store_;
};

ObjectStore::ObjectStore(World& world, ObjectStoreOptions options)
    : Service(world, options.service), options_(std::move(options)) {
  CHECK(options_.bytes_per_second > 0 && options_.total_bytes_per_second > 0,
        "an object store has bandwidth");
}

std::unique_ptr<ServiceEndpoint> ObjectStore::make_endpoint(ProcessId process) {
  return std::make_unique<Server>(*this, process);
}

uint64_t ObjectStore::stored_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [key, content] : objects_) bytes += content.size();
  return bytes;
}

void ObjectStore::announce_damage(std::string_view key, uint64_t bytes) {
  Kernel& kernel = world().kernel();
  kernel.announce({.entity = world().machines().path(process()),
                   .subject = kernel.intern("object/" + std::string(key)),
                   .kind = fact_kind(ObjectFact::damaged),
                   .a = bytes});
}

bool ObjectStore::truncate(std::string_view key, uint64_t length) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return false;
  if (length >= it->second.size()) return true;  // magnitude zero announces nothing
  it->second.truncate(length);
  announce_damage(key, length);
  return true;
}

bool ObjectStore::flip_bit(std::string_view key, uint64_t bit) {
  const auto it = objects_.find(key);
  if (it == objects_.end() || bit / 8 >= it->second.size()) return false;
  it->second.flip_bit(bit);
  announce_damage(key, it->second.size());
  return true;
}

bool ObjectStore::lose(std::string_view key) {
  const auto it = objects_.find(key);
  if (it == objects_.end()) return false;
  objects_.erase(it);
  announce_damage(key, 0);
  return true;
}

uint64_t ObjectStore::Server::bytes_of(const Message& request) const {
  if (request.kind() == PutObject::kind_id()) return as<PutObject>(request).content.size();
  if (request.kind() != GetObject::kind_id()) return 0;
  const auto& get = as<GetObject>(request);
  const auto it = store_.objects_.find(get.key);
  if (it == store_.objects_.end() || get.offset >= it->second.size()) return 0;
  return std::min(get.length, it->second.size() - get.offset);
}

// The line serves one after the other; a request is at most as fast as its own connection.
Duration ObjectStore::Server::transfer(const Message& request, uint64_t limit) {
  const uint64_t bytes = bytes_of(request);
  if (bytes == 0) return {};
  uint64_t rate = store_.options_.bytes_per_second;
  if (limit != 0) rate = std::min(rate, limit);
  const Time start = std::max(now(), store_.line_free_);
  store_.line_free_ = start + transfer_time(bytes, store_.options_.total_bytes_per_second);
  const Time own = start + transfer_time(bytes, rate);
  return std::max(own, store_.line_free_) - now();
}

void ObjectStore::Server::note(ObjectFact fact, std::string_view key, const Call& call, uint64_t a,
                               uint64_t content) {
  kernel().announce({.entity = path(),
                     .subject = kernel().intern("object/" + std::string(key)),
                     .kind = fact_kind(fact),
                     .a = a,
                     .c = kernel().path_hash(client_path(call.from)),
                     .content = content});
}

Body ObjectStore::Server::serve(const Call& call, const Message& request, const Body&) {
  auto answer = std::make_shared<ObjectAnswer>();
  if (request.kind() == PutObject::kind_id())
    put(as<PutObject>(request), call, *answer);
  else if (request.kind() == GetObject::kind_id())
    get(as<GetObject>(request), call, *answer);
  else if (request.kind() == DeleteObject::kind_id())
    erase(as<DeleteObject>(request), call, *answer);
  else if (request.kind() == ListObjects::kind_id())
    list(as<ListObjects>(request), call, *answer);
  else
    CHECK(false, "an object store knows put, get, delete and list");
  return answer;
}

void ObjectStore::Server::put(const PutObject& request, const Call& call, ObjectAnswer& answer) {
  if (!request.overwrite && store_.objects_.count(request.key) != 0) {
    answer.result = ObjectResult::exists;
    return;
  }
  FileContent bytes = request.content.bytes();
  Digest128 digest = request.content.digest();
  if (!bytes.empty() && kernel().perturbed(Perturbation::state_byte) != 0) {
    bytes.flip_bit(0);
    digest = bytes.digest();
  }
  store_.objects_.insert_or_assign(request.key, std::move(bytes));
  note(ObjectFact::put, request.key, call, request.content.size(), digest.high ^ digest.low);
}

void ObjectStore::Server::get(const GetObject& request, const Call& call, ObjectAnswer& answer) {
  const auto it = store_.objects_.find(request.key);
  if (it == store_.objects_.end()) {
    answer.result = ObjectResult::missing;
    note(ObjectFact::missing, request.key, call, call.kind, 0);
    return;
  }
  const uint64_t length = bytes_of(request);
  if (length > 0) answer.content = ObjectContent(it->second.slice(request.offset, length));
  note(ObjectFact::got, request.key, call, length, 0);
}

void ObjectStore::Server::erase(const DeleteObject& request, const Call& call,
                                ObjectAnswer& answer) {
  const auto it = store_.objects_.find(request.key);
  if (it == store_.objects_.end()) {
    answer.result = ObjectResult::missing;
    note(ObjectFact::missing, request.key, call, call.kind, 0);
    return;
  }
  const uint64_t size = it->second.size();
  store_.objects_.erase(it);
  note(ObjectFact::deleted, request.key, call, size, 0);
}

void ObjectStore::Server::list(const ListObjects& request, const Call& call, ObjectAnswer& answer) {
  for (auto it = store_.objects_.lower_bound(request.prefix);
       it != store_.objects_.end() && it->first.starts_with(request.prefix); ++it)
    answer.keys.push_back(it->first);
  note(ObjectFact::listed, request.prefix, call, answer.keys.size(), 0);
}

}  // namespace drey::sim
