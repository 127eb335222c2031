#include "model/task/partition_file.h"

#include <algorithm>

#include "sim/check.h"

namespace drey::model {

PartitionFile::PartitionFile(const ResultStorage& storage, const PartitionId& id,
                             const std::string& name, bool growing)
    : storage_(storage),
      id_(id),
      name_(name),
      data_path_(storage.directory + "/" + name + ".data"),
      index_path_(storage.directory + "/" + name + ".index"),
      growing_(growing),
      written_at_(storage.clock->now()) {
  CHECK(storage_.disk != nullptr, "a result on disk needs one");
  note(storage_.disk->create(issue(), data_path_, data_));
}

bool PartitionFile::note(const sim::DiskResult& result) {
  if (!result.ok()) failed_ = true;
  written_at_ = std::max(written_at_, result.window.end);
  return result.ok();
}

void PartitionFile::append(SpilledRegion region) {
  CHECK(!complete_, "a complete result takes no more");
  if (failed_ || region.empty()) return;
  const auto bytes = sim::FileContent::adopt(std::move(region.bytes));
  region.bytes.clear();
  if (!note(storage_.disk->append(issue(), data_, bytes))) return;
  places_.push_back(bytes_);
  bytes_ += bytes.size();
  regions_.push_back(std::move(region));
}

void PartitionFile::finish() {
  if (complete_ || failed_) return;
  sim::DiskFile index;
  std::string content;
  for (const SpilledRegion& region : regions_) content += region.index_bytes();
  if (!note(storage_.disk->create(issue(), index_path_, index))) return;
  if (!note(storage_.disk->append(issue(), index, content))) return;
  complete_ = true;
  data_ = nullptr;
}

void PartitionFile::remove() {
  data_ = nullptr;
  if (storage_.disk->open(data_path_) != nullptr) storage_.disk->remove(issue(), data_path_);
  if (storage_.disk->open(index_path_) != nullptr) storage_.disk->remove(issue(), index_path_);
}

bool PartitionFile::readable() const {
  if (failed_ || storage_.disk->open(data_path_) == nullptr) return false;
  return !complete_ || storage_.disk->open(index_path_) != nullptr;
}

bool PartitionFile::open() {
  if (!readable()) return false;
  opened_ = storage_.disk->open(data_path_);
  return true;
}

PartitionFile::Read PartitionFile::read(size_t number, uint32_t first, uint32_t count) {
  Read read{.buffers = {}, .end = storage_.clock->now()};
  const SpilledRegion& region = regions_[number];
  const SpilledRegion::Buffer& last = region.buffers[first + count - 1];
  const uint64_t from = region.buffers[first].offset;
  const uint64_t length = last.offset + last.bytes - from;
  std::string bytes(length, '\0');
  uint64_t got = 0;
  const sim::DiskResult result =
      storage_.disk->read(issue(), sim::DiskOperation::read, *opened_, places_[number] + from,
                          length, bytes.data(), got);
  read.end = result.window.end;
  for (uint32_t i = first; i < first + count; ++i) {
    const SpilledRegion::Buffer& place = region.buffers[i];
    const uint64_t at = place.offset - from;
    const bool there = result.ok() && at + place.bytes <= got;
    std::optional<StoredBuffer> buffer;
    if (there) buffer = decode_buffer(std::string_view(bytes).substr(at, place.bytes));
    if (!buffer.has_value()) {
      read.failed = true;
      return read;
    }
    read.buffers.push_back(std::move(*buffer));
  }
  return read;
}

}  // namespace drey::model
