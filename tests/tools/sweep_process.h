#pragma once
// `drey sweep` as a process of its own, to be killed at moments of the test's choosing.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace drey {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline pid_t start_drey(const std::vector<std::string>& arguments) {
  const pid_t process = fork();
  if (process != 0) return process;
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  std::string program = std::string(DREY_BINARY_DIR) + "/drey";
  std::vector<char*> words{program.data()};
  std::vector<std::string> copies = arguments;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  execv(program.c_str(), words.data());
  _exit(127);
}

// Exit code, or 128 + signal.
inline int wait_for(pid_t process) {
  int status = 0;
  waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline int run_drey(const std::vector<std::string>& arguments) {
  return wait_for(start_drey(arguments));
}

// Complete lines of all records.
inline size_t lines_in(const std::filesystem::path& folder) {
  size_t lines = 0;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() != ".jsonl") continue;
    const std::string text = bytes_of(entry.path());
    lines += static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  return lines;
}

// Kills the sweep `times` times, each at a moment of chance after some more runs are recorded than
// before; then lets it end. False: it ended too early to be killed so often, or with another exit
// code.
inline bool killed_and_resumed(const std::vector<std::string>& arguments,
                               const std::filesystem::path& folder, size_t total, size_t times) {
  std::minstd_rand chance(std::random_device{}());
  for (size_t kill_number = 1; kill_number <= times; ++kill_number) {
    const size_t until = total * kill_number / (times + 1);
    const pid_t process = start_drey(arguments);
    while (lines_in(folder) < until && waitpid(process, nullptr, WNOHANG) == 0) usleep(2000);
    usleep(static_cast<useconds_t>(chance() % 6'000));
    if (kill(process, SIGKILL) != 0) return false;
    if (wait_for(process) != 128 + SIGKILL) return false;
  }
  return run_drey(arguments) == 0;
}

}  // namespace drey
