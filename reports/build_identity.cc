#include <fmt/core.h>

#include "reports/run_result.h"

namespace drey::reports {

BuildIdentity build_identity() {
#if defined(__clang__)
  const std::string compiler = fmt::format("clang {}.{}", __clang_major__, __clang_minor__);
#else
  const std::string compiler = fmt::format("gcc {}.{}", __GNUC__, __GNUC_MINOR__);
#endif
#if defined(_LIBCPP_VERSION)
  constexpr std::string_view kLibrary = "libc++";
#else
  constexpr std::string_view kLibrary = "libstdc++";
#endif
  return {
      .version = DREY_VERSION, .commit = DREY_COMMIT, .compiler = compiler, .library = kLibrary};
}

}  // namespace drey::reports
