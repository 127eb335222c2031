// guard: compiler clang++
// because: Wglobal-constructors
// A constructor that runs before the seed exists.
#include <string_view>
#include <vector>
#ifdef CONTROL
constexpr std::string_view kPlanted[] = {"a", "b"};
unsigned long planted() { return sizeof(kPlanted); }
#else
const std::vector<std::string_view> kPlanted = {"a", "b"};
unsigned long planted() { return kPlanted.size(); }
#endif
