#include "reports/write_files.h"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace drey::reports {

bool write_file(const std::string& directory, std::string_view name, std::string_view content,
                std::string& problem) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder(directory);
  fs::create_directories(folder, error);
  const fs::path target = folder / name;
  const fs::path temporary = folder / fmt::format(".{}.part", name);
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) {
    problem = fmt::format("cannot write {}", target.string());
    return false;
  }
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool closed = std::fclose(file) == 0;
  if (written && closed) fs::rename(temporary, target, error);
  if (!written || !closed || error) {
    problem = fmt::format("cannot write {}", target.string());
    fs::remove(temporary, error);
    return false;
  }
  return true;
}

}  // namespace drey::reports
