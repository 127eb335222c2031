// timers.json: model/operators/timer_service.h over the heap backend, through real snapshots.
#include <gtest/gtest.h>

#include <algorithm>

#include "model/operators/timer_service.h"
#include "state/heap_backend.h"
#include "state/java_hash.h"
#include "tests/conformance/vectors.h"

namespace drey::conformance {
namespace {

using state::HeapBackend;
using state::KeyedBackend;
using state::Timer;

constexpr int32_t kMax = 128;
using Judged = drey::conformance::Outcome;

std::unique_ptr<HeapBackend> make_backend() {
  return std::make_unique<HeapBackend>(HeapBackend::Options{
      .range = {0, kMax - 1}, .max_parallelism = kMax, .memory_limit = UINT64_MAX, .costs = {}});
}

std::unique_ptr<HeapBackend> restored_from(HeapBackend& old) {
  state::Charge charge;
  KeyedBackend::File file;
  EXPECT_EQ(old.begin_snapshot(1, KeyedBackend::SnapshotKind::full, charge), state::Outcome::ok);
  EXPECT_EQ(old.run_job(*old.take_job(), charge), state::Outcome::ok);
  EXPECT_EQ(old.next(1, file), KeyedBackend::Async::upload);
  old.uploaded(1, file.name, "object");
  auto fresh = make_backend();
  EXPECT_EQ(fresh->restore({{old.handle(1), {file.content}}}, charge), state::Outcome::ok);
  return fresh;
}

class Harness {
 public:
  Harness() : backend_(make_backend()) { open(); }

  Json step(const Json& event) {
    fired_.clear();
    const auto op = event.at(0).get<std::string>();
    if (op == "snapshot") {
      backend_ = restored_from(*backend_);
      open();
    } else if (op == "W") {
      service_->advance_watermark(event.at(1).get<int64_t>());
      while (const auto timer = service_->pop_event_timer()) fire(*timer, true);
    } else if (op == "P") {
      while (const auto timer = service_->pop_processing_timer(event.at(1).get<int64_t>()))
        fire(*timer, false);
    } else {
      change(op, timer_of(event.at(1).get<int64_t>(), event.at(2).get<int64_t>()));
    }
    return Json::array({fired_json(), service_->event_timers(), service_->processing_timers()});
  }

 private:
  struct Fired {
    bool event;
    int64_t timestamp;
    int64_t key;
  };

  void open() { service_ = std::make_unique<model::TimerService>(*backend_, "process"); }

  static Timer timer_of(int64_t key, int64_t timestamp) {
    const int32_t group = state::key_group_of_hash(state::java_hash_int64(key), kMax);
    return {timestamp, group, static_cast<uint64_t>(key), state::kNoWindow};
  }

  void change(const std::string& op, const Timer& timer) {
    if (op == "reg")
      service_->register_event_timer(timer);
    else if (op == "del")
      service_->delete_event_timer(timer);
    else if (op == "regp")
      service_->register_processing_timer(timer);
    else if (op == "delp")
      service_->delete_processing_timer(timer);
    else
      throw std::runtime_error("unknown op " + op);
  }

  // The user function of the vectors: some timers register a later one of the same kind.
  void fire(const Timer& timer, bool event) {
    const auto key = static_cast<int64_t>(timer.key);
    const int64_t ts = timer.timestamp;
    fired_.push_back({event, ts, key});
    if (ts < 0 || ts % 7 != 3) return;
    change(event ? "reg" : "regp", timer_of(key, ts % 2 == 0 ? ts + 1 : ts + 20));
  }

  // Time must ascend by itself; the order between keys of one time stamp is not defined upstream.
  Json fired_json() {
    for (size_t i = 1; i < fired_.size(); ++i)
      EXPECT_LE(fired_[i - 1].timestamp, fired_[i].timestamp);
    std::stable_sort(fired_.begin(), fired_.end(), [](const Fired& a, const Fired& b) {
      return std::make_pair(a.timestamp, a.key) < std::make_pair(b.timestamp, b.key);
    });
    Json all = Json::array();
    for (const Fired& f : fired_)
      all.push_back(Json::array({f.event ? "event" : "processing", f.key, f.timestamp}));
    return all;
  }

  std::unique_ptr<HeapBackend> backend_;
  std::unique_ptr<model::TimerService> service_;
  std::vector<Fired> fired_;
};

Judged judge(const Json& c, const Json&) {
  Harness harness;
  Json got = Json::array();
  for (const Json& event : c.at("events")) got.push_back(harness.step(event));
  return expect_equal(c.at("expected"), got, "timers");
}

TEST(Timers, Vectors) { run_vectors("timers.json", judge); }

}  // namespace
}  // namespace drey::conformance
