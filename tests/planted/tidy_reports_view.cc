// guard: reports-view
// as: reports/planted.cc
#include "model/cluster/job_master.h"
