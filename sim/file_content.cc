#include "sim/file_content.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/check.h"

namespace drey::sim {

namespace {
// Small files (CURRENT, a log record) should not cost a large chunk; large ones should not have
// many.
constexpr uint64_t kSmallestChunk = 512;
constexpr uint64_t kLargestChunk = 256 * 1024;

// A digest for each quarter of a stripe, since one alone waits for its own multiplications.
constexpr size_t kStripe = 128;
constexpr size_t kWorthLooking = 4096;  // a piece of so many bytes may be padding
using Lanes = std::array<Digest, kStripe / 32>;

uint64_t word(const char* at) {
  uint64_t w = 0;
  std::memcpy(&w, at, sizeof w);
  return w;
}

bool all_zero(const char* at, size_t size) {
  for (; size >= 32; size -= 32, at += 32)
    if ((word(at) | word(at + 8) | word(at + 16) | word(at + 24)) != 0) return false;
  for (; size > 0; --size, ++at)
    if (*at != 0) return false;
  return true;
}

// Written out, so that the lanes live in registers. Stripes of zeros are counted, and their number
// is folded when something else comes: the padding of a snapshot is many times its entries.
Lanes fold_stripes(const Lanes& lanes, const char* at, size_t stripes, uint64_t& zeros) {
  auto [a, b, c, d] = lanes;
  for (; stripes > 0; --stripes, at += kStripe) {
    if (word(at) == 0 && all_zero(at, kStripe)) [[unlikely]] {
      ++zeros;
      continue;
    }
    if (zeros != 0) [[unlikely]] {
      a.fold(zeros);
      zeros = 0;
    }
    a.fold(word(at), word(at + 8), word(at + 16), word(at + 24));
    b.fold(word(at + 32), word(at + 40), word(at + 48), word(at + 56));
    c.fold(word(at + 64), word(at + 72), word(at + 80), word(at + 88));
    d.fold(word(at + 96), word(at + 104), word(at + 112), word(at + 120));
  }
  return {a, b, c, d};
}
}  // namespace

FileContent FileContent::adopt(std::string bytes) {
  FileContent content;
  const uint64_t length = bytes.size();
  if (length > 0) content.push(std::make_shared<std::string>(std::move(bytes)), 0, length);
  return content;
}

void FileContent::push(std::shared_ptr<std::string> chunk, uint64_t from, uint64_t length) {
  Piece piece;
  piece.chunk = std::move(chunk);
  piece.from = from;
  piece.end = size() + length;
  pieces_.push_back(std::move(piece));
}

std::string_view FileContent::bytes_of(size_t piece) const {
  const Piece& p = pieces_[piece];
  return std::string_view(*p.chunk).substr(p.from, p.end - begin_of(piece));
}

void FileContent::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!pieces_.empty()) {
    // Whoever stands at the tip of a chunk may fill it: bytes behind the tip are seen by no rope.
    Piece& last = pieces_.back();
    const uint64_t tip = last.from + (last.end - begin_of(pieces_.size() - 1));
    if (tip == last.chunk->size()) {
      const uint64_t room = last.chunk->capacity() - tip;
      const uint64_t part = std::min<uint64_t>(room, bytes.size());
      last.chunk->append(bytes.substr(0, part));
      last.end += part;
      bytes.remove_prefix(part);
      if (bytes.empty()) return;
    }
  }
  const uint64_t wanted = std::clamp(size(), kSmallestChunk, kLargestChunk);
  auto chunk = std::make_shared<std::string>();
  chunk->reserve(std::max<uint64_t>(wanted, bytes.size()));
  chunk->append(bytes);
  push(std::move(chunk), 0, bytes.size());
}

void FileContent::append(const FileContent& other) {
  const size_t count = other.pieces_.size();  // `other` may be this
  for (size_t i = 0; i < count; ++i) {
    const uint64_t length = other.pieces_[i].end - other.begin_of(i);
    const uint64_t from = other.pieces_[i].from;
    std::shared_ptr<std::string> chunk = other.pieces_[i].chunk;
    push(std::move(chunk), from, length);
  }
}

size_t FileContent::find(uint64_t offset) const {
  const auto it = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                                   [](uint64_t at, const Piece& p) { return at < p.end; });
  return static_cast<size_t>(it - pieces_.begin());
}

