#include "scenarios/process_memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <memory>

namespace drey::scenarios {

void keep_memory() {
#ifdef __GLIBC__
  constexpr int kLargestOnHeap = 32 << 20;  // glibc takes no more
  // Address space only: a page counts when it is touched. Large runs lie in it whole.
  constexpr int kStep = 1 << 30;
  constexpr size_t kHugePage = size_t{2} << 20;
  const bool taken = mallopt(M_MMAP_THRESHOLD, kLargestOnHeap) != 0 &&
                     mallopt(M_TRIM_THRESHOLD, INT_MAX) != 0 && mallopt(M_TOP_PAD, kStep) != 0;
  if (!taken) return;
  void* begin = ::sbrk(0);
  void* volatile grown = std::malloc(kLargestOnHeap / 2);  // so that the heap takes its first step
  std::free(grown);
  auto size = static_cast<size_t>(static_cast<char*>(::sbrk(0)) - static_cast<char*>(begin));
  if (std::align(kHugePage, kHugePage, begin, size) == nullptr) return;
  (void)::madvise(begin, size, MADV_HUGEPAGE);  // refused: small pages do as well
#endif
}

}  // namespace drey::scenarios
