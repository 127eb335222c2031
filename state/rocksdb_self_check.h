#pragma once
// Proves at start-up that this process may hold a deterministic RocksDB: every interposed symbol
// was reached, a cut-off database can be destroyed, and the process has one thread. Symbols that do
// not take would show only as runs that differ.
#include <string>

namespace drey::state {

// Empty when all is well, else what is wrong: the message for exit code 3. Costs about 3 ms; once
// per process is enough.
std::string check_rocksdb_seams();
// The same, asked once per process.
const std::string& rocksdb_seams_problem();

// Entries of /proc/self/task.
size_t count_threads();

}  // namespace drey::state