FileContent FileContent::slice(uint64_t from, uint64_t length) const {
  CHECK(from <= size() && length <= size() - from, "a slice lies inside its rope");
  FileContent result;
  uint64_t at = from;
  const uint64_t end = from + length;
  for (size_t i = find(from); at < end; ++i) {
    const uint64_t skip = at - begin_of(i);
    const uint64_t part = std::min(end, pieces_[i].end) - at;
    result.push(pieces_[i].chunk, pieces_[i].from + skip, part);
    at += part;
  }
  return result;
}

void FileContent::truncate(uint64_t length) {
  while (!pieces_.empty() && begin_of(pieces_.size() - 1) >= length) pieces_.pop_back();
  if (!pieces_.empty()) pieces_.back().end = std::min(pieces_.back().end, length);
}

void FileContent::flip_bit(uint64_t bit) {
  const uint64_t at = bit / 8;
  CHECK(at < size(), "the flipped bit lies inside the file");
  const uint64_t page = std::min<uint64_t>(size() - at, 4096);
  FileContent changed = slice(0, at);
  std::string copy = slice(at, page).to_string();
  copy[0] = static_cast<char>(static_cast<unsigned char>(copy[0]) ^ (1u << (bit % 8)));
  changed.append(adopt(std::move(copy)));
  changed.append(slice(at + page, size() - at - page));
  *this = std::move(changed);
}

uint64_t FileContent::read(uint64_t offset, uint64_t length, char* out) const {
  if (offset >= size()) return 0;
  length = std::min(length, size() - offset);
  uint64_t done = 0;
  for (size_t i = find(offset); done < length; ++i) {
    const std::string_view bytes = bytes_of(i).substr(offset + done - begin_of(i));
    const uint64_t part = std::min<uint64_t>(bytes.size(), length - done);
    std::memcpy(out + done, bytes.data(), part);
    done += part;
  }
  return length;
}

std::string_view FileContent::view(uint64_t offset, uint64_t length) const {
  if (offset >= size()) return {};
  const size_t piece = find(offset);
  return bytes_of(piece).substr(offset - begin_of(piece), length);
}

std::string FileContent::to_string() const {
  std::string text(size(), '\0');
  read(0, size(), text.data());
  return text;
}

void FileContent::fold(Digest& into) const {
  // Stripes are counted from the start of the rope, so that the cut into chunks does not show.
  Lanes lanes;
  uint64_t zeros = 0;  // stripes of them, not folded yet
  char carry[kStripe];
  size_t held = 0;
  std::string_view empty;  // a piece that was all zeros: the same one follows many times
  for (size_t i = 0; i < pieces_.size(); ++i) {
    std::string_view bytes = bytes_of(i);
    const bool same = bytes.data() == empty.data() && bytes.size() == empty.size();
    const bool blank =
        same || (bytes.size() >= kWorthLooking && all_zero(bytes.data(), bytes.size()));
    if (blank) empty = bytes;
    if (held > 0) {
      const size_t part = std::min(kStripe - held, bytes.size());
      std::memcpy(carry + held, bytes.data(), part);
      held += part;
      bytes.remove_prefix(part);
      if (held < kStripe) continue;
      lanes = fold_stripes(lanes, carry, 1, zeros);
    }
    const size_t stripes = bytes.size() / kStripe;
    if (blank)
      zeros += stripes;
    else
      lanes = fold_stripes(lanes, bytes.data(), stripes, zeros);
    bytes.remove_prefix(stripes * kStripe);
    held = bytes.size();
    std::memcpy(carry, bytes.data(), held);
  }
  if (zeros != 0) lanes[0].fold(zeros);
  if (size() >= kStripe)
    for (const Digest& lane : lanes) into.fold(lane.value());
  into.fold(size());
  into.fold_bytes(carry, held);
}

Digest128 FileContent::digest() const {
  Digest digest;
  fold(digest);
  return digest.value();
}

bool operator==(const FileContent& a, const FileContent& b) {
  if (a.size() != b.size()) return false;
  for (uint64_t at = 0; at < a.size();) {
    const std::string_view left = a.view(at, a.size());
    const std::string_view right = b.view(at, left.size());
    if (left.substr(0, right.size()) != right) return false;
    at += right.size();
  }
  return true;
}

}  // namespace drey::sim
