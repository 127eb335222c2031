// guard: word-thread
// as: model/task/planted.cc
void planted() { std::thread([] {}).join(); }
