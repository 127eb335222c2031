#pragma once
// Files that tests walk over.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace drey::scenarios {

inline std::vector<std::string> json_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

inline std::vector<std::string> library() {
  return json_files(DREY_SOURCE_DIR "/scenarios/catalogue");
}
inline std::vector<std::string> bad_files() {
  return json_files(DREY_SOURCE_DIR "/tests/negative");
}

}  // namespace drey::scenarios
