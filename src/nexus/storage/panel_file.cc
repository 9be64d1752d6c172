#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "nexus/base/sha256.h"
#include "nexus/storage/bytes_internal.h"
#include "nexus/storage/panel_file_internal.h"
#include "nexus/storage/panel_reader_internal.h"
#include "nexus/storage/panel_writer_internal.h"
#include "nexus/storage/schema_internal.h"

namespace nexus::storage {
namespace {

constexpr std::string_view kMagic = "nexus-panel\n";
constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kHashSize = 64;

Error bad_file(std::string_view why) {
  return {ErrorCode::kBadRequest, fmt::format("the file cannot be imported: {}", why)};
}

void put_row(const Query& row, std::string& out) {
  for (int column = 0; column < row.columns(); ++column) {
    const Query::Type type = row.type(column);
    put_number(static_cast<std::uint64_t>(type), out);
    if (type == Query::Type::kInteger) put_number(row.number(column), out);
    if (type == Query::Type::kText || type == Query::Type::kBlob) put_bytes(row.bytes(column), out);
  }
}

// Binds one column of the file to a parameter of `insert`.
void bind_column(ByteReader& in, Query& insert, int place) {
  switch (static_cast<Query::Type>(in.number())) {
    case Query::Type::kInteger:
      return insert.bind(place, in.number());
    case Query::Type::kText:
      return insert.bind(place, in.bytes());
    case Query::Type::kBlob:
      return insert.bind(place, Blob{in.bytes()});
    default:
      return insert.bind_null(place);
  }
}

struct TableStatements {
  std::string select;
  std::string insert;
  int columns = 0;  // besides `panel`
};

TableStatements statements_for(const PanelTable& table, std::uint64_t schema) {
  std::string names = table.columns;
  if (schema > 1 && table.added != nullptr) names += fmt::format(", {}", table.added);
  const auto columns = 1 + std::count(names.begin(), names.end(), ',');
  std::string places = "?";
  for (auto column = columns; column > 0; --column) places += ", ?";
  return {fmt::format("SELECT {} FROM {} WHERE panel = ?", names, table.name),
          fmt::format("INSERT INTO {}(panel, {}) VALUES({})", table.name, names, places),
          static_cast<int>(columns)};
}

// Columns that came after `schema` are left out, and get what the schema says.
std::vector<TableStatements> all_statements(std::uint64_t schema) {
  std::vector<TableStatements> all;
  for (const PanelTable& table : panel_tables()) all.push_back(statements_for(table, schema));
  return all;
}

std::uint64_t present_schema() { return static_cast<std::uint64_t>(schema_version()); }

// The content between the magic and the hash.
Result<std::string_view> check_file(std::string_view file) {
  if (!file.starts_with(kMagic)) return bad_file("it is no panel exported by Nexus");
  if (file.size() < kMagic.size() + kHashSize) return bad_file("it is cut short");
  const std::string_view hash = file.substr(file.size() - kHashSize);
  file.remove_suffix(kHashSize);
  if (sha256_hex(file) != hash)
    return bad_file("its hash does not match; it was changed or cut short");
  return file.substr(kMagic.size());
}

void put_record(const PanelRecord& record, std::string& out) {
  put_bytes(record.id, out);
  put_bytes(record.workspace_id, out);
  put_number(static_cast<std::uint64_t>(record.durability), out);
  put_number(record.version, out);
  put_number(record.sequence, out);
  put_number(static_cast<std::uint64_t>(record.created_ms), out);
  put_number(static_cast<std::uint64_t>(record.updated_ms), out);
}

PanelRecord take_record(ByteReader& in) {
  PanelRecord record;
  record.id = in.bytes();
  record.workspace_id = in.bytes();
  record.durability = in.number() == static_cast<std::uint64_t>(Durability::kAsync)
                          ? Durability::kAsync
                          : Durability::kCommit;
  record.version = in.number();
  record.sequence = in.number();
  record.created_ms = static_cast<std::int64_t>(in.number());
  record.updated_ms = static_cast<std::int64_t>(in.number());
  record.epoch = new_epoch();
  return record;
}

Result<void> export_rows(Connection& connection, std::int64_t panel, std::string& out) {
  std::uint64_t place = 0;
  for (const TableStatements& table : all_statements(present_schema())) {
    ++place;
    Query rows = connection.query(table.select.c_str(), panel);
    for (;;) {
      NX_TRY(const bool found, rows.step());
      if (!found) break;
      put_number(place, out);
      put_row(rows, out);
    }
  }
  put_number(0, out);
  return {};
}

Result<void> import_rows(Connection& connection, ByteReader& in, std::int64_t panel,
                         std::uint64_t schema) {
  const auto tables = all_statements(schema);
  while (const std::uint64_t table = in.number()) {
    if (table > tables.size()) return bad_file("it names an unknown table");
    Query insert = connection.query(tables[table - 1].insert.c_str(), panel);
    for (int column = 0; column < tables[table - 1].columns; ++column)
      bind_column(in, insert, column + 2);
    NX_TRY_VOID(insert.run());
  }
  if (!in.ok() || !in.at_end()) return bad_file("its rows are incomplete");
  return {};
}

}  // namespace

Result<std::string> export_panel(Connection& connection, std::string_view panel_id) {
  std::string out(kMagic);
  put_number(kFormat, out);
  put_number(present_schema(), out);
  NX_TRY(const Moment moment, Moment::begin(connection));
  NX_TRY(const std::int64_t panel, find_panel(connection, panel_id));
  NX_TRY(const PanelRecord record, read_record(connection, panel_id));
  put_record(record, out);
  NX_TRY_VOID(export_rows(connection, panel, out));
  out += sha256_hex(out);
  return out;
}

Result<void> import_panel(Connection& connection, std::string_view file,
                          std::string_view panel_id) {
  NX_TRY(const std::string_view content, check_file(file));
  ByteReader in(content);
  const std::uint64_t format = in.number();
  const std::uint64_t schema = in.number();
  if (format != kFormat || schema == 0 || schema > present_schema())
    return bad_file(fmt::format(
        "it has format {} and schema {}, and this program reads format {} and schemas up to {}",
        format, schema, kFormat, present_schema()));
  PanelRecord record = take_record(in);
  if (!panel_id.empty()) record.id = panel_id;
  NX_TRY(const std::int64_t panel, insert_record(connection, record));
  return import_rows(connection, in, panel, schema);
}

}  // namespace nexus::storage
