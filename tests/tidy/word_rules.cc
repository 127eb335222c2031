#include "tests/tidy/word_rules.h"

#include <algorithm>
#include <array>
#include <regex>

namespace drey::tidy {
namespace {

struct WordRule {
  std::string_view name;
  std::vector<std::string_view> words;
  std::string_view instead;
  std::vector<std::string_view> where;    // prefixes of paths
  std::vector<std::string_view> allowed;  // prefixes of paths, each with its reason beside it
  std::string_view excuse;  // a comment on the line, or on the line above, that lets it stand
};

std::vector<std::string_view> all_rooms() {
  return {"sim/", "state/", "model/", "reports/", "scenarios/", "tools/"};
}
std::vector<std::string_view> simulated() { return {"sim/", "state/", "model/"}; }
std::vector<std::string_view> hashed() { return {"sim/", "state/", "model/", "reports/"}; }

// What lets the world outside, or another run, into a run.
std::vector<WordRule> outside_rules() {
  return {
      {"chance",
       {"rand", "srand", "random_device", "mt19937", "mt19937_64", "default_random_engine",
        "uniform_int_distribution", "uniform_real_distribution", "normal_distribution",
        "exponential_distribution", "bernoulli_distribution", "discrete_distribution",
        "std::shuffle", "random_shuffle", "std::sample", "<random>"},
       "Kernel::choose() or a named draw, and sim/distribution.h",
       all_rooms(),
       {},
       ""},
      {"clock",
       {"steady_clock", "system_clock", "high_resolution_clock", "clock_gettime", "gettimeofday",
        "nanosleep", "usleep", "sleep_for", "sleep_until", "localtime", "gmtime", "strftime",
        "__rdtsc", "<chrono>", "<ctime>"},
       "Kernel::now() and timers; tools/ may measure the host",
       {"sim/", "state/", "model/", "reports/", "scenarios/"},
       {"state/rocksdb_env."},  // implements RocksDB's SystemClock on simulated time
       "wall clock"},
      {"thread",
       {"std::thread", "std::jthread", "std::async", "std::mutex", "std::atomic", "std::future",
        "std::condition_variable", "thread_local", "pthread_create", "hardware_concurrency",
        "<thread>", "<mutex>", "<future>", "<atomic>", "<condition_variable>"},
       "events; runs are processes (design.md 2.17)",
       {"sim/", "state/", "model/", "reports/", "scenarios/"},
       {},
       "no second thread"},
      {"environment",
       {"getenv", "secure_getenv", "setenv", "setlocale", "std::locale", "sysconf", "gethostname",
        "getpid", "std::setlocale"},
       "a field of the scenario, or an argument from tools/",
       {"sim/", "state/", "model/", "reports/", "scenarios/"},
       {"scenarios/run_pool."},  // a pool of processes around the runs
       ""},
  };
}

// What differs between compilers, libraries and machines.
std::vector<WordRule> portability_rules() {
  return {
      {"unordered",
       {"std::unordered_map", "std::unordered_set", "std::unordered_multimap",
        "std::unordered_multiset", "std::hash", "<unordered_map>", "<unordered_set>"},
       "std::map or a sorted vector (iteration order and std::hash differ between libraries)",
       all_rooms(),
       {},
       ""},
      {"function",
       {"std::function", "std::bind"},
       "a continuation (plain data) or an abstract interface",
       simulated(),
       {},
       ""},
      {"sort",
       {"std::sort", "std::partial_sort", "std::nth_element"},
       "std::stable_sort, or a comment \"total order: why no two are equal\" at the call",
       hashed(),
       {},
       "total order"},
      {"pointer-order",
       {"std::less<void*>", "uintptr_t", "intptr_t", "std::uintptr_t"},
       "dense integer ids (addresses differ from run to run)",
       all_rooms(),
       {"tools/small_blocks."},  // an allocator; no run asks where a block lies
       "address never decides"},
      {"double",
       {"double", "float"},
       "integers; Flink's own double formulas have their files in tests/tidy/word_rules.cc",
       simulated(),
       {
           "model/failover/restart_strategy.",  // exponential back-off is double in Flink
           "state/backend_factory.",            // managed memory fractions are double in Flink
           "state/rocksdb_",                    // RocksDB's own options are doubles
           "model/cluster/flink_options",       // options that are double in Flink
       },
       "Flink's double"},
      {"math",
       {"std::log", "std::exp", "std::pow", "std::sqrt", "std::sin", "std::cos", "<cmath>"},
       "integer formulas or tables (libm changes bits between machines)",
       hashed(),
       {},
       ""},
      {"later-standard",
       {"<ranges>", "<format>", "<expected>", "<memory_resource>", "<source_location>",
        "std::ranges", "std::format", "std::pmr", "std::source_location"},
       "what clang 14 with libc++ 14 has; fmt for text",
       {"sim/", "state/", "model/", "reports/", "scenarios/", "tools/", "tests/"},
       {},
       ""},
  };
}

std::vector<WordRule> rules() {
  std::vector<WordRule> all = outside_rules();
  for (const WordRule& rule : portability_rules()) all.push_back(rule);
  return all;
}

bool under(std::string_view path, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    return path.substr(0, prefix.size()) == prefix;
  });
}

