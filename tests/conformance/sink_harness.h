#pragma once
// What the sink vectors need around the operators: scripted commit outcomes, JSON of messages, and
// the redistribution of list state when a pipeline is restored with another parallelism.
#include <map>
#include <string>
#include <vector>

#include "model/io/committer_operator.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {

// The simple name of the root exception that the error stands for.
std::string exception_of(model::CommitterError error);

// The vectors' committer: one letter per attempt and committable, see the file's units.
class ScriptedCommitter {
 public:
  explicit ScriptedCommitter(const Json& outcomes) : outcomes_(outcomes) {}
  // Commits until the operator wants no more; appends a "commit" action per call.
  template <class Operator>
  void drive(Operator& op, const std::string& who, Json& actions) const {
    while (op.committing()) {
      Json shown = Json::array();
      for (const model::CommitRequest* request : op.round())
        shown.push_back({request->committable.transactional_id, request->retries});
      actions.push_back({"commit", who, shown});
      op.round_answered(answers(op.round()));
    }
  }

 private:
  std::vector<model::CommitAnswer> answers(const std::vector<model::CommitRequest*>& round) const;
  Json outcomes_;
};

// "summary" or "committable" with its fields, as the vectors write them.
Json to_json(const model::CommittableMessage& message);

// List state over a change of parallelism: items stay where they are if it does not change, else
// they are dealt out in contiguous runs, the first subtasks getting one more.
template <class Item>
std::vector<std::vector<Item>> redistribute(const std::vector<std::vector<Item>>& old,
                                            size_t parallelism) {
  if (old.size() == parallelism) return old;
  std::vector<Item> all;
  for (const auto& items : old) all.insert(all.end(), items.begin(), items.end());
  std::vector<std::vector<Item>> result(parallelism);
  size_t next = 0;
  for (size_t i = 0; i < parallelism; ++i) {
    const size_t count = all.size() / parallelism + (i < all.size() % parallelism ? 1 : 0);
    for (size_t k = 0; k < count; ++k) result[i].push_back(all[next++]);
  }
  return result;
}

}  // namespace drey::conformance
