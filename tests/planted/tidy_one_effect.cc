// guard: one-effect
// as: sim/planted.cc
Delay planted(Kernel& kernel) { return Delay(kernel.draw(kFirst), kernel.draw(kSecond)); }
