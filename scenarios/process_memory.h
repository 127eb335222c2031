#pragma once
// How this process takes memory from the system: in large steps, in huge pages where the system has
// them, and it gives none back before its end. A run allocates and frees megabytes with each
// checkpoint; faulting them in page by page each time would cost a tenth of it. No result depends
// on it. Does nothing where the allocator is not glibc's.

namespace drey::scenarios {

// Once, at the start of a program that runs scenarios.
void keep_memory();

}  // namespace drey::scenarios
