// credit.json: credit-based flow control, its two ends alone and together.
#include <gtest/gtest.h>

#include "tests/conformance/credit_script.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

class Notifications : public model::SubpartitionListener {
 public:
  void data_available() override { list.push_back("data"); }
  void priority_event(uint32_t sequence) override { list.push_back({"priority", sequence}); }
  Json list = Json::array();
};

Json subpartition_step(const Json& event, SubpartitionScript& script, Notifications& heard) {
  heard.list = Json::array();
  model::PipelinedSubpartition& queue = script.subpartition;
  Json polled = nullptr;
  if (event[0] == "poll") {
    if (const auto got = queue.poll())
      polled = {std::string(model::name_of(got->type)), bytes_of(*got), got->backlog,
                std::string(model::name_of(got->next_type)), got->sequence};
  } else if (event[0] == "resume") {
    queue.resume();
  } else {
    EXPECT_TRUE(script.write(event, 0)) << event;
  }
  return {polled,
          heard.list,
          queue.queue_length(),
          queue.backlog(),
          queue.availability(true).available,
          queue.availability(false).available,
          queue.blocked(),
          queue.flush_requested()};
}

Json reader_step(const Json& event, ProducerScript& producer) {
  producer.messages = Json::array();
  const auto reader = event[0].get<int>();
  const auto op = event[1].get<std::string>();
  if (reader < 0)
    producer.queue.set_writable(op == "writable");
  else if (op == "credit")
    producer.queue.add_credit(static_cast<uint32_t>(reader), event[2].get<int32_t>());
  else if (op == "resume")
    producer.queue.resume(static_cast<uint32_t>(reader));
  else
    EXPECT_TRUE(producer.writers[static_cast<size_t>(reader)].write(event, 1)) << event;
  Json available = Json::array();
  for (const uint32_t each : producer.queue.available_readers()) available.push_back(each);
  return {producer.messages, producer.state(), available};
}

class ConsumerSteps {
 public:
  explicit ConsumerSteps(const Json& one_case)
      : script_(one_case), sequence_(script_.channels, 0) {}

  Json state() const { return {script_.channel_state(), script_.pool_state()}; }

  Json step(const Json& event) {
    script_.calls = Json::array();
    const Json result = run(event);
    return {result, script_.calls, script_.channel_state(), script_.pool_state()};
  }

 private:
  Json run(const Json& event) {
    const auto op = event[0].get<std::string>();
    if (op == "poll") return script_.poll();
    if (op == "recycle") {
      script_.recycle(event[1].get<size_t>());
      return nullptr;
    }
    const auto channel = event[1].get<uint32_t>();
    model::RemoteInputChannel& remote = script_.gate.remote(channel);
    if (op == "send_credit") return remote.take_unannounced_credit();
    if (op == "resume") {
      script_.gate.resume(channel);
    } else if (op == "backlog") {
      remote.on_backlog(event[2].get<int32_t>());
    } else {
      return arrive(op, event, channel, remote);
    }
    return nullptr;
  }

  Json arrive(const std::string& op, const Json& event, uint32_t channel,
              model::RemoteInputChannel& remote) {
    model::ReceivedBuffer buffer;
    buffer.sequence = sequence_[channel];
    buffer.type = model::BufferType::data_buffer;
    int32_t backlog = 0;
    if (op == "data") {
      buffer.size = event[2].get<uint32_t>();
      backlog = event[3].get<int32_t>();
    } else if (op == "event") {
      buffer.type = SubpartitionScript::type_of(event[2].get<std::string>());
      buffer.checkpoint = event[3].get<int64_t>();
      backlog = event[4].get<int32_t>();
    } else {
      buffer.type = model::BufferType::end_of_partition;
    }
    const auto arrival = remote.on_buffer(buffer, backlog);
    if (arrival == model::RemoteInputChannel::Arrival::queued) ++sequence_[channel];
    if (op != "data") return nullptr;
    return arrival == model::RemoteInputChannel::Arrival::queued;
  }

  ConsumerScript script_;
  std::vector<uint32_t> sequence_;
};

