#pragma once
// Records of many runs, from many files in any order -> one database. What was read before and in
// which order makes no difference; the same record twice counts once; one key with two digests is a
// conflict: all of them are listed, and the first by digest stands for the run.
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "reports/run_database.h"
#include "scenarios/run_record.h"

namespace drey::scenarios {

class RecordMerger {
 public:
  // Lines of a shard. Torn lines are skipped and counted.
  void add_lines(std::string_view text);
  // A database that was written before; a text says what is wrong with it.
  std::string add_database(const std::string& path);

  reports::RunDatabase database() const;
  size_t runs() const { return records_.size(); }
  size_t torn() const { return torn_; }
  size_t failed() const;  // runs of which nothing is known but that they ended without a result

 private:
  void add(const RunRecord& record);

  std::map<std::string, std::map<std::string, std::string>> records_;  // key, digest, line
  std::set<std::string> failed_;                                       // keys
  size_t torn_ = 0;
};

// A row per run and value, with all its context: key, scenario, params ..., seed, metric, value.
std::string merged_csv(const reports::RunDatabase& database);

}  // namespace drey::scenarios
