#pragma once
// The contents of a file or object: a rope of shared chunks of real bytes (design.md 2.8). Append
// copies new bytes once; concatenating, slicing, uploading and retaining share chunks and copy
// nothing; truncation and bit flips act on this rope only. Invariant: a byte that a rope can see
// never changes, and its address stays while any rope holds the chunk (a chunk is filled up to its
// fixed capacity and never moves), so a view stays good as long as some rope with those bytes
// lives.
//
// Two ropes are equal when their bytes are, whatever their chunks; fold() also sees only bytes.
// Units: bytes. There are no errors: a range beyond the end is cut to what exists, except in
// slice() and flip_bit(), which CHECK.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/digest.h"

namespace drey::sim {

class FileContent {
 public:
  FileContent() = default;
  explicit FileContent(std::string_view bytes) { append(bytes); }
  static FileContent adopt(std::string bytes);  // no copy

  uint64_t size() const { return pieces_.empty() ? 0 : pieces_.back().end; }
  bool empty() const { return pieces_.empty(); }

  void append(std::string_view bytes);
  void append(const FileContent& other);
  FileContent slice(uint64_t from, uint64_t length) const;
  void truncate(uint64_t length);  // to at most `length`
  // Bit b of byte b / 8. The other ropes that share the chunk keep the old byte.
  void flip_bit(uint64_t bit);

  // Copies up to `length` bytes from `offset` to `out`; returns how many.
  uint64_t read(uint64_t offset, uint64_t length, char* out) const;
  // The bytes at `offset` that lie in one chunk: at most `length`, empty at the end.
  std::string_view view(uint64_t offset, uint64_t length) const;
  std::string to_string() const;
  void fold(Digest& into) const;
  Digest128 digest() const;
  size_t pieces() const { return pieces_.size(); }  // for tests: nothing may depend on it

  friend bool operator==(const FileContent& a, const FileContent& b);

 private:
  struct Piece {
    std::shared_ptr<std::string> chunk;
    uint64_t from = 0;  // offset in the chunk
    uint64_t end = 0;   // offset in the rope behind the last byte
  };
  size_t find(uint64_t offset) const;  // the piece that holds `offset`
  uint64_t begin_of(size_t piece) const { return piece == 0 ? 0 : pieces_[piece - 1].end; }
  std::string_view bytes_of(size_t piece) const;
  void push(std::shared_ptr<std::string> chunk, uint64_t from, uint64_t length);

  std::vector<Piece> pieces_;  // none is empty
};

}  // namespace drey::sim
