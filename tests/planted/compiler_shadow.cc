// guard: compiler
// because: =shadow
// An inner variable that hides the one that was meant.
int planted(int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) {
#ifdef CONTROL
    total += i;
#else
    int total = i;
    (void)total;
#endif
  }
  return total;
}
