// guard: compiler
// because: =conversion
// 64 bits of a length squeezed into 32.
#include <cstdint>
#ifdef CONTROL
uint32_t planted(uint64_t bytes) { return static_cast<uint32_t>(bytes & 0xffffffffu); }
#else
uint32_t planted(uint64_t bytes) { return bytes; }
#endif
