#include "scenarios/run_pool.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "sim/check.h"

namespace drey::scenarios {
namespace {

struct Child {
  size_t request = 0;
  pid_t process = -1;
  int pipe = -1;
  std::string bytes;
};

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
        &outcome.row, &outcome.detail, &outcome.trace})
    append_text(out, *part);
  return out;
}

std::optional<RunOutcome> unpack(std::string_view bytes) {
  std::array<std::string, 13> parts;
  for (std::string& part : parts) {
    uint64_t size = 0;
    if (bytes.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes.remove_prefix(sizeof size);
    if (bytes.size() < size) return std::nullopt;
    part = std::string(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (!bytes.empty() || parts[0].size() != 1) return std::nullopt;
  return RunOutcome{parts[0][0] - '0', parts[1], parts[2], parts[3],  parts[4],  parts[5], parts[6],
                    parts[7],          parts[8], parts[9], parts[10], parts[11], parts[12]};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

RunOutcome broken(const RunRequest& request, int status) {
  RunOutcome outcome;
  const std::string how = WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                                              : fmt::format("exit code {}", WEXITSTATUS(status));
  outcome.summary = fmt::format("{}: seed {}: the run ended without a result ({})\n", request.file,
                                request.seed, how);
  outcome.json = fmt::format("{{\"verdict\": \"error\", \"seed\": {}}}", request.seed);
  return outcome;
}

class Pool {
 public:
  Pool(std::span<const RunRequest> requests, size_t jobs, const RunFunction& run,
       const OutcomeSink& sink, HandOn order)
      : requests_(requests),
        jobs_(jobs),
        run_(run),
        sink_(sink),
        order_(order),
        outcomes_(requests.size()) {}

  void work() {
    while (handed_on_ < requests_.size() && !stopped_) {
      // Not too far ahead of the slowest, or finished outcomes would pile up.
      while (children_.size() < jobs_ && next_ < requests_.size() &&
             (order_ == HandOn::as_finished || next_ < handed_on_ + 64 * jobs_))
        start();
      wait_for_one();
      hand_on();
    }
    for (Child& child : children_) end(child);
  }

 private:
  void start() {
    std::array<int, 2> ends{};
    CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe for a run");
    std::fflush(nullptr);  // else the child would print what is still buffered here
    const pid_t process = ::fork();
    CHECK(process >= 0, "no process for a run");
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever kills the pool kills its runs
      ::close(ends[0]);
      const bool written = write_all(ends[1], pack(run_(requests_[next_])));
      ::_exit(written ? 0 : 3);
    }
    ::close(ends[1]);
    children_.push_back(Child{next_, process, ends[0], {}});
    ++next_;
  }

  void wait_for_one() {
    std::vector<pollfd> polls;
    for (const Child& child : children_) polls.push_back(pollfd{child.pipe, POLLIN, 0});
    if (::poll(polls.data(), polls.size(), -1) < 0) {
      CHECK(errno == EINTR, "waiting for runs failed");
      return;
    }
    for (size_t i = children_.size(); i-- > 0;)
      if (polls[i].revents != 0) read_from(i);
  }

  void read_from(size_t index) {
    Child& child = children_[index];
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(child.pipe, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) return;
    if (got > 0) {
      child.bytes.append(buffer.data(), static_cast<size_t>(got));
      return;
    }
    ::close(child.pipe);
    int status = 0;
    while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
    }
    auto outcome = unpack(child.bytes);
    if (!outcome) outcome = broken(requests_[child.request], status);
    if (order_ == HandOn::in_order) {
      outcomes_[child.request] = std::move(*outcome);
    } else if (!stopped_) {
      stopped_ = !sink_(requests_[child.request], *outcome);
      ++handed_on_;
    }
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void hand_on() {
    if (order_ == HandOn::as_finished) return;
    while (!stopped_ && handed_on_ < requests_.size() && outcomes_[handed_on_]) {
      stopped_ = !sink_(requests_[handed_on_], *outcomes_[handed_on_]);
      outcomes_[handed_on_].reset();
      ++handed_on_;
    }
  }

  static void end(Child& child) {
    ::kill(child.process, SIGKILL);
    ::close(child.pipe);
    int status = 0;
    while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
    }
  }

  std::span<const RunRequest> requests_;
  size_t jobs_;
  const RunFunction& run_;
  const OutcomeSink& sink_;
  HandOn order_;
  std::vector<std::optional<RunOutcome>> outcomes_;
  std::vector<Child> children_;
  size_t next_ = 0;
  size_t handed_on_ = 0;
  bool stopped_ = false;
};

}  // namespace

void run_pool(std::span<const RunRequest> requests, size_t jobs, const RunFunction& run,
              const OutcomeSink& sink, HandOn order) {
  CHECK(jobs >= 1, "a pool needs at least one job");
  if (requests.size() == 1 && order == HandOn::in_order) {
    sink(requests.front(), run(requests.front()));
    return;
  }
  Pool(requests, jobs, run, sink, order).work();
}

}  // namespace drey::scenarios
