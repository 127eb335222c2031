#pragma once
// What a checkpoint keeps of one subtask's keyed state: a value that travels in messages. The bytes
// are in the object store under the files' object keys. Full snapshots: one file, one offset per
// key group of the range (upstream KeyGroupsStateHandle). Incremental ones: the files of the
// database (upstream IncrementalRemoteKeyedStateHandle); offsets are empty and the range is kept on
// restore.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/file_content.h"
#include "sim/time.h"
#include "state/key_group.h"

namespace drey::state {

struct HandleFile {
  std::string name;        // as the backend calls it
  std::string object_key;  // where the store keeps it
  uint64_t bytes = 0;
  bool shared = false;       // may belong to several checkpoints
  bool placeholder = false;  // not uploaded again: an earlier checkpoint brought the object
  friend bool operator==(const HandleFile& a, const HandleFile& b) {
    return a.name == b.name && a.object_key == b.object_key && a.bytes == b.bytes &&
           a.shared == b.shared && a.placeholder == b.placeholder;
  }
};

struct KeyedStateHandle {
  enum class Kind : uint8_t { key_groups, incremental } kind = Kind::key_groups;
  KeyGroupRange range;
  uint64_t checkpoint = 0;
  std::vector<uint64_t> offsets;  // key_groups only: where group range.first + i begins in the file
  std::vector<HandleFile> files;
  uint64_t total_bytes() const {
    uint64_t sum = 0;
    for (const HandleFile& file : files) sum += file.bytes;
    return sum;
  }
};

// The part of `handle` that a subtask with `wanted` needs: key-group handles are cut to the common
// groups, incremental ones stay whole; nothing when there is no common group.
std::optional<KeyedStateHandle> intersect(const KeyedStateHandle& handle, KeyGroupRange wanted);

// What a transfer thread does for a file of such a handle, beside the store's and the network's own
// time. Upstream: RocksDBStateUploader and RocksDBStateDownloader, which copy files in small
// pieces; a full snapshot is a stream whose work is the backend's.
sim::Duration upload_time(KeyedStateHandle::Kind kind, uint64_t bytes);
sim::Duration download_time(KeyedStateHandle::Kind kind, uint64_t bytes);

// A handle with the contents of its files (same order), as downloaded.
struct RestoreSource {
  KeyedStateHandle handle;
  std::vector<sim::FileContent> contents;
};

}  // namespace drey::state
