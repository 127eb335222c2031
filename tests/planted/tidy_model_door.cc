// guard: model-door
// as: model/checkpoint/planted.cc
#include "model/cluster/job_master.h"
