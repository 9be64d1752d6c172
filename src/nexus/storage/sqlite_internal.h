#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace nexus::storage {

// Bytes for a BLOB column; a plain string goes to a TEXT column.
struct Blob {
  std::string_view bytes;
};

// One execution of a prepared statement; what was bound outlives it. The first failure is kept and
// returned by the next step() or run(). On destruction the statement is reset, so that it pins no
// snapshot.
class Query {
 public:
  template <typename... Values>
  Query(sqlite3* database, sqlite3_stmt* statement, const Values&... values)
      : database_(database), statement_(statement) {
    if (statement_ == nullptr) note_failure();
    int place = 0;
    (bind(++place, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Values for the parameters, counted from 1.
  void bind(int place, std::int64_t value);
  void bind(int place, std::uint64_t value) { bind(place, static_cast<std::int64_t>(value)); }
  void bind(int place, int value) { bind(place, std::int64_t{value}); }
  void bind(int place, bool value) { bind(place, std::int64_t{value}); }
  void bind(int place, std::string_view text);
  void bind(int place, const std::string& text) { bind(place, std::string_view(text)); }
  void bind(int place, Blob blob);
  void bind_null(int place);
  template <typename T>
  void bind(int place, const std::optional<T>& value) {
    value ? bind(place, *value) : bind_null(place);
  }

  // True when there is a row, false at the end.
  Result<bool> step();
  // Steps to the end.
  Result<void> run();

  // Columns of the row at hand, counted from 0.
  enum class Type { kNull, kInteger, kText, kBlob };
  Type type(int column) const;
  int columns() const;
  bool is_null(int column) const { return type(column) == Type::kNull; }
  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string bytes(int column) const;
  std::optional<std::string> optional_bytes(int column) const;

 private:
  void check(int code);
  void note_failure();

  sqlite3* const database_;
  sqlite3_stmt* const statement_;  // nullptr when it could not be prepared
  std::optional<Error> failure_;
};

// One connection to the database file. One thread at a time.
class Connection {
 public:
  enum class Mode { kRead, kWrite };
  // Opens an existing file. `vfs`: empty for the system's files.
  static Result<std::unique_ptr<Connection>> open(const std::string& file, Mode mode,
                                                  const std::string& vfs);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs statements that return nothing of interest and take no values.
  Result<void> execute(const char* sql);

  // Prepares `sql` once per connection and binds the values in order. One Query of a text at a
  // time.
  template <typename... Values>
  Query query(const char* sql, const Values&... values) {
    return Query(database_, prepare(sql), values...);
  }

  // The single number a statement such as a PRAGMA answers.
  Result<std::int64_t> number(const char* sql);

  std::int64_t last_insert_id() const;
  std::int64_t changes() const;  // rows the last statement changed
  bool in_transaction() const;
  bool out_of_space() const;  // whether the last call failed for lack of space
  sqlite3* handle() { return database_; }

 private:
  explicit Connection(sqlite3* database) : database_(database) {}
  sqlite3_stmt* prepare(const char* sql);

  sqlite3* const database_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;  // by their text
};

// The failure of the last call on `database` as an error a client may see; SQLite's words are the
// detail.
Error storage_error(sqlite3* database);

}  // namespace nexus::storage
