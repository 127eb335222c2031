#pragma once
// RocksDB's own skip list, filled late. Keys are found by their hash; only a reader in key order (a
// flush, an iterator) has what was put since the last one sorted and inserted, which is cheap in
// ascending order. A read-modify-write then descends no skip list at all.
//
// Nobody can tell the difference: entries lie in the memory and have the heights that the skip list
// gives them, versions of a key are told newest first, and iterators are the skip list's own. An
// iterator that is open does not see what is put after it was made; RocksDB's snapshots hide that
// anyway. One writer at a time, bytewise order of user keys. To RocksDB it is its SkipListFactory
// (the name in OPTIONS files), whose tables of range deletions are not ours.
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
