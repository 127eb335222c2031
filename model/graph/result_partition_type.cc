#include "model/graph/result_partition_type.h"

namespace drey::model {

std::string_view name_of(ResultPartitionType type) {
  switch (type) {
    case ResultPartitionType::blocking:
      return "BLOCKING";
    case ResultPartitionType::blocking_persistent:
      return "BLOCKING_PERSISTENT";
    case ResultPartitionType::pipelined:
      return "PIPELINED";
    case ResultPartitionType::pipelined_bounded:
      return "PIPELINED_BOUNDED";
    case ResultPartitionType::pipelined_approximate:
      return "PIPELINED_APPROXIMATE";
    case ResultPartitionType::hybrid_full:
      return "HYBRID_FULL";
    case ResultPartitionType::hybrid_selective:
      return "HYBRID_SELECTIVE";
  }
  return "";
}

}  // namespace drey::model
