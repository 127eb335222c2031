#include "state/rocksdb_scope.h"

namespace drey::state {

namespace {
// Process-wide because the interposed symbols have no argument that names their database. Null
// whenever no scope is open, so nothing survives from one run to the next.
constinit DatabaseSeams* current_seams = nullptr;
}  // namespace

DatabaseScope::DatabaseScope(DatabaseSeams& seams) : outer_(current_seams) {
  current_seams = &seams;
}
DatabaseScope::~DatabaseScope() { current_seams = outer_; }
DatabaseSeams* DatabaseScope::current() { return current_seams; }

}  // namespace drey::state
