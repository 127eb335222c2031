// guard: fence
// as: scenarios/planted.cc
#include <CLI/CLI.hpp>
