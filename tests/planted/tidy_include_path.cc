// guard: include-path
// as: model/graph/planted.cc
#include "execution_graph.h"
