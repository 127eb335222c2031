// guard: symbols. A counter that survives from one run to the next.
int planted() {
  static int counter = 0;
  return ++counter;
}
