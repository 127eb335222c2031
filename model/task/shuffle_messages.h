#pragma once
// What a TaskManager and the JobMaster say to an external shuffle service: results are stored
// region by region, completed, and dropped. Upstream: the protocol of a remote shuffle plugin
// (ShuffleServiceFactory, ShuffleMaster.releasePartitionExternally).
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/task/deployment.h"
#include "model/task/spilled_region.h"
#include "sim/message.h"

namespace drey::model {

// Ask. Without a region: the result is complete.
struct StoreRegion : sim::MessageOf<StoreRegion> {
  static constexpr std::string_view kName = "store_region";
  PartitionId partition;
  std::string name;
  bool growing = false;
  uint64_t number = 0;  // of the regions of this result, from 0
  std::shared_ptr<const SpilledRegion> region;
  uint64_t wire_size() const override {
    return sim::kMessageOverhead + (region == nullptr ? 0 : region->bytes.size());
  }
  template <class Visitor>
  void visit(Visitor& v) const {
    v(partition, name, number, region == nullptr);
    if (region != nullptr) v(region->bytes);
  }
};
struct RegionStored : sim::MessageOf<RegionStored> {
  static constexpr std::string_view kName = "region_stored";
  bool stored = true;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(stored);
  }
};
struct DropResults : sim::MessageOf<DropResults> {  // tell
  static constexpr std::string_view kName = "drop_results";
  std::vector<PartitionId> partitions;
  template <class Visitor>
  void visit(Visitor& v) const {
    v(partitions);
  }
};

}  // namespace drey::model
