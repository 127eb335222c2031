#include "sim/pointer_store.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace drey::sim {

class PointerStore::Server final : public ServiceEndpoint {
 public:
  Server(PointerStore& store, ProcessId process);
  ~Server() override { store_.server_ = nullptr; }

  void end_session(uint64_t id, PointerFact how);

 private:
  Body serve(const Call& call, const Message& request, const Body& shared) override;
  void on_work(uint16_t kind, uint64_t session) override;

  using Answer = PointerAnswer;
  void open(const Call& call, const OpenSession& request, Answer& answer);
  void join(const JoinLatch& request, Answer& answer);
  void leave(uint64_t session, const std::string& latch);
  void write(const WritePointer& request, Answer& answer);
  void remove(const RemovePointer& request, Answer& answer);
  void read(std::string_view prefix, bool exact, Answer& answer) const;
  void watch(const WatchPointers& request, Answer& answer);
  // Null when the request names no session that is open.
  Session* touch(uint64_t session);
  PointerResult permit(uint64_t session, std::string_view name, uint64_t expected,
                       const std::string& guard, Answer& answer) const;
  void serve_session(const Call& call, const Message& request, uint64_t session, Answer& answer);
  void erase(const std::string& name, uint64_t by);
  void tell_watchers(const PointerValue& value, bool removed);
  void announce_leader(const std::string& latch);

  PointerStore& store_;
};

std::unique_ptr<ServiceEndpoint> PointerStore::make_endpoint(ProcessId process) {
  auto server = std::make_unique<Server>(*this, process);
  server_ = server.get();
  return server;
}

uint64_t PointerStore::leader(std::string_view latch) const {
  const auto it = latches_.find(latch);
  return it == latches_.end() || it->second.empty() ? 0 : it->second.front();
}

size_t PointerStore::expire_sessions_of(ProcessId client) {
  if (server_ == nullptr) return 0;
  std::vector<uint64_t> ids;
  for (const auto& [id, session] : sessions_)
    if (session.client.process == client) ids.push_back(id);
  for (const uint64_t id : ids) server_->end_session(id, PointerFact::session_expired);
  return ids.size();
}

PointerStore::Server::Server(PointerStore& store, ProcessId process)
    : ServiceEndpoint(store, process), store_(store) {
  for (auto& [id, session] : store_.sessions_) {
    session.last_heard = now();
    work_later(session.timeout, 0, id);
  }
}

PointerStore::Session* PointerStore::Server::touch(uint64_t id) {
  const auto it = store_.sessions_.find(id);
  if (it == store_.sessions_.end()) return nullptr;
  it->second.last_heard = now();
  return &it->second;
}

// One pending event per session: it looks whether the session was heard of meanwhile.
void PointerStore::Server::on_work(uint16_t, uint64_t id) {
  const auto it = store_.sessions_.find(id);
  if (it == store_.sessions_.end()) return;
  const Duration left = it->second.last_heard + it->second.timeout - now();
  if (left.ns > 0)
    work_later(left, 0, id);
  else
    end_session(id, PointerFact::session_expired);
}

void PointerStore::Server::end_session(uint64_t id, PointerFact how) {
  const auto it = store_.sessions_.find(id);
  const PathId client = client_path(it->second.client);
  store_.sessions_.erase(it);
  announce(fact_kind(how), client, id, 0, 0);
  std::vector<std::string> names;
  for (const auto& [name, value] : store_.values_)
    if (value.owner == id) names.push_back(name);
  for (const std::string& name : names) erase(name, id);
  std::vector<std::string> latches;
  for (const auto& [latch, members] : store_.latches_) latches.push_back(latch);
  for (const std::string& latch : latches) leave(id, latch);
}

void PointerStore::Server::announce_leader(const std::string& latch) {
  const uint64_t leader = store_.leader(latch);
  uint64_t client = 0;
  if (leader != 0) {
    const Session& session = store_.sessions_.at(leader);
    client = kernel().path_hash(client_path(session.client));
  }
  announce(fact_kind(PointerFact::leader_changed), kernel().intern("latch/" + latch), leader, 0,
           client);
}

Body PointerStore::Server::serve(const Call& call, const Message& request, const Body&) {
  auto answer = std::make_shared<PointerAnswer>();
  if (request.kind() == OpenSession::kind_id()) {
    open(call, as<OpenSession>(request), *answer);
    return answer;
  }
  // All other requests begin with their session.
  const uint64_t session = request.essence()[0];
  if (touch(session) == nullptr)
    answer->result = PointerResult::expired;
  else
    serve_session(call, request, session, *answer);
  if (answer->result != PointerResult::ok)
    announce(fact_kind(PointerFact::refused), client_path(call.from),
             static_cast<uint64_t>(answer->result), request.kind(), session);
  return answer;
}

void PointerStore::Server::serve_session(const Call&, const Message& request, uint64_t session,
                                         Answer& answer) {
  const uint32_t kind = request.kind();
  if (kind == PingSession::kind_id()) return;
  if (kind == CloseSession::kind_id())
    end_session(session, PointerFact::session_closed);
  else if (kind == JoinLatch::kind_id())
    join(as<JoinLatch>(request), answer);
  else if (kind == LeaveLatch::kind_id())
    leave(session, as<LeaveLatch>(request).latch);
  else if (kind == WritePointer::kind_id())
    write(as<WritePointer>(request), answer);
  else if (kind == RemovePointer::kind_id())
    remove(as<RemovePointer>(request), answer);
  else if (kind == ReadPointers::kind_id())
    read(as<ReadPointers>(request).prefix, as<ReadPointers>(request).exact, answer);
  else if (kind == WatchPointers::kind_id())
    watch(as<WatchPointers>(request), answer);
  else
    CHECK(false, "a request that the pointer store does not know");
}

