// guard: compiler clang++
// because: Wsometimes-uninitialized|Wuninitialized
// A value that exists only on one path.
int planted(bool known) {
#ifdef CONTROL
  int value = 0;
#else
  int value;
#endif
  if (known) value = 1;
  return value;
}
