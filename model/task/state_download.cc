#include "model/task/state_download.h"

#include "fmt/core.h"
#include "sim/object_store.h"

namespace drey::model {

namespace {
constexpr sim::Duration kDownloadTimeout = sim::minutes(2);
constexpr sim::Duration kRetryPause = sim::milliseconds(500);
constexpr uint32_t kTries = 3;
}  // namespace

bool StateDownload::start() {
  const Deployment& deployment = context_.deployment();
  if (deployment.restore == nullptr) return true;
  for (const OperatorState& state : deployment.restore->operators) {
    for (const state::KeyedStateHandle& handle : state.keyed) {
      state::RestoreSource source{.handle = handle, .contents = {}};
      source.contents.resize(handle.files.size());
      for (size_t i = 0; i < handle.files.size(); ++i) {
        waiting_.push_back(files_.size());
        files_.push_back({.source = sources_.size(), .index = i});
      }
      sources_.push_back(std::move(source));
      op_of_source_.push_back(state.op);
    }
  }
  fetch_more();
  return files_.empty();
}

void StateDownload::fetch_more() {
  const uint32_t threads = context_.deployment().job->options.transfer_threads;
  while (fetching_ < threads && !waiting_.empty()) {
    const uint64_t file = waiting_.front();
    waiting_.pop_front();
    ++fetching_;
    fetch(file);
  }
}

void StateDownload::fetch(uint64_t number) {
  const File& file = files_[number];
  auto get = std::make_shared<sim::GetObject>();
  get->key = sources_[file.source].handle.files[file.index].object_key;
  context_.call(context_.locate(context_.deployment().job->object_store), std::move(get),
                kDownloadTimeout, {TaskPart::restore, 0, number});
}

void StateDownload::answered(TaskCall call, const sim::Reply& reply) {
  File& file = files_[call.argument];
  const state::HandleFile& wanted = sources_[file.source].handle.files[file.index];
  if (reply.failure != sim::CallFailure::none) {
    if (++file.tries < kTries) {
      context_.after(kRetryPause, {TaskPart::restore, try_again, call.argument});
      return;
    }
    context_.fail_task({.kind = Cause::Kind::state,
                        .text = fmt::format("could not download {}", wanted.object_key),
                        .partition = {}});
    return;
  }
  const auto& answer = sim::as<sim::ObjectAnswer>(*reply.body);
  if (answer.result != sim::ObjectResult::ok) {
    context_.fail_task({.kind = Cause::Kind::state,
                        .text = fmt::format("{} is missing in the object store", wanted.object_key),
                        .partition = {}});
    return;
  }
  bytes_ += answer.content.size();
  sources_[file.source].contents[file.index] = answer.content.bytes();
  const sim::Duration copying =
      state::download_time(sources_[file.source].handle.kind, answer.content.size());
  if (copying.ns > 0)
    context_.after(copying, {TaskPart::restore, copied, call.argument});
  else
    fetched();
}

// A thread is free again.
void StateDownload::fetched() {
  --fetching_;
  fetch_more();
  if (done()) context_.wake();
}

void StateDownload::timer(TaskCall call) {
  if (call.kind == copied)
    fetched();
  else
    fetch(call.argument);
}

std::vector<state::RestoreSource> StateDownload::keyed(uint32_t op) const {
  std::vector<state::RestoreSource> found;
  for (size_t i = 0; i < sources_.size(); ++i)
    if (op_of_source_[i] == op) found.push_back(sources_[i]);
  return found;
}

std::vector<SourcePosition> StateDownload::source(uint32_t op, bool& found) const {
  std::vector<SourcePosition> positions;
  found = false;
  const Deployment& deployment = context_.deployment();
  if (deployment.restore == nullptr) return positions;
  for (const OperatorState& state : deployment.restore->operators) {
    if (state.op != op) continue;
    found = true;
    positions.insert(positions.end(), state.source.begin(), state.source.end());
  }
  return positions;
}

std::vector<std::string> StateDownload::bytes_of(uint32_t op) const {
  std::vector<std::string> found;
  const Deployment& deployment = context_.deployment();
  if (deployment.restore == nullptr) return found;
  for (const OperatorState& state : deployment.restore->operators)
    if (state.op == op && !state.bytes.empty()) found.push_back(state.bytes);
  return found;
}

}  // namespace drey::model
