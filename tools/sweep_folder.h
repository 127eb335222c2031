#pragma once
// The folder of a sweep: a file of records per shard (runs-<i>-of-<n>.jsonl), only ever appended
// to, a line at a time with one write, whichever of the sweep's processes writes it; and what is
// made of all of them: sweep.json, sweep.md, sweep.csv. A line that a kill tore is ended before the
// next one is written, and skipped by every reader. Two processes never work on one shard at a time
// (flock).
#include <map>
#include <string>

#include "scenarios/run_record.h"

namespace drey::tools {

struct Shard {
  size_t index = 0;  // 0 .. of - 1
  size_t of = 1;
};

class SweepFolder {
 public:
  SweepFolder() = default;
  ~SweepFolder();
  SweepFolder(const SweepFolder&) = delete;
  SweepFolder& operator=(const SweepFolder&) = delete;

  // Empty, or what is wrong. Reads every record of the folder, of each the wanted metrics.
  std::string open(const std::string& path, Shard shard, scenarios::MetricNames wanted);
  // A record's line, with its end. False: the disk is full, or so. Also from the process of a run,
  // so that nothing lies between its end and its record.
  bool append(const std::string& line) const;
  // A record that has been appended by such a process.
  void take(scenarios::RunRecord record);
  // A line that is no record: a run that ended without a result. Of what its process may have torn
  // the end is made first.
  bool append_failure(const std::string& line);
  // Whether it was recorded: of a process that died and could not say so any more.
  bool find_recorded(const std::string& key);
  void sync();  // to the disk, for a host that dies

  const std::map<std::string, scenarios::RunRecord>& records() const { return records_; }
  // Records that differ under one key: the program is not deterministic.
  size_t conflicts() const { return conflicts_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // Takes in what other shards have written since it was opened.
  void read_again();

 private:
  void read(std::string_view lines);
  bool end_torn_line() const;

  std::string path_;
  std::string own_;
  scenarios::MetricNames wanted_;
  int descriptor_ = -1;
  size_t conflicts_ = 0;
  std::map<std::string, scenarios::RunRecord> records_;  // by key
  bool own_known_ = false;
  std::map<std::string, size_t> known_;  // bytes taken in, by the file's name
};

// The text of every *.jsonl of a folder, by name, `but` for one path. Empty when there is none.
std::map<std::string, std::string> record_files(const std::string& folder,
                                                const std::string& but = {});

}  // namespace drey::tools
