// guard: fence
// as: state/heap_planted.cc
#include <rocksdb/db.h>
