#pragma once
// What precedes a registration: the address is resolved and the two sides greet each other, within
// the ask time-out. Nothing is registered yet.
// Upstream: PekkoRpcService.connectInternal (resolveOne and RemoteHandshakeMessage, here one ask).
#include "model/cluster/messages.h"

namespace drey::model {

struct ConnectRpc : sim::MessageOf<ConnectRpc> {  // TM -> RM or JM, JM -> RM, ask
  static constexpr std::string_view kName = "connect_rpc";
  DREY_NO_FIELDS
};

}  // namespace drey::model
