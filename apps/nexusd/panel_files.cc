#include "panel_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

namespace nexusd {
namespace {

namespace fs = std::filesystem;
namespace panel = nexus::panel;
using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

// One byte more than a document may have, so that the parser sees, and says, that it is too long.
const std::size_t kMaxBytes = nexus::nxml::ReadLimits{}.bytes + 1;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof()))
    return Error{ErrorCode::kInvalidArgument, "the file cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void report(const std::string& file, const panel::CreateError& error) {
  for (const auto& diagnostic : error.diagnostics)
    fmt::print(stderr, "{}\n", nexus::nxml::format(diagnostic, file));
  if (error.diagnostics.empty())
    fmt::print(stderr, "{}: error {}: {}\n", file, to_string(error.error.code),
               error.error.message);
}

// One file after the other, so that of two panels with one id the first in name order lives.
class PanelLoad : public std::enable_shared_from_this<PanelLoad> {
 public:
  PanelLoad(panel::Workspace& workspace, std::vector<std::string> files, std::string owner,
            std::function<void()> done)
      : workspace_(workspace),
        files_(std::move(files)),
        owner_(std::move(owner)),
        done_(std::move(done)) {}

  void next() {
    while (position_ < files_.size()) {
      const std::string& file = files_[position_++];
      auto source = read_file(file);
      if (source.ok()) return create(file, std::move(source).take());
      report(file, {std::move(source).take_error(), {}});
    }
    done_();
  }

 private:
  void create(const std::string& file, std::string source) {
    workspace_.create({std::move(source), {}, {}, owner_},
                      [self = shared_from_this(), file](auto created) {
                        if (const auto* error = std::get_if<panel::CreateError>(&created))
                          report(file, *error);
                        self->next();
                      });
  }

  panel::Workspace& workspace_;
  const std::vector<std::string> files_;
  const std::string owner_;
  const std::function<void()> done_;
  std::size_t position_ = 0;
};

}  // namespace

Result<std::vector<std::string>> find_panel_files(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".nxml") files.push_back(entry->path().string());
  if (error)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("PANELS_DIR (--panels): \"{}\" cannot be read: {}", directory,
                             error.message())};
  std::sort(files.begin(), files.end());
  return files;
}

void load_panel_files(panel::Workspace& workspace, std::vector<std::string> files,
                      const std::string& owner, std::function<void()> done) {
  auto load = std::make_shared<PanelLoad>(workspace, std::move(files), owner, std::move(done));
  load->next();
}

}  // namespace nexusd
