#include "state/rocksdb_memtable.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "sim/check.h"
#include "sim/digest.h"

namespace drey::state {

namespace rdb = rocksdb;

namespace {

constexpr size_t kTagBytes = 8;  // behind a user key: its sequence number and type
constexpr size_t kFirstSlots = 64;

rdb::Slice user_key(const rdb::Slice& internal_key) {
  return {internal_key.data(), internal_key.size() - kTagBytes};
}

// Newer versions have larger ones.
uint64_t tag(const rdb::Slice& internal_key) {
  uint64_t word = 0;
  std::memcpy(&word, internal_key.data() + internal_key.size() - kTagBytes, kTagBytes);
  return std::endian::native == std::endian::big ? __builtin_bswap64(word) : word;
}

uint64_t hash(const rdb::Slice& key) {
  uint64_t h = key.size();
  const char* at = key.data();
  for (size_t left = key.size(); left > 0;) {
    uint64_t words[2] = {0, 0};
    const size_t part = std::min(left, sizeof words);
    std::memcpy(words, at, part);
    h = sim::mix(h ^ words[0] ^ 0x9e3779b97f4a7c15u, words[1] ^ 0xd1b54a32d192ed03u);
    at += part;
    left -= part;
  }
  return h;
}

// Eight bytes of the key from `from` on, so that numbers compare as bytes do; what is missing is
// zero, so equal words need a look at the keys.
uint64_t word_of(const rdb::Slice& key, size_t from) {
  uint64_t word = 0;
  if (key.size() > from)
    std::memcpy(&word, key.data() + from, std::min(key.size() - from, sizeof word));
  return std::endian::native == std::endian::big ? word : __builtin_bswap64(word);
}

class LateSkipList final : public rdb::MemTableRep {
 public:
  LateSkipList(std::unique_ptr<rdb::MemTableRep> list, const KeyComparator& comparator,
               rdb::Allocator* allocator)
      : MemTableRep(allocator), list_(std::move(list)), comparator_(comparator) {
    newest_.resize(kFirstSlots, 0);
  }

  rdb::KeyHandle Allocate(size_t length, char** buffer) override {
    allocated_ = list_->Allocate(length, buffer);
    bytes_ = *buffer;
    return allocated_;
  }

  void Insert(rdb::KeyHandle handle) override {
    CHECK(handle == allocated_, "RocksDB puts what it has just allocated");
    const rdb::Slice internal = comparator_.decode_key(bytes_);
    if ((entries_.size() + 1) * 2 > newest_.size()) grow();
    const rdb::Slice key = user_key(internal);
    const uint64_t h = hash(key);
    uint32_t& newest = newest_[slot_of(key, h)];
    entries_.push_back({bytes_, h, newest});
    CHECK(newest == 0 || tag(internal_of(newest)) < tag(internal), "versions are put in order");
    newest = static_cast<uint32_t>(entries_.size());
  }

  bool Contains(const char* entry) const override {
    const rdb::Slice internal = comparator_.decode_key(entry);
    const uint32_t found = find(internal);
    return found != 0 && tag(internal_of(found)) == tag(internal);
  }

  uint64_t ApproximateNumEntries(const rdb::Slice& from, const rdb::Slice& to) override {
    settle();
    const size_t first = order_->first_not_before(comparator_, from);
    const size_t end = order_->first_not_before(comparator_, to);
    return end < first ? 0 : end - first;
  }
  size_t ApproximateMemoryUsage() override { return list_->ApproximateMemoryUsage(); }
  void MarkReadOnly() override { list_->MarkReadOnly(); }

  Iterator* GetIterator(rdb::Arena* arena) override {
    settle();
    if (arena == nullptr) return new InOrder(order_, comparator_);
    return new (places_.take()) InArena(order_, comparator_, places_);
  }
  // Of the versions of one key: what Get() of the base class reads through.
  Iterator* GetDynamicPrefixIterator(rdb::Arena* arena) override {
    if (arena != nullptr) return GetIterator(arena);
    return new Versions(*this);
  }

 private:
  // Places are counted from 1; 0 is none.
  struct Entry {
    const char* bytes = nullptr;
    uint64_t hash = 0;
    uint32_t older = 0;  // the version before it of the same key
  };

  // The entries of one moment in the order of their internal keys: user keys ascending, of one key
  // the newest first. Never changed, so whoever reads it keeps what it began with.
  struct Order {
    std::vector<const char*> entries;
    size_t first_not_before(const KeyComparator& comparator, const rdb::Slice& internal) const {
      const auto at = std::partition_point(entries.begin(), entries.end(), [&](const char* entry) {
        return comparator(entry, internal) < 0;
      });
      return static_cast<size_t>(at - entries.begin());
    }
  };

  class InOrder : public Iterator {
   public:
    InOrder(std::shared_ptr<const Order> order, const KeyComparator& comparator)
        : order_(std::move(order)), comparator_(comparator), at_(order_->entries.size()) {}
    bool Valid() const override { return at_ < order_->entries.size(); }
    const char* key() const override { return order_->entries[at_]; }
    void Next() override { ++at_; }
    void Prev() override { at_ = at_ == 0 ? order_->entries.size() : at_ - 1; }
    void Seek(const rdb::Slice& internal, const char* memtable_key) override {
      const rdb::Slice wanted =
          memtable_key != nullptr ? comparator_.decode_key(memtable_key) : internal;
      at_ = order_->first_not_before(comparator_, wanted);
    }
    void SeekForPrev(const rdb::Slice& internal, const char* memtable_key) override {
      Seek(internal, memtable_key);
      if (!Valid()) {
        SeekToLast();
        return;
      }
      const rdb::Slice wanted =
          memtable_key != nullptr ? comparator_.decode_key(memtable_key) : internal;
      if (comparator_(key(), wanted) > 0) Prev();
    }
    void SeekToFirst() override { at_ = 0; }
    void SeekToLast() override { at_ = order_->entries.empty() ? 0 : order_->entries.size() - 1; }

