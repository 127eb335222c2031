#pragma once
// The external logs of one run, in a fixed order. Their splits are numbered through: those of the
// first log from 0 on, those of the second behind them, and so on. These numbers, and no others,
// stand in provenances and in facts, so no two records of a run have the same name and everything
// that goes by split goes by log too. What talks to one log only (its server, its readers, its
// enumerator, a checkpoint) numbers that log's own splits from 0.
//
// A value: the logs are shared and immutable.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/log_contents.h"

namespace drey::sim {

class LogSet {
 public:
  struct Member {
    std::string name;                    // of its service: "log", "log-orders"
    std::vector<std::string> readers{};  // the sources that read it
    std::shared_ptr<const LogContents> contents;
  };

  LogSet() = default;
  // Of a world with one log, which all sources read.
  explicit LogSet(std::shared_ptr<const LogContents> only);
  // The first split of each is the number of splits before it.
  explicit LogSet(std::vector<Member> members);

  bool empty() const { return members_.empty(); }
  const std::vector<Member>& members() const { return members_; }
  size_t log_of(uint16_t split) const { return log_of_[split]; }
  const LogContents& of(uint16_t split) const { return *members_[log_of_[split]].contents; }
  // Index of the log that this source reads: the only one, if there is one only.
  size_t read_by(std::string_view source) const;

  // As LogContents, by the numbers through.
  uint16_t splits() const { return static_cast<uint16_t>(log_of_.size()); }
  uint64_t size(uint16_t split) const;
  uint64_t available(uint16_t split, Time at) const;
  Time available_at(uint16_t split, uint64_t offset) const;
  Record record(uint16_t split, uint64_t offset) const;
  uint64_t total() const;  // kUnbounded if one of them has no end
  bool held_back() const;  // records of some log become available one after the other
  // "split 2", or "split 2 of log-orders" (its own number) where there are several logs.
  std::string split_text(uint64_t split) const;

 private:
  std::vector<Member> members_;
  std::vector<uint16_t> log_of_;  // by split
};

}  // namespace drey::sim
