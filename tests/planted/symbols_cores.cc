// guard: symbols. The number of cores of the machine.
#include <unistd.h>
long planted() { return sysconf(_SC_NPROCESSORS_ONLN); }
