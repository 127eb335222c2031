// guard: fence
// as: model/cluster/planted.cc
#include <boost/graph/adjacency_list.hpp>
