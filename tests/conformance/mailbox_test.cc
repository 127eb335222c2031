// mailbox.json: scripted mails and default actions; the trace of what runs.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "model/task/mailbox_processor.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using model::MailboxProcessor;
using model::MailSender;

constexpr int kMostLoops = 4;

class Script : public model::MailboxWork {
 public:
  explicit Script(const Json& one_case) : case_(one_case), processor_(*this) {
    for (const auto& item : case_["mails"].items()) names_.push_back(item.key());
  }

  Json run() {
    const bool quiesce = contains(case_["expected"], "quiesced");
    perform(case_["initial"]);
    for (int loops = 0; loops < kMostLoops && processor_.loop_running(); ++loops)
      if (!run_loop()) return trace_;
    if (quiesce) processor_.mailbox().quiesce();
    trace_.push_back(Json::array({quiesce ? "quiesced" : "drain"}));
    if (processor_.drain() == MailboxProcessor::Step::failed)
      trace_.push_back(Json::array({"throw"}));
    return trace_;
  }

  Result run_mail(const model::Mail& mail) override {
    const std::string& name = names_[mail.what];
    trace_.push_back({"mail", name});
    return perform(case_["mails"][name][2]);
  }

  Result run_default_action() override {
    const size_t index = actions_run_++;
    if (index >= case_["default_actions"].size()) {
      processor_.all_actions_completed();
      return Result::ok;
    }
    trace_.push_back({"default", index});
    return perform(case_["default_actions"][index]);
  }

 private:
  static bool contains(const Json& trace, const char* word) {
    for (const Json& each : trace)
      if (each[0] == word) return true;
    return false;
  }

  bool run_loop() {
    processor_.start();
    while (true) {
      switch (processor_.step()) {
        case MailboxProcessor::Step::mail:
        case MailboxProcessor::Step::action:
          break;
        case MailboxProcessor::Step::waiting:
          block();
          break;
        case MailboxProcessor::Step::ended:
          trace_.push_back(Json::array({"loop_end"}));
          return true;
        case MailboxProcessor::Step::failed:
          trace_.push_back(Json::array({"throw"}));
          return false;
      }
    }
  }

  void block() {
    trace_.push_back(Json::array({"block"}));
    if (blocks_run_ < case_["on_block"].size())
      perform(case_["on_block"][blocks_run_++]);
    else
      processor_.resume_default_action(suspension_, MailSender::other);
  }

  Result perform(const Json& body) {
    for (const Json& operation : body)
      if (perform_one(operation) == Result::failed) return Result::failed;
    return Result::ok;
  }

  Result perform_one(const Json& operation) {
    const auto op = operation[0].get<std::string>();
    if (op == "send" || op == "send_other") {
      send(operation[1].get<std::string>());
    } else if (op == "try_yield") {
      trace_.push_back(operation);
      const auto yielded = processor_.try_yield(operation[1].get<int32_t>());
      if (yielded == MailboxProcessor::Yield::failed) return Result::failed;
      trace_.push_back({"yielded", yielded == MailboxProcessor::Yield::ran});
    } else if (op == "suspend_default") {
      if (!processor_.default_action_available()) return Result::ok;
      suspension_ = processor_.suspend_default_action();
      trace_.push_back(Json::array({"suspended"}));
    } else if (op == "resume" || op == "resume_other") {
      if (suspension_ == 0) return Result::ok;
      processor_.resume_default_action(suspension_,
                                       op == "resume" ? MailSender::task : MailSender::other);
    } else if (op == "end") {
      processor_.all_actions_completed();
    } else if (op == "suspend_loop") {
      processor_.suspend_loop();
    } else if (op == "throw") {
      return Result::failed;
    } else {
      EXPECT_EQ(op, "report_throwable");
      processor_.report_failure(0);
    }
    return Result::ok;
  }

  void send(const std::string& name) {
    const Json& mail = case_["mails"][name];
    model::MailUrgency urgency = model::MailUrgency::normal;
    if (mail[0] == "urgent") urgency = model::MailUrgency::urgent;
    if (mail[0] == "deferrable") urgency = model::MailUrgency::deferrable;
    uint64_t index = 0;
    while (names_[index] != name) ++index;
    const bool taken = processor_.mailbox().put({.what = index,
                                                 .priority = mail[1].get<int32_t>(),
                                                 .kind = model::MailKind::work,
                                                 .urgency = urgency});
    if (!taken) trace_.push_back({"rejected", name});
  }

  const Json& case_;
  MailboxProcessor processor_;
  std::vector<std::string> names_;
  Json trace_ = Json::array();
  size_t actions_run_ = 0;
  size_t blocks_run_ = 0;
  MailboxProcessor::Suspension suspension_ = 0;
};

TEST(Conformance, Mailbox) {
  run_vectors("mailbox.json", [](const Json& one_case, const Json&) {
    return expect_equal(one_case["expected"], Script(one_case).run(), "trace");
  });
}

}  // namespace
}  // namespace drey::conformance
