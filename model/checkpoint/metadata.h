#pragma once
// The _metadata object of a completed checkpoint: all that another JobManager needs to restore it,
// as bytes. Integers are little-endian and fixed-width, strings have a 32-bit length; a version and
// a digest of the rest come first. Upstream: Checkpoints.storeCheckpointMetadata /
// loadCheckpointMetadata, MetadataV*Serializer (the layout is our own).
#include <memory>
#include <string>
#include <string_view>

#include "model/checkpoint/completed_store.h"

namespace drey::model {

// `operators` instead of the checkpoint's own: those of the job that has taken it.
std::string encode_metadata(const CompletedCheckpoint& checkpoint,
                            const OperatorIdentities& operators = {});
// Null: truncated, damaged, or of another version.
std::shared_ptr<CompletedCheckpoint> decode_metadata(std::string_view bytes);

}  // namespace drey::model
