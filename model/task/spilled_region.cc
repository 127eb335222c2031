#include "model/task/spilled_region.h"

#include <algorithm>
#include <cstring>

namespace drey::model {

namespace {

constexpr uint32_t kMark = 0x52594544;  // every buffer begins with it

// Little-endian, whatever the machine.
void put_at(char* at, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) at[i] = static_cast<char>((value >> (8 * i)) & 0xff);
}
void put(std::string& out, uint64_t value, unsigned bytes) {
  char at[8];
  put_at(at, value, bytes);
  out.append(at, bytes);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t get(unsigned bytes) {
    if (bytes_.size() < bytes) {
      short_ = true;
      return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i)
      value |= uint64_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
    bytes_.remove_prefix(bytes);
    return value;
  }
  size_t left() const { return bytes_.size(); }
  bool complete() const { return !short_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool short_ = false;
};

constexpr unsigned kRecordBytes = 34;  // four columns and the key group
constexpr unsigned kElementBytes = 14;

}  // namespace

void encode_buffer(const StoredBuffer& buffer, std::string& out) {
  const RecordSlice& slice = buffer.slice;
  put(out, kMark, 4);
  put(out, static_cast<uint64_t>(buffer.type), 1);
  put(out, static_cast<uint64_t>(buffer.event.kind), 1);
  put(out, buffer.event.drain ? 1 : 0, 1);
  put(out, 0, 1);
  put(out, slice.count, 4);
  put(out, slice.elements.size(), 4);
  const auto records = slice.records();
  const auto groups = slice.groups();
  const size_t from = out.size();
  out.resize(from + records.size() * kRecordBytes);
  char* at = out.data() + from;
  for (size_t i = 0; i < records.size(); ++i, at += kRecordBytes) {
    put_at(at, records[i].key, 8);
    put_at(at + 8, static_cast<uint64_t>(records[i].value), 8);
    put_at(at + 16, static_cast<uint64_t>(records[i].event_time), 8);
    put_at(at + 24, records[i].provenance, 8);
    put_at(at + 32, groups[i], 2);
  }
  for (const InlineElement& element : slice.elements) {
    put(out, element.before, 4);
    put(out, element.is_status ? 1 : 0, 1);
    put(out, static_cast<uint64_t>(element.status), 1);
    put(out, static_cast<uint64_t>(element.watermark), 8);
  }
}

std::optional<StoredBuffer> decode_buffer(std::string_view bytes) {
  Reader in(bytes);
  if (in.get(4) != kMark) return std::nullopt;
  StoredBuffer buffer;
  buffer.type = static_cast<BufferType>(in.get(1));
  buffer.event.kind = static_cast<ChannelEvent::Kind>(in.get(1));
  buffer.event.drain = in.get(1) != 0;
  in.get(1);
  if (buffer.type > BufferType::end_of_partition ||
      buffer.event.kind > ChannelEvent::Kind::end_of_partition)
    return std::nullopt;
  const auto records = static_cast<uint32_t>(in.get(4));
  const auto elements = static_cast<uint32_t>(in.get(4));
  const uint64_t rest = uint64_t{records} * kRecordBytes + uint64_t{elements} * kElementBytes;
  if (in.left() != rest) return std::nullopt;
  auto content = std::make_shared<BufferContent>(records);
  for (uint32_t i = 0; i < records; ++i) {
    sim::Record& record = content->records[i];
    record.key = in.get(8);
    record.value = static_cast<int64_t>(in.get(8));
    record.event_time = static_cast<int64_t>(in.get(8));
    record.provenance = in.get(8);
    content->groups[i] = static_cast<uint16_t>(in.get(2));
  }
  buffer.slice.count = records;
  buffer.slice.content = std::move(content);
  for (uint32_t i = 0; i < elements; ++i) {
    InlineElement element;
    element.before = static_cast<uint32_t>(in.get(4));
    element.is_status = in.get(1) != 0;
    element.status = static_cast<WatermarkStatus>(in.get(1));
    element.watermark = static_cast<int64_t>(in.get(8));
    buffer.slice.elements.push_back(element);
  }
  if (!in.complete()) return std::nullopt;
  return buffer;
}

void SpilledRegion::add(uint32_t subpartition, const StoredBuffer& buffer) {
  if (ranges.empty() || ranges.back().subpartition != subpartition)
    ranges.push_back({subpartition, static_cast<uint32_t>(buffers.size()), 0});
  ++ranges.back().count;
  const uint64_t offset = bytes.size();
  encode_buffer(buffer, bytes);
  buffers.push_back({offset, static_cast<uint32_t>(bytes.size() - offset), buffer.slice.count});
}

void SpilledRegion::drop_last() {
  if (--ranges.back().count == 0) ranges.pop_back();
  bytes.resize(buffers.back().offset);
  buffers.pop_back();
}

SpilledRegion::Range SpilledRegion::of(uint32_t subpartition) const {
  if (broadcast) return ranges.empty() ? Range{} : ranges.front();
  const auto at = std::lower_bound(
      ranges.begin(), ranges.end(), subpartition,
      [](const Range& range, uint32_t wanted) { return range.subpartition < wanted; });
  return at == ranges.end() || at->subpartition != subpartition ? Range{} : *at;
}

uint64_t SpilledRegion::records() const {
  uint64_t sum = 0;
  for (const Buffer& buffer : buffers) sum += buffer.records;
  return sum;
}

std::string SpilledRegion::index_bytes() const {
  std::string out;
  put(out, broadcast ? 1 : 0, 1);
  for (const Range& range : ranges) {
    put(out, range.subpartition, 4);
    put(out, range.count, 4);
    put(out, buffers[range.first].offset, 8);
  }
  return out;
}

}  // namespace drey::model
