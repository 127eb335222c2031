#include "sim/log_set.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace drey::sim {

LogSet::LogSet(std::shared_ptr<const LogContents> only) {
  if (only == nullptr) return;
  *this = LogSet(std::vector<Member>{{.name = "log", .contents = std::move(only)}});
}

LogSet::LogSet(std::vector<Member> members) : members_(std::move(members)) {
  for (size_t i = 0; i < members_.size(); ++i) {
    const LogContents& log = *members_[i].contents;
    CHECK(log.first_split() == log_of_.size(), "the splits of a run's logs are numbered through");
    CHECK(log_of_.size() + log.splits() <= UINT16_MAX, "a run has at most 65535 splits");
    log_of_.insert(log_of_.end(), log.splits(), static_cast<uint16_t>(i));
  }
}

size_t LogSet::read_by(std::string_view source) const {
  if (members_.size() == 1) return 0;
  for (size_t i = 0; i < members_.size(); ++i) {
    const std::vector<std::string>& readers = members_[i].readers;
    if (std::find(readers.begin(), readers.end(), source) != readers.end()) return i;
  }
  CHECK(false, "every source reads a log");
  return 0;
}

uint64_t LogSet::size(uint16_t split) const {
  const LogContents& log = of(split);
  return log.size(log.own_number(split));
}

uint64_t LogSet::available(uint16_t split, Time at) const {
  const LogContents& log = of(split);
  return log.available(log.own_number(split), at);
}

Time LogSet::available_at(uint16_t split, uint64_t offset) const {
  const LogContents& log = of(split);
  return log.available_at(log.own_number(split), offset);
}

Record LogSet::record(uint16_t split, uint64_t offset) const {
  const LogContents& log = of(split);
  return log.record(log.own_number(split), offset);
}

uint64_t LogSet::total() const {
  uint64_t all = 0;
  for (const Member& member : members_) {
    const uint64_t more = member.contents->total();
    if (more == LogContents::kUnbounded) return more;
    all += more;
  }
  return all;
}

bool LogSet::held_back() const {
  return std::any_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.contents->spec().records_per_second > 0;
  });
}

std::string LogSet::split_text(uint64_t split) const {
  if (members_.size() < 2 || split >= log_of_.size()) return "split " + std::to_string(split);
  const auto number = static_cast<uint16_t>(split);
  return "split " + std::to_string(of(number).own_number(number)) + " of " +
         members_[log_of_[number]].name;
}

}  // namespace drey::sim
