// guard: compiler
// because: =switch
// A new state that a switch forgets.
enum class State { created, running, failed };
int planted(State state) {
  switch (state) {
    case State::created: return 0;
    case State::running: return 1;
#ifdef CONTROL
    case State::failed: return 2;
#endif
  }
  return 3;
}
