// guard: endpoint-holds-endpoint
// as: model/cluster/planted.h
#pragma once
class ResourceManager : public sim::Endpoint {};
class JobMaster final : public sim::Endpoint {
 private:
  ResourceManager* resource_manager_ = nullptr;
};
