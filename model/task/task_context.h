#pragma once
// What the parts of a task (source, sink, checkpoints, restore) may ask of it.
#include <cstdint>
#include <span>

#include "model/task/task_runtime.h"
#include "sim/endpoint.h"

namespace drey::model {

// Who gets an answer; with a number of its own.
enum class TaskPart : uint8_t { task, source, sink, restore, checkpoint };
struct TaskCall {
  TaskPart part = TaskPart::task;
  uint8_t kind = 0;  // the part's own enum
  uint64_t argument = 0;
};

class TaskContext {
 public:
  virtual ~TaskContext() = default;
  virtual const Deployment& deployment() const = 0;
  virtual sim::Time time() const = 0;
  // Where a service outside the cluster is now.
  virtual sim::Address locate(const sim::Address& service) const = 0;
  virtual void call(sim::Address to, sim::Body body, sim::Duration timeout, TaskCall then) = 0;
  virtual void after(sim::Duration delay, TaskCall then) = 0;
  // The task's thread is busy for so long.
  virtual void busy(sim::Duration cost) = 0;
  virtual void announce_fact(uint16_t kind, uint64_t a, uint64_t b, uint64_t c) = 0;
  virtual void announce_records(uint16_t kind, uint64_t a, uint64_t b, uint64_t c,
                                std::span<const sim::Record> records,
                                sim::Digest128 content) = 0;  // sim::records_digest of them
  void announce_records(uint16_t kind, uint64_t a, uint64_t b, uint64_t c,
                        std::span<const sim::Record> records) {
    announce_records(kind, a, b, c, records, sim::records_digest(records));
  }
  virtual void fail_task(const Cause& cause) = 0;
  // Something that the task waited for may have come: source data, room in the sink, a flush, a
  // commit.
  virtual void wake() = 0;
};

}  // namespace drey::model
