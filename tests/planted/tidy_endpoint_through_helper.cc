// guard: endpoint-holds-endpoint
// as: model/cluster/planted.h
#pragma once
// The helper holds an interface; another endpoint is behind it.
class SlotRequests {
 public:
  virtual ~SlotRequests() = default;
};
class ResourceManager : public sim::Endpoint, private SlotRequests {};
class SlotPool {
  SlotRequests& requests_;
};
class JobMaster final : public sim::Endpoint {
  std::map<int, std::unique_ptr<SlotPool>> pools_;
};
