#include "tests/tidy/endpoint_rule.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <set>

namespace drey::tidy {
namespace {

struct ClassShape {
  std::string path;
  size_t line = 0;
  std::set<std::string> bases;
  std::set<std::string> members;  // every identifier in the types of the data members
};
using Classes = std::map<std::string, ClassShape>;

struct Allowed {
  std::string_view owner;
  std::string_view owned;
};
constexpr Allowed kAllowed[] = {
    // One JobManager process; JobMasters die with their Dispatcher (design.md 2.7).
    {"Dispatcher", "JobMaster"},
    // One TaskManager process: the TaskExecutor owns its tasks and their data exchange, tasks
    // report through the door
    // of design.md 2.11 (TaskRuntime, TaskListener), and a task and the exchange hand buffers over
    // in memory.
    {"TaskExecutor", "ExactTask"},
    {"TaskExecutor", "DataExchange"},
    {"ExactTask", "TaskExecutor"},
    {"ExactTask", "DataExchange"},
    {"DataExchange", "ExactTask"},
    // One JobManager process: the client library of the pointer store (Curator's place) serves the
    // components of its
    // process, which it calls back; its own talk to the store crosses the network.
    {"Dispatcher", "PointerStoreClient"},
    {"JobMaster", "PointerStoreClient"},
    {"ResourceManager", "PointerStoreClient"},
    {"PointerStoreClient", "Dispatcher"},
    {"PointerStoreClient", "JobMaster"},
    {"PointerStoreClient", "ResourceManager"},
};

// Names as they are written, namespaces (lower case) dropped: "sim::Address" -> "Address",
// "RpcKind::Options" stays.
std::set<std::string> identifiers(const std::string& text) {
  static const std::regex word(R"((?:\w+::)*\w+)");
  std::set<std::string> result;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), word); it != std::sregex_iterator();
       ++it) {
    std::string name = it->str();
    while (std::islower(static_cast<unsigned char>(name[0])) != 0 &&
           name.find("::") != std::string::npos)
      name.erase(0, name.find("::") + 2);
    if (std::isupper(static_cast<unsigned char>(name[0])) != 0) result.insert(name);
  }
  return result;
}

bool looks_like_member(const std::string& statement, bool is_struct) {
  if (has_word(statement, "using") || has_word(statement, "friend")) return false;
  // A declaration with a parameter list is a function; a member's own parentheses come after its
  // name or not at all.
  static const std::regex named(R"(\w+_\s*(=|$))");
  if (std::regex_search(statement, named)) {
    const size_t parenthesis = statement.find('(');
    return parenthesis == std::string::npos || parenthesis > statement.find('=');
  }
  return is_struct && statement.find('(') == std::string::npos;
}

class Collector {
 public:
  Collector(const SourceFile& file, Classes& classes) : file_(file), classes_(classes) {}

  void run() {
    for (line_ = 0; line_ < file_.code.size(); ++line_) {
      const std::string& text = file_.code[line_];
      const size_t first = text.find_first_not_of(' ');
      if (first != std::string::npos && text[first] == '#') continue;
      for (const char c : text) step(c);
      statement_ += ' ';
    }
  }

 private:
  struct Open {
    std::string name;  // empty: not a class
    bool is_struct = false;
  };

  void step(char c) {
    if (c == '{') {
      open_.push_back(opened_class());
      // "std::map<A, B> members_{" goes on after its brace.
      if (!open_.back().name.empty())
        statement_.clear();
      else
        end_statement();
    } else if (c == '}') {
      statement_.clear();
      if (!open_.empty()) open_.pop_back();
    } else if (c == ';') {
      end_statement();
    } else if (c == ':' && (statement_ == " public" || statement_ == "  private")) {
      statement_.clear();
    } else {
      statement_ += c;
    }
  }

  Open opened_class() {
    static const std::regex head(
        R"(\b(class|struct)\s+([\w:]+)\s*(?:final\s*)?(?::([^:][\s\S]*))?$)");
    std::smatch match;
    if (!std::regex_search(statement_, match, head) || has_word(statement_, "enum")) return {};
    std::string name = match[2];
    for (auto outer = open_.rbegin(); outer != open_.rend(); ++outer) {
      if (outer->name.empty()) continue;  // a namespace
      name = outer->name + "::" + name;
      break;
    }
    ClassShape& shape = classes_[name];
    if (shape.path.empty()) {
      shape.path = file_.path;
      shape.line = line_ + 1;
    }
    shape.bases.merge(identifiers(match[3]));
    return {name, match[1] == "struct"};
  }

