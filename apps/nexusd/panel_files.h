#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/loop/loop.h"
#include "nexus/panel/faults.h"
#include "nexus/panel/workspace.h"

namespace nexusd {

// The *.nxml files of `directory` in order of their names. Error kInvalidArgument when it cannot be
// read.
nexus::Result<std::vector<std::string>> find_panel_files(const std::string& directory);

// The panels that are made of the *.nxml files of some directories (docs/NXML.md, "Reloading"). A
// file that is no panel is reported on standard error, one "file:line:column: ..." line for each
// diagnostic, and put on the list of faults until it is one; the others load. Lives on the loop; what
// it is given outlives it.
class PanelFiles : public std::enable_shared_from_this<PanelFiles> {
 public:
  // The panels belong to the workspace `owner`.
  static std::shared_ptr<PanelFiles> create(nexus::loop::Loop& loop,
                                            nexus::panel::Workspace& workspace,
                                            nexus::panel::FaultList& faults,
                                            std::string owner);

  // Makes a panel of each file of the directories, in order, and calls `done` when every one has
  // been answered. Called once.
  void load(std::vector<std::string> directories, std::function<void()> done);

  // Soon makes panels of the files in `directory` that are new since the last look and reloads
  // those of changed ones. Always the same directory, after load().
  void refresh(const std::string& directory);

 private:
  // Tells a file that was written from one that was not.
  struct Stamp {
    std::int64_t modified_ns;
    std::uint64_t bytes, inode;
    bool operator==(const Stamp&) const = default;
  };
  struct File {
    std::string directory;
    std::optional<Stamp> stamp;  // when it was read last
    std::string digest;          // of the text that the panel has; empty when that did not load
    std::string panel_id;        // of the panel it became; empty before
    bool missing = false;
  };
  PanelFiles(nexus::loop::Loop& loop, nexus::panel::Workspace& workspace,
             nexus::panel::FaultList& faults, std::string owner);

  void look(const std::string& directory);
  void look_at(const std::string& path, File& file);
  void next();
  bool load_file(const std::string& path, File& file);
  void answered(const std::string& path, std::string text,
                std::variant<nexus::panel::Panel*, nexus::panel::CreateError> answer);
  void loaded(const std::string& path, File& file, nexus::panel::Panel& panel);
  void failed(const std::string& path, File& file, std::string text,
              const nexus::panel::CreateError& error);
  bool belongs_to_another(const std::string& path, const std::string& panel_id);
  nexus::panel::Panel* panel_of(const File& file) const;

  nexus::loop::Loop& loop_;
  nexus::panel::Workspace& workspace_;
  nexus::panel::FaultList& faults_;
  const std::string owner_;

  std::map<std::string, File> files_;  // by path
  std::vector<std::string> changed_;   // those still to be read, the next one last
  bool busy_ = false;                  // while one is being loaded
  std::string again_;                  // the directory of a look that was asked for meanwhile
  std::function<void()> on_loaded_;    // of load(); empty once called
  std::unique_ptr<nexus::loop::Timer> timer_;
};

}  // namespace nexusd
