#pragma once
// A memtable in the place of RocksDB's skip list, ordered late. Keys are found by their hash; only
// a reader in key order (a flush, an iterator) has them sorted. A read-modify-write then descends
// no skip list at all, and the order of a table of few keys with many versions is that of its keys.
//
// Nobody can tell the difference: entries lie in the memory and have the heights that the skip list
// would give them (which decides when a table is full), and versions of a key are told newest
// first. An iterator that is open does not see what is put after it was made; RocksDB's snapshots
// hide that anyway. One writer at a time, bytewise order of user keys. To RocksDB it is its
// SkipListFactory (the name in OPTIONS files), whose tables of range deletions are not ours.
#include <rocksdb/memtablerep.h>

namespace drey::state {

class LateSkipListFactory final : public rocksdb::SkipListFactory {
 public:
  using SkipListFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator& comparator,
                                          rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform* transform,
                                          rocksdb::Logger* logger) override;
  // Versions are not looked for when they are put; that they differ is our own writes' duty.
  bool CanHandleDuplicatedKey() const override { return false; }
  bool IsInsertConcurrentlySupported() const override { return false; }
};

}  // namespace drey::state