void PointerStore::Server::open(const Call& call, const OpenSession& request, Answer& answer) {
  CHECK(request.timeout.ns > 0, "a session has a time-out");
  const uint64_t id = store_.next_session_++;
  Session session;
  session.client = call.from;
  session.timeout = request.timeout;
  session.last_heard = now();
  store_.sessions_.emplace(id, std::move(session));
  announce(fact_kind(PointerFact::session_opened), client_path(call.from), id, 0, 0);
  work_later(request.timeout, 0, id);
  answer.session = id;
}

void PointerStore::Server::join(const JoinLatch& request, Answer& answer) {
  std::vector<uint64_t>& members = store_.latches_[request.latch];
  if (std::find(members.begin(), members.end(), request.session) == members.end()) {
    members.push_back(request.session);
    if (members.size() == 1) announce_leader(request.latch);
  }
  answer.leads = members.front() == request.session;
}

void PointerStore::Server::leave(uint64_t session, const std::string& latch) {
  const auto it = store_.latches_.find(latch);
  if (it == store_.latches_.end()) return;
  std::vector<uint64_t>& members = it->second;
  const auto place = std::find(members.begin(), members.end(), session);
  if (place == members.end()) return;
  const bool led = place == members.begin();
  members.erase(place);
  if (!led) return;
  announce_leader(latch);
  if (members.empty()) return;
  auto told = std::make_shared<LatchChanged>();
  told->session = members.front();
  told->latch = latch;
  told->leads = true;
  tell(store_.sessions_.at(members.front()).client, {}, told);
}

PointerResult PointerStore::Server::permit(uint64_t session, std::string_view name,
                                           uint64_t expected, const std::string& guard,
                                           Answer& answer) const {
  if (!guard.empty() && store_.leader(guard) != session) return PointerResult::not_leader;
  const auto it = store_.values_.find(name);
  const uint64_t version = it == store_.values_.end() ? 0 : it->second.version;
  answer.version = version;
  if (expected == kAnyVersion || expected == version) return PointerResult::ok;
  if (expected == kMustNotExist) return PointerResult::exists;
  return version == 0 ? PointerResult::missing : PointerResult::wrong_version;
}

void PointerStore::Server::write(const WritePointer& request, Answer& answer) {
  answer.result = permit(request.session, request.name, request.expected, request.guard, answer);
  if (answer.result != PointerResult::ok) return;
  PointerValue& value = store_.values_[request.name];
  value.name = request.name;
  value.value = request.value;
  value.version = ++store_.revision_;
  value.owner = request.ephemeral ? request.session : 0;
  answer.version = value.version;
  Digest digest;
  digest.fold(std::string_view(value.value));
  kernel().announce({.entity = path(),
                     .subject = kernel().intern("pointer/" + request.name),
                     .kind = fact_kind(PointerFact::written),
                     .a = value.version,
                     .b = request.session,
                     .content = digest.value().high});
  tell_watchers(value, false);
}

void PointerStore::Server::remove(const RemovePointer& request, Answer& answer) {
  answer.result = permit(request.session, request.name, request.expected, request.guard, answer);
  if (answer.result != PointerResult::ok) return;
  if (answer.version == 0) {
    answer.result = PointerResult::missing;
    return;
  }
  erase(request.name, request.session);
}

void PointerStore::Server::erase(const std::string& name, uint64_t by) {
  const auto it = store_.values_.find(name);
  const PointerValue value = it->second;
  store_.values_.erase(it);
  announce(fact_kind(PointerFact::removed), kernel().intern("pointer/" + name), value.version, by,
           0);
  tell_watchers(value, true);
}

void PointerStore::Server::tell_watchers(const PointerValue& value, bool removed) {
  for (const auto& [id, session] : store_.sessions_) {
    const bool watches =
        std::any_of(session.watched.begin(), session.watched.end(),
                    [&](const std::string& prefix) { return value.name.starts_with(prefix); });
    if (!watches) continue;
    auto told = std::make_shared<PointerChanged>();
    told->session = id;
    told->value = value;
    told->removed = removed;
    tell(session.client, {}, told);
  }
}

void PointerStore::Server::read(std::string_view prefix, bool exact, Answer& answer) const {
  for (auto it = store_.values_.lower_bound(prefix);
       it != store_.values_.end() && it->first.starts_with(prefix); ++it) {
    if (exact && it->first != prefix) break;
    answer.values.push_back(it->second);
  }
  if (exact && answer.values.empty()) answer.result = PointerResult::missing;
}

void PointerStore::Server::watch(const WatchPointers& request, Answer& answer) {
  std::vector<std::string>& watched = store_.sessions_.at(request.session).watched;
  if (std::find(watched.begin(), watched.end(), request.prefix) == watched.end())
    watched.push_back(request.prefix);
  read(request.prefix, false, answer);
}

}  // namespace drey::sim
