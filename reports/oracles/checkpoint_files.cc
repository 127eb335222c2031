#include "reports/oracles/checkpoint_files.h"

#include "sim/object_store.h"

namespace drey::reports {

using sim::ObjectFact;

namespace {

// Takes "<digits><end>" off the front.
std::optional<uint64_t> take_number(std::string_view& text, char end) {
  uint64_t number = 0;
  size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
    number = number * 10 + static_cast<uint64_t>(text[i] - '0');
  if (i == 0 || i == text.size() || text[i] != end) return std::nullopt;
  text.remove_prefix(i + 1);
  return number;
}

}  // namespace

bool CheckpointFiles::parse_rest(std::string_view rest, CheckpointFile& file) const {
  const model::ExecutionTopology& topology = view_->topology();
  for (model::JobVertexIndex v = 0; v < topology.job().vertices.size(); ++v) {
    for (const uint32_t op : topology.job().vertices[v].operators) {
      const std::string& id = view_->spec().operators[op].id;
      if (!rest.starts_with(id) || rest.size() <= id.size() || rest[id.size()] != '-') continue;
      std::string_view numbers = rest.substr(id.size() + 1);
      const auto subtask = take_number(numbers, '-');
      const auto attempt = take_number(numbers, '-');
      const auto checkpoint = take_number(numbers, '-');
      if (!subtask.has_value() || !attempt.has_value() || !checkpoint.has_value()) continue;
      if (*subtask >= topology.job().vertices[v].parallelism) continue;
      file.subtask = topology.subtask(v, static_cast<uint32_t>(*subtask));
      file.attempt = *attempt;
      file.checkpoint = *checkpoint;
      return true;
    }
  }
  return false;
}

std::optional<CheckpointFile> CheckpointFiles::parse(std::string_view key) const {
  if (!key.starts_with(prefix_)) return std::nullopt;
  std::string_view rest = key.substr(prefix_.size());
  CheckpointFile file{.key = std::string(key.substr(std::string_view("object/").size()))};
  constexpr std::string_view kShared = "shared/", kOwn = "chk-";
  if (rest.starts_with(kShared)) {
    rest.remove_prefix(kShared.size());
  } else if (rest.starts_with(kOwn)) {
    rest.remove_prefix(kOwn.size());
    const auto id = take_number(rest, '/');
    if (!id.has_value()) return std::nullopt;
    file.checkpoint = *id;
    file.metadata = rest == "_metadata";
    if (file.metadata) return file;
  } else {
    return std::nullopt;
  }
  if (!parse_rest(rest, file)) return std::nullopt;
  return file;
}

const CheckpointFile* CheckpointFiles::on(const sim::Fact& fact) {
  const bool put = fact.kind == fact_kind(ObjectFact::put);
  const bool deleted = fact.kind == fact_kind(ObjectFact::deleted);
  const bool damaged = fact.kind == fact_kind(ObjectFact::damaged);
  if (!put && !deleted && !damaged) return nullptr;
  const uint32_t path = fact.subject.index;
  auto found = files_.find(path);
  if (found == files_.end()) {
    if (others_.count(path) != 0) return nullptr;
    std::optional<CheckpointFile> file = parse(view_->names()(fact.subject));
    if (!file.has_value()) {
      others_.insert(path);
      return nullptr;
    }
    of_checkpoint_[file->checkpoint].push_back(path);
    found = files_.emplace(path, std::move(*file)).first;
  }
  CheckpointFile& file = found->second;
  if (put) file.there = true;
  if (deleted) file.there = false;
  if (damaged) file.damaged = true;
  return &file;
}

std::vector<const CheckpointFile*> CheckpointFiles::of(uint64_t checkpoint) const {
  std::vector<const CheckpointFile*> all;
  const auto found = of_checkpoint_.find(checkpoint);
  if (found == of_checkpoint_.end()) return all;
  for (const uint32_t path : found->second) all.push_back(&files_.at(path));
  return all;
}

}  // namespace drey::reports
