#include <fmt/format.h>
#include <sqlite3.h>

#include "nexus/storage/sqlite_internal.h"

namespace nexus::storage {
namespace {

static_assert(SQLITE_VERSION_NUMBER >= 3051003,
              "older versions have the WAL-reset bug, which can corrupt a database");

constexpr int kBusyTimeoutMs = 5000;

const char* reason(sqlite3* database) {
  switch (sqlite3_errcode(database) & 0xff) {
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_IOERR:
      return "the disk reported an error";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the database file is damaged";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return "the database file cannot be opened or written";
    case SQLITE_BUSY:
      return "another program holds the database file";
    case SQLITE_TOOBIG:
      return "a value is too long";
    default:
      return sqlite3_errmsg(database);
  }
}

}  // namespace

Error storage_error(sqlite3* database) {
  return {
      ErrorCode::kStorageError, fmt::format("storage failed: {}", reason(database)),
      fmt::format("sqlite {}: {}", sqlite3_extended_errcode(database), sqlite3_errmsg(database))};
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::note_failure() {
  if (!failure_) failure_ = storage_error(database_);
}

void Query::check(int code) {
  if (code != SQLITE_OK) note_failure();
}

void Query::bind(int place, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, place, value));
}

void Query::bind(int place, std::string_view text) {
  check(sqlite3_bind_text64(statement_, place, text.empty() ? "" : text.data(), text.size(),
                            SQLITE_STATIC, SQLITE_UTF8));
}

// An empty BLOB, since no pointer at all would bind NULL.
void Query::bind(int place, Blob blob) {
  check(blob.bytes.empty() ? sqlite3_bind_zeroblob(statement_, place, 0)
                           : sqlite3_bind_blob64(statement_, place, blob.bytes.data(),
                                                 blob.bytes.size(), SQLITE_STATIC));
}

void Query::bind_null(int place) { check(sqlite3_bind_null(statement_, place)); }

Result<bool> Query::step() {
  if (failure_) return *failure_;
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      note_failure();
      return *failure_;
  }
}

Result<void> Query::run() {
  for (;;) {
    NX_TRY(const bool more, step());
    if (!more) return {};
  }
}

Query::Type Query::type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return Type::kInteger;
    case SQLITE_TEXT:
      return Type::kText;
    case SQLITE_BLOB:
      return Type::kBlob;
    default:
      return Type::kNull;
  }
}

int Query::columns() const { return sqlite3_column_count(statement_); }

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr
             ? std::string()
             : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::optional<std::string> Query::optional_bytes(int column) const {
  if (is_null(column)) return std::nullopt;
  return bytes(column);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& file, Mode mode,
                                                     const std::string& vfs) {
  sqlite3* database = nullptr;
  const int flags =
      (mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_EXRESCODE;
  const int code =
      sqlite3_open_v2(file.c_str(), &database, flags, vfs.empty() ? nullptr : vfs.c_str());
  NX_CHECK(database != nullptr);
  std::unique_ptr<Connection> connection(new Connection(database));
  if (code != SQLITE_OK) return storage_error(database);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  // A damaged or planted file may lie about its own structure.
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  NX_TRY_VOID(connection->execute("PRAGMA cell_size_check = ON"));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Result<void> Connection::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return storage_error(database_);
  return {};
}

sqlite3_stmt* Connection::prepare(const char* sql) {
  const auto found = statements_.find(std::string_view(sql));
  if (found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK)
    return nullptr;
  statements_.emplace(sql, statement);
  return statement;
}

Result<std::int64_t> Connection::number(const char* sql) {
  Query rows = query(sql);
  NX_TRY(const bool found, rows.step());
  return found ? rows.integer(0) : 0;
}

std::int64_t Connection::last_insert_id() const { return sqlite3_last_insert_rowid(database_); }

std::int64_t Connection::changes() const { return sqlite3_changes64(database_); }

bool Connection::out_of_space() const { return (sqlite3_errcode(database_) & 0xff) == SQLITE_FULL; }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

}  // namespace nexus::storage
