#include "scenarios/run_pool.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "reports/quantity.h"
#include "sim/check.h"

namespace drey::scenarios {
namespace {

void append_text(std::string& out, const std::string& text) {
  const uint64_t size = text.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out += text;
}

std::string pack(const RunOutcome& outcome) {
  std::string out;
  append_text(out, fmt::format("{}", outcome.exit_code));
  for (const std::string* part :
       {&outcome.verdict, &outcome.summary, &outcome.json, &outcome.junit, &outcome.log,
        &outcome.committed, &outcome.graph_dot, &outcome.graph_json, &outcome.annotations,
        &outcome.row, &outcome.detail, &outcome.trace, &outcome.broke})
    append_text(out, *part);
  append_text(out, fmt::format("{}", outcome.cost_us));
  return out;
}

std::optional<RunOutcome> unpack(std::string_view bytes) {
  std::array<std::string, 15> parts;
  for (std::string& part : parts) {
    uint64_t size = 0;
    if (bytes.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes.remove_prefix(sizeof size);
    if (bytes.size() < size) return std::nullopt;
    part = std::string(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  const auto cost = reports::parse_integer(parts[14]);
  if (!bytes.empty() || parts[0].size() != 1 || !cost) return std::nullopt;
  RunOutcome outcome;
  outcome.exit_code = parts[0][0] - '0';
  size_t next = 1;
  for (std::string* part :
       {&outcome.verdict, &outcome.summary, &outcome.json, &outcome.junit, &outcome.log,
        &outcome.committed, &outcome.graph_dot, &outcome.graph_json, &outcome.annotations,
        &outcome.row, &outcome.detail, &outcome.trace, &outcome.broke}) {
    *part = std::move(parts[next]);
    ++next;
  }
  outcome.cost_us = *cost;
  return outcome;
}

// The whole of it, or false: the other end is gone.
bool write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool write_number(int socket, uint64_t number) {
  return write_all(socket, {reinterpret_cast<const char*>(&number), sizeof number});
}

std::optional<uint64_t> read_number(int socket) {
  uint64_t number = 0;
  const ssize_t got = ::recv(socket, &number, sizeof number, MSG_WAITALL);
  if (got != sizeof number) return std::nullopt;
  return number;
}

RunOutcome broken(const RunRequest& request, int status) {
  RunOutcome outcome;
  const std::string how = WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                                              : fmt::format("exit code {}", WEXITSTATUS(status));
  outcome.summary = fmt::format("{}: seed {}: the run ended without a result ({})\n", request.file,
                                request.seed, how);
  outcome.json = fmt::format("{{\"verdict\": \"error\", \"seed\": {}}}", request.seed);
  outcome.broke = how;
  return outcome;
}

// So many requests wait with a worker for their turn.
constexpr size_t kAhead = 8;
// While they do, outcomes are taken together: to be woken by each costs more than to take it.
constexpr size_t kEnough = 3;
constexpr int kTogetherMs = 4;

// A process that runs what it is told, one request after another, until its end of the socket is
// closed.
struct Worker {
  pid_t process = -1;
  int socket = -1;
  std::deque<size_t> given;  // the first of them runs, the next waits in the socket
  size_t taken = 0;          // requests that it was ever given
  bool retired = false;      // gets no more
  std::string bytes;

  bool busy() const { return !retired || !given.empty(); }
};

class Pool {
 public:
  Pool(std::span<const RunRequest> requests, size_t jobs, const RunFunction& run,
       const OutcomeSink& sink, const PoolOptions& options)
      : requests_(requests),
        jobs_(jobs),
        run_(run),
        sink_(sink),
        options_(options),
        outcomes_(requests.size()) {}

  void work() {
    while (handed_on_ < requests_.size() && !stopped_) {
      while (busy() < jobs_ && may_start()) start();
      for (Worker& worker : workers_)
        while (wants_more(worker)) give(worker);
      wait_for_one();
      hand_on();
    }
    for (Worker& worker : workers_) {
      ::kill(worker.process, SIGKILL);
      end(worker);
    }
  }

 private:
  size_t waiting() const { return again_.size() + (requests_.size() - next_); }
  // Not too far ahead of the slowest, or finished outcomes would pile up.
  bool may_start() const {
    return !again_.empty() || (next_ < requests_.size() && (options_.order == HandOn::as_finished ||
                                                            next_ < handed_on_ + 64 * jobs_));
  }
  size_t busy() const {
    size_t count = 0;
    for (const Worker& worker : workers_) count += worker.busy() ? 1 : 0;
    return count;
  }

  // While there is plenty, the next requests wait with the worker, so that it never waits for us;
  // at the end whoever is free takes what is left.
  bool wants_more(const Worker& worker) const {
    const bool plenty = options_.runs_per_process > 1 && waiting() > 2 * kAhead * jobs_;
    const size_t ahead = plenty ? kAhead : 1;
    return !worker.retired && worker.given.size() < ahead && may_start();
  }

  void start() {
    std::array<int, 2> ends{};
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0,
          "no socket for a run");
    std::fflush(nullptr);  // else the child would print what is still buffered here
    const pid_t process = ::fork();
    CHECK(process >= 0, "no process for a run");
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever kills the pool kills its runs
      ::close(ends[0]);
      // Of the others' sockets there must be one holder, or their end would never be seen.
      for (const Worker& other : workers_) ::close(other.socket);
      serve(ends[1]);
    }
    ::close(ends[1]);
    Worker worker;
    worker.process = process;
    worker.socket = ends[0];
    give(worker);
    workers_.push_back(std::move(worker));
  }

  [[noreturn]] void serve(int socket) const {
    while (const auto index = read_number(socket)) {
      std::string outcome;
      append_text(outcome, pack(run_(requests_[*index])));
      if (!write_all(socket, outcome)) ::_exit(3);
    }
    ::_exit(0);
  }

  // Whoever cannot be told any more has died, which reading from it will show.
  void give(Worker& worker) {
    size_t request = 0;
    if (again_.empty()) {
      request = next_++;
    } else {
      request = again_.front();
      again_.pop_front();
    }
    worker.given.push_back(request);
    ++worker.taken;
    write_number(worker.socket, request);
    if (worker.taken < options_.runs_per_process) return;
    worker.retired = true;
    ::shutdown(worker.socket, SHUT_WR);
  }

  void wait_for_one() {
    if (std::all_of(workers_.begin(), workers_.end(),
                    [](const Worker& worker) { return worker.given.size() >= kEnough; }))
      ::poll(nullptr, 0, kTogetherMs);
    std::vector<pollfd> polls;
    for (const Worker& worker : workers_) polls.push_back(pollfd{worker.socket, POLLIN, 0});
    if (::poll(polls.data(), polls.size(), -1) < 0) {
      CHECK(errno == EINTR, "waiting for runs failed");
      return;
    }
    for (size_t i = workers_.size(); i-- > 0;)
      if (polls[i].revents != 0) read_from(i);
  }

  void read_from(size_t index) {
    Worker& worker = workers_[index];
    const ssize_t got = ::recv(worker.socket, buffer_.data(), buffer_.size(), 0);
    if (got < 0 && errno == EINTR) return;
    if (got > 0) {
      worker.bytes.append(buffer_.data(), static_cast<size_t>(got));
      take_outcomes(worker);
      return;
    }
    const int status = end(worker);
    if (!worker.given.empty()) {
      const size_t request = worker.given.front();
      worker.given.pop_front();
      again_.insert(again_.begin(), worker.given.begin(), worker.given.end());
      take(request, broken(requests_[request], status));
    }
    workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  // Every outcome that is there in full. What is no outcome ends the worker, and its run with it.
  void take_outcomes(Worker& worker) {
    for (;;) {
      uint64_t size = 0;
      if (worker.bytes.size() < sizeof size) return;
      std::memcpy(&size, worker.bytes.data(), sizeof size);
      if (worker.bytes.size() - sizeof size < size) return;
      auto outcome = unpack(std::string_view(worker.bytes).substr(sizeof size, size));
      worker.bytes.erase(0, sizeof size + size);
      if (!outcome || worker.given.empty()) {
        ::kill(worker.process, SIGKILL);
        return;
      }
      const size_t request = worker.given.front();
      worker.given.pop_front();
      // First the worker, then what comes of its outcome: it shall not wait for that.
      while (wants_more(worker)) give(worker);
      take(request, std::move(*outcome));
    }
  }

  void take(size_t request, RunOutcome outcome) {
    if (options_.order == HandOn::in_order) {
      outcomes_[request] = std::move(outcome);
    } else if (!stopped_) {
      stopped_ = !sink_(requests_[request], outcome);
      ++handed_on_;
    }
  }

  void hand_on() {
    if (options_.order == HandOn::as_finished) return;
    while (!stopped_ && handed_on_ < requests_.size() && outcomes_[handed_on_]) {
      stopped_ = !sink_(requests_[handed_on_], *outcomes_[handed_on_]);
      outcomes_[handed_on_].reset();
      ++handed_on_;
    }
  }

  // How it ended, as waitpid says it.
  static int end(const Worker& worker) {
    ::close(worker.socket);
    int status = 0;
    while (::waitpid(worker.process, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  std::span<const RunRequest> requests_;
  size_t jobs_;
  const RunFunction& run_;
  const OutcomeSink& sink_;
  PoolOptions options_;
  std::vector<std::optional<RunOutcome>> outcomes_;
  std::vector<Worker> workers_;
  std::deque<size_t> again_;  // were given to a worker that died before it began them
  std::array<char, 65536> buffer_{};
  size_t next_ = 0;
  size_t handed_on_ = 0;
  bool stopped_ = false;
};

}  // namespace

void run_pool(std::span<const RunRequest> requests, size_t jobs, const RunFunction& run,
              const OutcomeSink& sink, const PoolOptions& options) {
  CHECK(jobs >= 1 && options.runs_per_process >= 1, "a pool needs a job and a run for it");
  if (requests.size() == 1 && options.order == HandOn::in_order) {
    sink(requests.front(), run(requests.front()));
    return;
  }
  Pool(requests, jobs, run, sink, options).work();
}

}  // namespace drey::scenarios