class WireSteps {
 public:
  explicit WireSteps(const Json& one_case)
      : consumer_(one_case), producer_(consumer_.channels, one_case["exclusive"].get<int32_t>()) {}

  Json step(const Json& event) {
    consumer_.calls = Json::array();
    producer_.messages = Json::array();
    const Json result = run(event);
    return {result,
            producer_.messages,
            consumer_.calls,
            producer_.state(),
            consumer_.channel_state(),
            consumer_.pool_state()};
  }

 private:
  Json run(const Json& event) {
    const auto op = event[0].get<std::string>();
    if (op == "poll") return consumer_.poll();
    if (op == "deliver") return deliver();
    if (op == "deliver_back") return deliver_back();
    if (op == "recycle")
      consumer_.recycle(event[1].get<size_t>());
    else if (op == "resume")
      consumer_.gate.resume(event[1].get<uint32_t>());
    else
      EXPECT_TRUE(producer_.writers[event[1].get<size_t>()].write(event, 2)) << event;
    return nullptr;
  }

  Json deliver() {
    if (producer_.in_flight.empty()) return nullptr;
    const ProducerScript::Message message = producer_.in_flight.front();
    producer_.in_flight.pop_front();
    model::RemoteInputChannel& remote = consumer_.gate.remote(message.reader);
    if (message.backlog >= 0) {
      remote.on_backlog(message.backlog);
      return {"backlog", message.reader, message.backlog};
    }
    const model::PolledBuffer& sent = message.buffer;
    remote.on_buffer({.payload = sent.payload,
                      .checkpoint = sent.checkpoint,
                      .size = sent.size,
                      .sequence = sent.sequence,
                      .type = sent.type},
                     sent.backlog);
    return {"buffer",       message.reader, std::string(model::name_of(sent.type)),
            bytes_of(sent), sent.sequence,  sent.backlog};
  }

  Json deliver_back() {
    if (consumer_.back.empty()) return nullptr;
    const ConsumerScript::Back message = consumer_.back.front();
    consumer_.back.pop_front();
    if (!message.credit) {
      producer_.queue.resume(message.channel);
      return {"resume", message.channel};
    }
    const int32_t credit = consumer_.gate.remote(message.channel).take_unannounced_credit();
    producer_.queue.add_credit(message.channel, credit);
    return {"credit", message.channel, credit};
  }

  ConsumerScript consumer_;
  ProducerScript producer_;
};

template <class Step>
Outcome walk(const Json& one_case, Step step) {
  const Json& events = one_case["events"];
  for (size_t i = 0; i < events.size(); ++i) {
    const auto outcome = expect_equal(one_case["expected"][i], step(events[i]),
                                      "event " + std::to_string(i) + " " + events[i].dump());
    if (outcome.kind != Outcome::Kind::passed) return outcome;
  }
  return passed();
}

Outcome judge(const Json& one_case) {
  const auto kind = one_case["kind"].get<std::string>();
  const auto exclusive = one_case["exclusive"].get<int32_t>();
  if (kind == "subpartition") {
    SubpartitionScript script(exclusive);
    Notifications heard;
    script.subpartition.set_listener(&heard);
    return walk(one_case,
                [&](const Json& event) { return subpartition_step(event, script, heard); });
  }
  if (kind == "reader") {
    ProducerScript producer(one_case["readers"].get<size_t>(), exclusive);
    return walk(one_case, [&](const Json& event) { return reader_step(event, producer); });
  }
  if (kind == "consumer") {
    ConsumerSteps steps(one_case);
    const auto start = expect_equal(one_case["start"], steps.state(), "start");
    if (start.kind != Outcome::Kind::passed) return start;
    return walk(one_case, [&](const Json& event) { return steps.step(event); });
  }
  WireSteps steps(one_case);
  return walk(one_case, [&](const Json& event) { return steps.step(event); });
}

TEST(Conformance, Credit) {
  run_vectors("credit.json", [](const Json& one_case, const Json&) { return judge(one_case); });
}

}  // namespace
}  // namespace drey::conformance
