// guard: line-length
// as: sim/planted.cc
// A line of more than the columns that fit, which nobody reads to its end, because it goes on and on and on, and then goes on some more, and more, and more.