   private:
    std::shared_ptr<const Order> order_;
    const KeyComparator& comparator_;
    size_t at_;
  };

  // RocksDB destroys what it has asked for with an arena, and gives its memory back with the
  // arena's. Applications cannot allocate there, so these lie in places of the table, which
  // outlives them.
  class Places {
   public:
    void* take() {
      if (free_.empty()) return &all_.emplace_back();
      void* const place = free_.back();
      free_.pop_back();
      return place;
    }
    void give_back(void* place) { free_.push_back(place); }

   private:
    struct alignas(std::max_align_t) Place {
      char bytes[128];
    };
    std::deque<Place> all_;
    std::vector<void*> free_;
  };

  class InArena final : public InOrder {
   public:
    InArena(std::shared_ptr<const Order> order, const KeyComparator& comparator, Places& places)
        : InOrder(std::move(order), comparator), places_(places) {
      static_assert(sizeof(InArena) <= 128);
    }
    ~InArena() override { places_.give_back(this); }  // used again only after this has returned

   private:
    Places& places_;
  };

  class Versions final : public Iterator {
   public:
    explicit Versions(const LateSkipList& table) : table_(table) {}
    bool Valid() const override { return at_ != 0; }
    const char* key() const override { return table_.entries_[at_ - 1].bytes; }
    void Next() override { at_ = table_.entries_[at_ - 1].older; }
    void Seek(const rdb::Slice& internal_key, const char*) override {
      at_ = table_.find(internal_key);
    }
    void Prev() override { refuse(); }
    void SeekForPrev(const rdb::Slice&, const char*) override { refuse(); }
    void SeekToFirst() override { refuse(); }
    void SeekToLast() override { refuse(); }

   private:
    static void refuse() { CHECK(false, "versions of one key are read from the newest on"); }
    const LateSkipList& table_;
    uint32_t at_ = 0;
  };

  rdb::Slice internal_of(uint32_t place) const {
    return comparator_.decode_key(entries_[place - 1].bytes);
  }

  // Of the key's newest version, or the empty slot where it would be.
  size_t slot_of(const rdb::Slice& key, uint64_t h) const {
    const size_t mask = newest_.size() - 1;
    for (size_t slot = h & mask;; slot = (slot + 1) & mask) {
      const uint32_t place = newest_[slot];
      if (place == 0) return slot;
      if (entries_[place - 1].hash == h && user_key(internal_of(place)) == key) return slot;
    }
  }

  // The newest version that is not newer than this one.
  uint32_t find(const rdb::Slice& internal) const {
    const rdb::Slice key = user_key(internal);
    uint32_t place = newest_[slot_of(key, hash(key))];
    const uint64_t limit = tag(internal);
    while (place != 0 && tag(internal_of(place)) > limit) place = entries_[place - 1].older;
    return place;
  }

  void grow() {
    std::vector<uint32_t> old(newest_.size() * 4, 0);
    old.swap(newest_);
    const size_t mask = newest_.size() - 1;
    for (const uint32_t place : old) {
      if (place == 0) continue;
      size_t slot = entries_[place - 1].hash & mask;
      while (newest_[slot] != 0) slot = (slot + 1) & mask;
      newest_[slot] = place;
    }
  }

  // A new order when something was put since the last one was made. Only the keys are sorted:
  // their versions are known from the newest to the oldest. All is done again, which costs less
  // than what asks for it: a walk through the whole table.
  void settle() {
    if (order_ != nullptr && order_->entries.size() == entries_.size()) return;
    struct Place {
      uint64_t first;
      uint64_t second;
      uint32_t newest;
    };
    std::vector<Place> keys;
    for (const uint32_t place : newest_) {
      if (place == 0) continue;
      const rdb::Slice key = user_key(internal_of(place));
      keys.push_back({word_of(key, 0), word_of(key, 8), place});
    }
    // total order: each key is there once
    std::sort(keys.begin(), keys.end(), [this](const Place& a, const Place& b) {
      if (a.first != b.first) return a.first < b.first;
      if (a.second != b.second) return a.second < b.second;
      return comparator_(entries_[a.newest - 1].bytes, entries_[b.newest - 1].bytes) < 0;
    });
    auto order = std::make_shared<Order>();
    order->entries.reserve(entries_.size());
    for (const Place& key : keys)
      for (uint32_t place = key.newest; place != 0; place = entries_[place - 1].older)
        order->entries.push_back(entries_[place - 1].bytes);
    CHECK(order->entries.size() == entries_.size(), "each entry has one place");
    order_ = std::move(order);
  }

  std::unique_ptr<rdb::MemTableRep> list_;
  const KeyComparator& comparator_;
  rdb::KeyHandle allocated_ = nullptr;  // the last one, which is put next
  const char* bytes_ = nullptr;
  std::vector<Entry> entries_;          // in the order of putting
  std::vector<uint32_t> newest_;        // by hash: the key's newest entry
  std::shared_ptr<const Order> order_;  // of what was there when somebody last read in order
  Places places_;
};

}  // namespace

rdb::MemTableRep* LateSkipListFactory::CreateMemTableRep(
    const rdb::MemTableRep::KeyComparator& comparator, rdb::Allocator* allocator,
    const rdb::SliceTransform* transform, rdb::Logger* logger) {
  std::unique_ptr<rdb::MemTableRep> list(
      SkipListFactory::CreateMemTableRep(comparator, allocator, transform, logger));
  return new LateSkipList(std::move(list), comparator, allocator);
}

}  // namespace drey::state
