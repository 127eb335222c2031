#pragma once
// Hosts and processes. A process is a program in one incarnation: killing it destroys the program
// object with all its entities, starting it builds a new one (there is no on_crash() to forget a
// field). A process can be frozen and thawed; a host can crash, which is silent: its peers are told
// nothing (design.md 2.7).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel.h"

namespace drey::sim {

class World;

// What runs in a process: owns the process's endpoints and tasks.
class Program {
 public:
  virtual ~Program() = default;
};

// Builds the program at each start of the process.
class Launcher {
 public:
  virtual ~Launcher() = default;
  virtual std::unique_ptr<Program> launch(World& world, ProcessId process) = 0;
};

struct HostSpec {
  std::string name;
  uint32_t cores = 2;
};

enum class StopReason : uint8_t { exit, kill, host_crash, out_of_memory, watchdog };

// Told of every start and stop, in order of registration: before the program is destroyed, after it
// is built.
class ProcessObserver {
 public:
  virtual ~ProcessObserver() = default;
  virtual void on_process_stopped(ProcessId process, StopReason reason) = 0;
  virtual void on_process_started(ProcessId) {}
  virtual void on_process_thawed(ProcessId) {}
};

// Facts of FactGroup::machine. entity = the process's path.
enum class MachineFact : uint8_t {
  process_started,  // a = incarnation
  process_stopped,  // a = StopReason, b = incarnation, c = exit code
  process_frozen,
  process_thawed,
  host_crashed,  // entity = the host's path
  host_up,
  paused_for,  // a = ns: a stop-the-world pause
};
constexpr uint16_t fact_kind(MachineFact fact) {
  return fact_kind(FactGroup::machine, static_cast<uint8_t>(fact));
}

class Machines : public Entity {
 public:
  explicit Machines(World& world);
  ~Machines() override;

  HostId add_host(HostSpec spec);
  // The launcher must outlive the run. The process is not started.
  ProcessId add_process(HostId host, std::string_view name, Launcher& launcher);

  void start(ProcessId process);
  void start_after(ProcessId process, Duration delay);
  // At once; never from inside a handler of that process (use exit_process there).
  void kill(ProcessId process, StopReason reason, int32_t exit_code);
  // The process ends itself: as the next event of this instant, after the running handler. What
  // that handler sent leaves.
  void exit_process(ProcessId process, StopReason reason, int32_t exit_code);
  void crash_host(HostId host);
  void repair_host(HostId host);  // its processes stay down until started
  void repair_host_after(HostId host, Duration delay);
  void freeze(ProcessId process);
  void thaw(ProcessId process);
  void freeze_for(ProcessId process, Duration pause);  // a stop-the-world pause

  bool running(ProcessId process) const { return processes_[process.index].program != nullptr; }
  bool host_up(HostId host) const { return hosts_[host.index].up; }
  uint32_t incarnation(ProcessId process) const { return processes_[process.index].incarnation; }
  HostId host_of(ProcessId process) const { return processes_[process.index].host; }
  PathId path(ProcessId process) const { return processes_[process.index].path; }
  PathId host_path(HostId host) const { return hosts_[host.index].path; }
  const std::string& name(ProcessId process) const { return processes_[process.index].name; }
  const HostSpec& host(HostId host) const { return hosts_[host.index].spec; }
  size_t process_count() const { return processes_.size(); }
  size_t host_count() const { return hosts_.size(); }
  // Invalid when there is none of that name.
  ProcessId find_process(std::string_view name) const;
  HostId find_host(std::string_view name) const;
  // The running program, to be looked into by tests and the builder; null when down.
  Program* program(ProcessId process) const { return processes_[process.index].program.get(); }

  void observe(ProcessObserver* observer) { observers_.push_back(observer); }
  // Ends every process, quietly: the end of the run. Called before the parts that programs refer to
  // are destroyed.
  void shut_down();

  void on_event(const Event& event) override;

 private:
  struct Host {
    HostSpec spec;
    PathId path;
    bool up = true;
  };
  struct Process {
    HostId host;
    std::string name;
    PathId path;
    Launcher* launcher = nullptr;
    std::unique_ptr<Program> program;
    uint32_t incarnation = 0;
    uint32_t pauses = 0;  // frozen by this many causes
  };
  enum Kind : uint8_t { start_due, exit_due, thaw_due, repair_due };

  void announce(MachineFact fact, PathId entity, uint64_t a, uint64_t b, uint64_t c);
  void release_pause(ProcessId process);

  World& world_;
  EntityId id_;
  std::vector<Host> hosts_;
  std::vector<Process> processes_;
  std::vector<ProcessObserver*> observers_;
};

}  // namespace drey::sim
