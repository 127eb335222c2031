#include "scenarios/mutant_list.h"

#include <array>

#include "model/mutants.h"

namespace drey::scenarios {

namespace {

// Where each mutant is killed, in the order of model::kMutants.
struct Killing {
  model::Mutant mutant;
  std::string_view scenario;
  int64_t seed;
};

using model::Mutant;
constexpr std::array kKillings{
    Killing{Mutant::restored_offset_read_again, "task_manager/crash-heap.json", 1},
    Killing{Mutant::restored_committables_forgotten, "checkpoint/crash-at-notified.json", 1},
    Killing{Mutant::producer_identity_reused, "sink/commit-while-writing.json", 1},
    Killing{Mutant::stale_transaction_flag, "task_manager/crash-heap.json", 1},
    Killing{Mutant::committables_lost_at_end_of_input, "bounded/tail.json", 1},
    Killing{Mutant::consume_past_barrier, "checkpoint/slow-alignment-crash.json", 1},
    Killing{Mutant::first_split_moves_watermark, "window/two-splits-catch-up.json", 1},
    Killing{Mutant::notify_before_durable, "storage/metadata-not-stored.json", 1},
    Killing{Mutant::recover_from_older_checkpoint, "task_manager/crash-two-retained.json", 1},
    Killing{Mutant::restart_starts_empty, "restart/two-failures.json", 1},
};

constexpr bool same_order() {
  if (kKillings.size() != model::kMutants.size()) return false;
  for (size_t i = 0; i < kKillings.size(); ++i)
    if (kKillings[i].mutant != model::kMutants[i].mutant) return false;
  return true;
}
static_assert(same_order(), "each mutant has one row in both tables, in the same order");

constexpr auto make_list() {
  std::array<MutantEntry, kKillings.size()> list{};
  for (size_t i = 0; i < list.size(); ++i) {
    const model::MutantInfo& info = model::kMutants[i];
    list[i] = {info.name, info.origin, info.oracle, kKillings[i].scenario, kKillings[i].seed};
  }
  return list;
}
constexpr auto kList = make_list();

}  // namespace

std::span<const MutantEntry> mutant_list() { return kList; }

const MutantEntry* find_mutant(std::string_view name) {
  for (const MutantEntry& mutant : mutant_list())
    if (mutant.name == name) return &mutant;
  return nullptr;
}

}  // namespace drey::scenarios
