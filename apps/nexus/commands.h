#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

// The commands of `nexus`. Each returns the exit code of the program: 0 when all is well, 1 when what was
// looked at is wrong, 2 when the command itself was.
namespace nexus::cli {

struct CheckOptions {
  std::vector<std::string> files;
  bool json = false;
};
// Reports every mistake of NXML files as "file:line:col: error CODE: message".
int check(const CheckOptions& options);

struct FormatOptions {
  std::vector<std::string> files;
  bool check = false;
};
// Brings NXML files into the layout of docs/NXML.md and prints the names of those that changed; "-"
// goes from standard input to standard output. With `check` nothing is written, and a file that would
// change makes the code 1.
int format(const FormatOptions& options);

struct AstOptions {
  std::string file;
};
// Prints the whole tree of an NXML file as JSON; docs/nxml.schema.json.
int ast(const AstOptions& options);

struct CapsOptions {
  std::string file;
  bool json = false;
};
// Prints what each handler of an NXML file needs, as "file:line:col: handler: token".
int caps(const CapsOptions& options);

struct RunOptions {
  std::string file;
  std::string tool;
  std::string args = "{}";
  std::optional<std::string> state;
  std::vector<std::string> private_hosts;
};
// Runs one tool of a panel in the sandbox and prints the ExecutionResult of docs/PROTOCOL.md.
int run(const RunOptions& options);

// Runs a recording of nexusd again and prints what it does step by step; 1 when it does something else
// than it did.
int replay(const std::string& file);

struct TokenOptions {
  std::string subject = "developer";
  std::string workspace = "default";
  std::vector<std::string> permissions;
  std::chrono::seconds lifetime{3600};
  std::string issuer;
  std::string audience;
};
// Prints a token signed with the secret in JWT_SECRET, and nothing else: for development and tests. Real
// identities come from an identity provider.
int token(const TokenOptions& options);

struct EvalOptions {
  std::vector<std::string> files;
  std::optional<std::chrono::milliseconds> timeout;
  bool module = false;
};
// Runs plain scripts one after the other in one bare sandboxed context; for conformance suites.
int eval(const EvalOptions& options);

// Copies the database of a data directory to a new file; the server may be running.
int backup(const std::string& directory, const std::string& file);

// Makes an empty data directory what a backup was taken from.
int restore(const std::string& file, const std::string& directory);

struct LogOptions {
  std::string panel;
  std::string directory = "./data";
  std::size_t limit = 50;
  bool json = false;
};
// Prints the newest segments of a panel, newest first; the server may be running.
int log(const LogOptions& options);

struct TransferOptions {
  std::string panel;
  std::string directory = "./data";
  std::string file;
};
// Writes everything of one panel to a new file; the server may be running.
int export_panel(const TransferOptions& options);
// Stores the panel of such a file, under `panel` or, when that is empty, its own id. No server may be
// running on the directory.
int import_panel(const TransferOptions& options);

}  // namespace nexus::cli
