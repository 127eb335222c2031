#pragma once
// Records of a user's CSV file: RFC 4180 with a header line. Keys are texts, interned in the order
// of their first appearance (the id is the record's key), file after file; values are whole
// numbers; times are milliseconds since 1970 or ISO 8601 (2026-11-26T01:02:03[.456][Z]); without a
// time column the row's number is the time.
#include <map>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/record.h"

namespace drey::scenarios {

// Ids of the keys, over all files of a scenario.
struct CsvKeys {
  std::map<std::string, uint64_t> ids;
  std::vector<std::string> texts;  // by id
};

struct CsvRecords {
  std::vector<sim::Record> rows;
  std::string error;  // not empty: "file:line:column: what", and no rows
};
// Adds the keys of the file.
CsvRecords load_csv(const CsvData& data, CsvKeys& keys);
// As above; the reader has checked the file, so that an error now (it changed meanwhile) ends the
// program with code 2.
std::vector<sim::Record> read_csv_records(const CsvData& data, CsvKeys& keys);

}  // namespace drey::scenarios
