// guard: mutable-static
// as: model/task/planted.cc
int planted() {
  static int counter = 0;
  return ++counter;
}
