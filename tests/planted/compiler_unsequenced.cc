// guard: compiler
// because: =sequence-point
// Two side effects on one variable in one expression.
int planted(int (*f)(int, int), int n) {
#ifdef CONTROL
  const int first = n + 1;
  return f(first, n + 2);
#else
  return f(++n, ++n);
#endif
}