  void end_statement() {
    if (!open_.empty() && !open_.back().name.empty() &&
        looks_like_member(statement_, open_.back().is_struct)) {
      classes_[open_.back().name].members.merge(identifiers(statement_));
    }
    statement_.clear();
  }

  const SourceFile& file_;
  Classes& classes_;
  std::vector<Open> open_;
  std::string statement_;
  size_t line_ = 0;
};

Classes collect(const std::vector<SourceFile>& files) {
  Classes classes;
  for (const SourceFile& file : files)
    if (room_of(file.path) != "tests") Collector(file, classes).run();
  return classes;
}

// The class that `name` means inside class `scope`: the innermost enclosing class that has it.
// Empty: none of ours.
std::string resolve(const Classes& classes, std::string scope, const std::string& name) {
  while (true) {
    const std::string full = scope.empty() ? name : scope + "::" + name;
    if (classes.count(full) != 0) return full;
    if (scope.empty()) return "";
    const size_t colon = scope.rfind("::");
    scope.erase(colon == std::string::npos ? 0 : colon);
  }
}

bool derives(const Classes& classes, const std::string& name, const std::string& base) {
  const auto found = classes.find(name);
  if (found == classes.end()) return false;
  const std::set<std::string>& bases = found->second.bases;
  return bases.count(base) != 0 ||
         std::any_of(bases.begin(), bases.end(), [&](const std::string& parent) {
           return parent != name && derives(classes, parent, base);
         });
}

std::set<std::string> endpoints_in(const Classes& classes) {
  std::set<std::string> result;
  for (const auto& [name, shape] : classes)
    if (derives(classes, name, "Endpoint")) result.insert(name);
  return result;
}

// Walks from one endpoint through members and through the endpoints that implement a held
// interface.
class Walk {
 public:
  Walk(const Classes& classes, const std::set<std::string>& endpoints, const std::string& start)
      : classes_(classes), endpoints_(endpoints), start_(start) {
    visit(start, start);
    for (const std::string& base : classes.at(start).bases)
      if (base != "Endpoint" && endpoints.count(base) != 0) visit(base, start);
  }
  // reached endpoint -> the way to it
  const std::map<std::string, std::string>& reached() const { return reached_; }

 private:
  void visit(const std::string& name, const std::string& way) {
    if (!seen_.insert(name).second) return;
    const auto found = classes_.find(name);
    if (found == classes_.end()) return;
    for (const std::string& written : found->second.members) {
      const std::string member = resolve(classes_, name, written);
      if (member.empty() || member == start_ || member == "Endpoint") continue;
      const std::string next = way + " -> " + member;
      if (endpoints_.count(member) != 0) {
        reached_.emplace(member, next);
        continue;
      }
      for (const std::string& endpoint : endpoints_) {
        // A back reference through an interface that the start itself implements is its own.
        if (endpoint != start_ && !derives(classes_, start_, member) &&
            derives(classes_, endpoint, member))
          reached_.emplace(endpoint, next + " -> " + endpoint);
      }
      // What the world owns is not held by an endpoint: every one has a World&.
      if (member != "World" && member != "Kernel" && member != "Network") visit(member, next);
    }
  }

  const Classes& classes_;
  const std::set<std::string>& endpoints_;
  const std::string start_;
  std::set<std::string> seen_;
  std::map<std::string, std::string> reached_;
};

}  // namespace

std::vector<std::string> endpoint_classes(const std::vector<SourceFile>& files) {
  const std::set<std::string> names = endpoints_in(collect(files));
  return {names.begin(), names.end()};
}

std::vector<Finding> check_endpoints(const std::vector<SourceFile>& files) {
  const Classes classes = collect(files);
  const std::set<std::string> endpoints = endpoints_in(classes);
  std::vector<Finding> findings;
  for (const std::string& endpoint : endpoints) {
    const Walk walk(classes, endpoints, endpoint);
    for (const auto& [other, way] : walk.reached()) {
      const bool allowed = std::any_of(std::begin(kAllowed), std::end(kAllowed),
                                       [&, &held = other](const Allowed& pair) {
                                         return pair.owner == endpoint && pair.owned == held;
                                       });
      if (allowed) continue;
      const ClassShape& shape = classes.at(endpoint);
      findings.push_back({shape.path, shape.line, "endpoint-holds-endpoint",
                          way + ": hold its Address and send messages"});
    }
  }
  return findings;
}

}  // namespace drey::tidy
