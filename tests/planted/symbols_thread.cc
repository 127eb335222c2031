// guard: symbols. A second thread.
#include <pthread.h>
void* work(void*) { return nullptr; }
int planted() {
  pthread_t thread;
  return pthread_create(&thread, nullptr, work, nullptr);
}
