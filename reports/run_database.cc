#include "reports/run_database.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <cstdio>

namespace drey::reports {
namespace {

constexpr const char* kSchema =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "PRAGMA encoding = 'UTF-8'; PRAGMA user_version = 1; BEGIN;"
    "CREATE TABLE run (key TEXT PRIMARY KEY, scenario TEXT, scenario_id TEXT, params TEXT, seed "
    "INTEGER, version TEXT, verdict TEXT, hash TEXT, digest TEXT, metrics TEXT, events INTEGER, "
    "sim_end_ns INTEGER) WITHOUT ROWID;"
    "CREATE TABLE expectation (run_key TEXT, position INTEGER, id TEXT, text TEXT, verdict TEXT, "
    "observed TEXT, against TEXT, PRIMARY KEY (run_key, position)) WITHOUT ROWID;"
    "CREATE TABLE conflict (key TEXT, digest TEXT, record TEXT, PRIMARY KEY (key, digest)) WITHOUT "
    "ROWID;";

std::string quoted_name(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

std::string quoted_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

class Connection {
 public:
  Connection(const std::string& path, int flags) {
    if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) fail();
  }
  ~Connection() { sqlite3_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const std::string& sql) {
    if (!error_.empty()) return;
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  void fail() {
    if (error_.empty()) error_ = sqlite3_errmsg(handle_);
  }
  sqlite3* handle() { return handle_; }
  const std::string& error() const { return error_; }

 private:
  sqlite3* handle_ = nullptr;
  std::string error_;
};

class Statement {
 public:
  Statement(Connection& connection, const char* sql) : connection_(connection) {
    if (connection.error().empty() &&
        sqlite3_prepare_v2(connection.handle(), sql, -1, &statement_, nullptr) != SQLITE_OK)
      connection.fail();
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(int64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  void run() {
    if (!connection_.error().empty()) return;
    if (sqlite3_step(statement_) != SQLITE_DONE) connection_.fail();
    sqlite3_reset(statement_);
    bound_ = 0;
  }
  bool row() {
    if (!connection_.error().empty()) return false;
    const int result = sqlite3_step(statement_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) connection_.fail();
    return result == SQLITE_ROW;
  }
  std::string text(int column) {
    const auto* bytes = sqlite3_column_text(statement_, column);
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? std::string()
                            : std::string(reinterpret_cast<const char*>(bytes), size);
  }
  int64_t number(int column) { return sqlite3_column_int64(statement_, column); }

 private:
  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

void insert(Connection& connection, const RunDatabase& database) {
  Statement run(connection, "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Statement expectation(connection, "INSERT INTO expectation VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const RunRow& row : database.runs) {
    run.bind(row.key).bind(row.scenario).bind(row.scenario_id).bind(row.params);
    run.bind(static_cast<int64_t>(row.seed)).bind(row.version).bind(row.verdict).bind(row.hash);
    run.bind(row.digest).bind(row.metrics).bind(static_cast<int64_t>(row.events)).bind(row.end_ns);
    run.run();
    int64_t position = 0;
    for (const RunRow::Expectation& e : row.expectations) {
      expectation.bind(row.key).bind(position++).bind(e.id).bind(e.text);
      expectation.bind(e.outcome).bind(e.left).bind(e.right).run();
    }
  }
  Statement conflict(connection, "INSERT INTO conflict VALUES (?, ?, ?)");
  for (const ConflictRow& row : database.conflicts)
    conflict.bind(row.key).bind(row.digest).bind(row.record).run();
}

std::string wide_view(const WideColumns& wide) {
  std::string sql = "CREATE VIEW run_wide AS SELECT key, scenario, seed, verdict, hash";
  for (const std::string& name : wide.params)
    sql += fmt::format(", params ->> {} AS {}", quoted_text("$." + quoted_name(name)),
                       quoted_name(name));
  for (const std::string& name : wide.metrics)
    sql += fmt::format(", metrics ->> {} AS {}", quoted_text("$." + quoted_name(name)),
                       quoted_name(name));
  return sql + " FROM run;";
}

}  // namespace

std::string write_run_database(const std::string& path, const RunDatabase& database) {
  const std::string temporary = path + ".tmp";
  std::remove(temporary.c_str());
  {
    Connection connection(temporary, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    connection.execute(kSchema);
    insert(connection, database);
    connection.execute(wide_view(database.wide));
    connection.execute("COMMIT;");
    if (!connection.error().empty()) return connection.error();
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return "cannot write " + path;
  return {};
}

std::string read_run_database(const std::string& path, RunDatabase& database) {
  Connection connection(path, SQLITE_OPEN_READONLY);
  Statement run(connection,
                "SELECT key, scenario, scenario_id, params, seed, version, verdict, hash, digest, "
                "metrics, events, sim_end_ns FROM run ORDER BY key");
  Statement expectation(connection,
                        "SELECT id, text, verdict, observed, against, run_key FROM expectation "
                        "ORDER BY run_key, position");
  bool more = expectation.row();
  while (run.row()) {
    RunRow row;
    row.key = run.text(0);
    row.scenario = run.text(1);
    row.scenario_id = run.text(2);
    row.params = run.text(3);
    row.seed = static_cast<uint64_t>(run.number(4));
    row.version = run.text(5);
    row.verdict = run.text(6);
    row.hash = run.text(7);
    row.digest = run.text(8);
    row.metrics = run.text(9);
    row.events = static_cast<uint64_t>(run.number(10));
    row.end_ns = run.number(11);
    for (; more && expectation.text(5) == row.key; more = expectation.row())
      row.expectations.push_back({expectation.text(0), expectation.text(1), expectation.text(2),
                                  expectation.text(3), expectation.text(4)});
    database.runs.push_back(std::move(row));
  }
  Statement conflict(connection, "SELECT key, digest, record FROM conflict ORDER BY key, digest");
  while (conflict.row())
    database.conflicts.push_back({conflict.text(0), conflict.text(1), conflict.text(2)});
  return connection.error();
}

}  // namespace drey::reports
