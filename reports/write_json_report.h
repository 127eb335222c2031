#pragma once
// The data of the report's page, as JSON (format 1), and the whole page around it.
//
//   {"format": 1, "kind": "run", "results": [result.json ...], "detail": {...}, "thinned": [...]}
//   {"format": 1, "kind": "sweep", "sweep": {sweep.json without samples, keys and hashes}}
//
// The results are those of result.json to the letter, so that page and file cannot differ. Times in
// ns. Arrays of columns where there are many rows; reports/page/src/data.ts names every field.
#include <string>
#include <string_view>
#include <vector>

#include "reports/report_data.h"

namespace drey::reports {

// Of one run; strict JSON, an object.
std::string detail_json(const ReportCollector& collector);

// `results`: documents of to_json; `detail` may be empty (no details kept). Documents of runs
// beyond about 2 MB in all are left out, the first and those that did not pass last; the page says
// so.
std::string run_data(const std::vector<std::string>& results, std::string_view detail);

// `sweep`: strict JSON, of one sweep.
std::string sweep_data(std::string_view sweep);

// The page with its data: one HTML file that needs nothing else. `data` is strict JSON; no text in
// it can end the script element.
std::string report_page(std::string_view data);

}  // namespace drey::reports
