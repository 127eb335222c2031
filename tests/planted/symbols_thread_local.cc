// guard: symbols. A cache per thread.
thread_local long planted_cache = 0;
long planted() { return ++planted_cache; }