bool excused(const SourceFile& file, size_t line, std::string_view excuse) {
  if (excuse.empty()) return false;
  // On the line, in the comment above it, or within the call (a comparison written over some
  // lines).
  const size_t first = line > 2 ? line - 2 : 0;
  const size_t last = std::min(line + 5, file.raw.size());
  for (size_t i = first; i < last; ++i) {
    const size_t at = file.raw[i].find("//");
    if (at != std::string::npos && file.raw[i].find(excuse, at) != std::string::npos) return true;
  }
  return false;
}

void check_banned(const SourceFile& file, std::vector<Finding>& findings) {
  for (const WordRule& rule : rules()) {
    if (!under(file.path, rule.where) || under(file.path, rule.allowed)) continue;
    for (size_t i = 0; i < file.code.size(); ++i) {
      const auto word = std::find_if(rule.words.begin(), rule.words.end(),
                                     [&](std::string_view w) { return has_word(file.code[i], w); });
      if (word == rule.words.end() || excused(file, i, rule.excuse)) continue;
      findings.push_back({file.path, i + 1, "word-" + std::string(rule.name),
                          std::string(*word) + ": use " + std::string(rule.instead)});
    }
  }
}

// "%p" and printing of addresses live inside literals, so this looks at the raw lines.
void check_raw(const SourceFile& file, std::vector<Finding>& findings) {
  for (size_t i = 0; i < file.raw.size(); ++i) {
    const std::string& line = file.raw[i];
    if (under(file.path, all_rooms()) &&
        (line.find("%p") != std::string::npos || line.find("fmt::ptr") != std::string::npos)) {
      findings.push_back({file.path, i + 1, "word-address", "an address in a text: print an id"});
    }
    for (const std::string_view mark : {"TODO", "FIXME", "XXX", "HACK"}) {
      if (under(file.path, all_rooms()) && has_word(line, mark)) {
        findings.push_back(
            {file.path, i + 1, "unfinished", std::string(mark) + ": file an issue instead"});
      }
    }
  }
}

size_t count_calls(std::string_view statement, const std::regex& call) {
  const std::string text(statement);
  return static_cast<size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), call), std::sregex_iterator()));
}

// Statements end at ; { or }. Two draws in one are two side effects in one full expression, unless
// && || or ?: orders them.
void check_one_effect(const SourceFile& file, std::vector<Finding>& findings) {
  if (!under(file.path, simulated())) return;
  const std::regex call(R"((\.|->)(choose|draw|draw_below|next|announce)\()");
  std::string statement;
  for (size_t i = 0; i < file.code.size(); ++i) {
    for (const char c : file.code[i] + "\n") {
      if (c != ';' && c != '{' && c != '}') {
        statement += c;
        continue;
      }
      const bool ordered = statement.find("&&") != std::string::npos ||
                           statement.find("||") != std::string::npos ||
                           statement.find('?') != std::string::npos;
      if (!ordered && count_calls(statement, call) > 1) {
        findings.push_back({file.path, i + 1, "one-effect",
                            "two draws or announcements in one statement: name each result first"});
      }
      statement.clear();
    }
  }
}

// A static or thread_local variable that is neither constexpr nor const. A function has its
// parenthesis before anything that starts a value; what hides behind parentheses is found by
// tools/symbols.sh.
void check_statics(const SourceFile& file, std::vector<Finding>& findings) {
  // The interposed symbols of RocksDB have no object: which database is inside is process-wide by
  // nature.
  if (!under(file.path, all_rooms()) || under(file.path, {"state/rocksdb_s"})) return;
  const std::regex declared(R"(^\s*(inline\s+)?(static|thread_local|constinit)\s)");
  const std::regex constant(R"(\b(constexpr|const|consteval)\b)");
  const std::regex variable(R"(^[^(]*[\w>&*\]]\s*(;|=|\{|\[))");
  for (size_t i = 0; i < file.code.size(); ++i) {
    const std::string& line = file.code[i];
    if (!std::regex_search(line, declared) || std::regex_search(line, constant)) continue;
    if (!std::regex_search(line, variable)) continue;
    if (excused(file, i, "influences a run")) continue;
    findings.push_back({file.path, i + 1, "mutable-static",
                        "outlives a run: make it a member of what the World owns"});
  }
}

}  // namespace

std::vector<Finding> check_words(const SourceFile& file) {
  std::vector<Finding> findings;
  check_banned(file, findings);
  check_raw(file, findings);
  check_one_effect(file, findings);
  check_statics(file, findings);
  return findings;
}

std::vector<std::string> word_rule_names() {
  std::vector<std::string> names;
  for (const WordRule& rule : rules()) names.push_back("word-" + std::string(rule.name));
  for (const char* name : {"word-address", "unfinished", "one-effect", "mutable-static"})
    names.emplace_back(name);
  return names;
}

}  // namespace drey::tidy
