#include "tests/conformance/sink_harness.h"

namespace drey::conformance {

using model::CommitterError;
using model::CommitVerdict;

std::string exception_of(CommitterError error) {
  switch (error) {
    case CommitterError::none:
      return "";
    case CommitterError::duplicate_summary:
      return "UnsupportedOperationException";
    case CommitterError::unknown_batch:
      return "NullPointerException";
    case CommitterError::too_many_committables:
      return "IllegalStateException";
    case CommitterError::incomplete_batch:
      return "IllegalArgumentException";
    case CommitterError::retries_exhausted:
    case CommitterError::committer_failed:
      return "IOException";
    case CommitterError::failed_unknown_reason:
      return "Exception";  // the cause that the vectors' committer gives
  }
  return "";
}

std::vector<model::CommitAnswer> ScriptedCommitter::answers(
    const std::vector<model::CommitRequest*>& round) const {
  std::vector<model::CommitAnswer> result;
  for (const model::CommitRequest* request : round) {
    const auto it = outcomes_.find(request->committable.transactional_id);
    const std::string letters = it == outcomes_.end() ? "" : it->get<std::string>();
    const auto attempt = static_cast<size_t>(request->retries);
    model::CommitAnswer answer;
    switch (attempt < letters.size() ? letters[attempt] : '-') {
      case 'r':
        answer.verdict = CommitVerdict::retry_later;
        break;
      case 'n':
        answer.verdict = CommitVerdict::retry_later;
        answer.updated = request->committable;
        answer.updated->transactional_id += '\'';
        break;
      case 'f':
        answer.verdict = CommitVerdict::failed_known_reason;
        break;
      case 'u':
        answer.verdict = CommitVerdict::failed_unknown_reason;
        break;
      case 'd':
        answer.verdict = CommitVerdict::already_committed;
        break;
      case 'x':
        answer.verdict = CommitVerdict::call_failed;
        break;
      default:
        break;
    }
    result.push_back(answer);
  }
  return result;
}

Json to_json(const model::CommittableMessage& message) {
  if (const auto* summary = std::get_if<model::CommittableSummary>(&message)) {
    return {"summary",           summary->subtask,      summary->subtasks,
            summary->checkpoint, summary->committables, summary->failed};
  }
  const auto& committable = std::get<model::CommittableWithLineage>(message);
  return {"committable", committable.subtask, committable.checkpoint,
          committable.committable.transactional_id};
}

}  // namespace drey::conformance
