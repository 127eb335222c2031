// guard: symbols. Chance from the operating system.
#include <sys/random.h>
unsigned planted() {
  unsigned value = 0;
  if (getrandom(&value, sizeof value, 0) < 0) value = 1;
  return value;
}
