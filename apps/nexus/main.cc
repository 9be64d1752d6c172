// nexus: looks at panels, runs their handlers without a server, and saves what a server stored.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.h"

int main(int argc, char** argv) {
  using namespace nexus::cli;  // NOLINT: the whole program is this function
  CLI::App app{"Checks panels, runs their handlers without a server, and backs up what a server stored"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "nexus " NEXUS_VERSION);

  CheckOptions check_options;
  CLI::App* const check_command = app.add_subcommand("check", "Report every mistake in NXML files");
  check_command->add_option("FILE", check_options.files, "NXML files; - reads standard input")->required();
  check_command->add_flag("--json", check_options.json, "Print the diagnostics as JSON");

  FormatOptions format_options;
  CLI::App* const format_command = app.add_subcommand("fmt", "Bring NXML files into the one layout");
  format_command->add_option("FILE", format_options.files, "NXML files; - goes from standard input to output")->required();
  format_command->add_flag("--check", format_options.check, "Write nothing; 1 when a file would change");

  AstOptions ast_options;
  CLI::App* const ast_command = app.add_subcommand("ast", "Print the tree of an NXML file as JSON");
  ast_command->add_option("FILE", ast_options.file, "NXML file; - reads standard input")->required();

  CapsOptions caps_options;
  CLI::App* const caps_command = app.add_subcommand("caps", "Print the capabilities that each handler needs");
  caps_command->add_option("FILE", caps_options.file, "NXML file; - reads standard input")->required();
  caps_command->add_flag("--json", caps_options.json, "Print them as JSON");

  RunOptions run_options;
  CLI::App* const run_command = app.add_subcommand("run", "Run one tool of a panel and print its result as JSON");
  run_command->add_option("FILE", run_options.file, "NXML file; - reads standard input")->required();
  run_command->add_option("--tool", run_options.tool, "Name of the tool")->required();
  run_command->add_option("--args", run_options.args, "Arguments: an object by name, or a list by position");
  run_command->add_option("--state", run_options.state, "State that replaces the declared defaults, a JSON object");
  run_command->add_option("--allow-private-host", run_options.private_hosts,
                          "host:port that the http extension may reach although its address is private");

  std::string recording;
  CLI::App* const replay_command =
      app.add_subcommand("replay", "Run a recording of nexusd --record again, step by step; 1 when it differs");
  replay_command->add_option("FILE", recording, "File in the directory of recordings")->required();

  TokenOptions token_options;
  token_options.permissions = {"panel:create", "panel:read", "panel:execute", "panel:approve", "panel:delete"};
  std::int64_t token_seconds = token_options.lifetime.count();
  CLI::App* const token_command =
      app.add_subcommand("token", "Print a development token signed with the secret in JWT_SECRET");
  token_command->add_option("--sub", token_options.subject, "Who it stands for")->capture_default_str();
  token_command->add_option("--workspace", token_options.workspace, "Its workspace_id")->capture_default_str();
  token_command->add_option("--permission", token_options.permissions, "panel:create, panel:read, panel:execute, panel:approve, panel:delete, admin; may be repeated")
      ->delimiter(',');
  token_command->add_option("--seconds", token_seconds, "How long it is valid")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{7 * 86'400}))->capture_default_str();
  token_command->add_option("--iss", token_options.issuer, "Its issuer, when the server has JWT_ISSUER");
  token_command->add_option("--aud", token_options.audience, "Its audience, when the server has JWT_AUDIENCE");

  EvalOptions eval_options;
  std::int64_t timeout_ms = 0;
  CLI::App* const eval_command =
      app.add_subcommand("eval", "Run plain scripts in one bare sandboxed context, without capabilities");
  eval_command->add_option("FILE", eval_options.files, "JavaScript files, run one after the other")->required();
  CLI::Option* const timeout = eval_command->add_option("--timeout-ms", timeout_ms, "Stop after this long");
  timeout->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400'000}));
  eval_command->add_flag("--module", eval_options.module, "Run the files as modules");

  std::string directory;
  std::string file;
  CLI::App* const backup_command =
      app.add_subcommand("backup", "Copy the database of a data directory to a new file, also while nexusd runs");
  backup_command->add_option("DATA_DIR", directory, "Data directory of nexusd")->required();
  backup_command->add_option("FILE", file, "File to create")->required();
  CLI::App* const restore_command =
      app.add_subcommand("restore", "Make an empty data directory what a backup was taken from");
  restore_command->add_option("FILE", file, "File that nexus backup wrote")->required();
  restore_command->add_option("DATA_DIR", directory, "Directory that is empty or does not exist")->required();

  LogOptions log_options;
  CLI::App* const log_command = app.add_subcommand("log", "Print what was done to a panel, newest first, also while nexusd runs");
  log_command->add_option("PANEL", log_options.panel, "Id of the panel")->required();
  log_command->add_option("--data-dir", log_options.directory, "Data directory of nexusd")->capture_default_str();
  log_command->add_option("--limit", log_options.limit, "How many segments")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))->capture_default_str();
  log_command->add_flag("--json", log_options.json, "Print them whole, as JSON");

  TransferOptions transfer_options;
  CLI::App* const export_command =
      app.add_subcommand("export", "Write everything of one panel to a new file, also while nexusd runs");
  export_command->add_option("PANEL", transfer_options.panel, "Id of the panel")->required();
  export_command->add_option("FILE", transfer_options.file, "File to create")->required();
  CLI::App* const import_command =
      app.add_subcommand("import", "Store the panel of an exported file while no nexusd runs on the directory");
  import_command->add_option("FILE", transfer_options.file, "File that nexus export wrote")->required();
  import_command->add_option("--as", transfer_options.panel, "Another id for it");
  for (CLI::App* const command : {export_command, import_command})
    command->add_option("--data-dir", transfer_options.directory, "Data directory of nexusd")->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  if (check_command->parsed()) return check(check_options);
  if (format_command->parsed()) return format(format_options);
  if (ast_command->parsed()) return ast(ast_options);
  if (caps_command->parsed()) return caps(caps_options);
  if (run_command->parsed()) return run(run_options);
  if (replay_command->parsed()) return replay(recording);
  if (backup_command->parsed()) return backup(directory, file);
  if (restore_command->parsed()) return restore(file, directory);
  if (log_command->parsed()) return log(log_options);
  if (export_command->parsed()) return export_panel(transfer_options);
  if (import_command->parsed()) return import_panel(transfer_options);
  if (token_command->parsed()) {
    token_options.lifetime = std::chrono::seconds(token_seconds);
    return token(token_options);
  }
  if (timeout->count() > 0) eval_options.timeout = std::chrono::milliseconds(timeout_ms);
  return eval(eval_options);
}
