#include "panel_files.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "nexus/base/clock.h"
#include "nexus/base/sha256.h"

namespace nexusd {
namespace {

namespace fs = std::filesystem;
namespace nxml = nexus::nxml;
namespace panel = nexus::panel;
using nexus::Error;
using nexus::ErrorCode;
using nexus::Result;

// One byte more than a document may have, so that the parser sees, and says, that it is too long.
const std::size_t kMaxBytes = nxml::ReadLimits{}.bytes + 1;
// A file that was written to a shorter time ago may be half of one.
constexpr std::chrono::milliseconds kQuietTime{100};
// Editors save in several steps; one look comes after them.
constexpr std::chrono::milliseconds kLookDelay{50};

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  // Opening a pipe would wait for whoever writes to it.
  if (!fs::is_regular_file(path, error))
    return Error{ErrorCode::kInvalidArgument, "this is not a regular file"};
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxBytes, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof()))
    return Error{ErrorCode::kInvalidArgument, "the file cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void report(const std::string& path, const std::vector<nxml::Diagnostic>& diagnostics) {
  for (const auto& diagnostic : diagnostics)
    fmt::print(stderr, "{}\n", nxml::format(diagnostic, path));
}

// The name of the file made a panel id (design.md section 4); empty when nothing is left of it.
std::string id_from_name(const std::string& path) {
  constexpr std::size_t kMaxIdBytes = 64;
  std::string id = fs::path(path).stem().string();
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  for (char& c : id)
    if (!alphanumeric(c) && c != '.' && c != '_') c = '-';
  id.erase(id.begin(), std::find_if(id.begin(), id.end(), alphanumeric));
  return id.substr(0, kMaxIdBytes);
}

std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

bool was_written_just_now(std::int64_t modified_ns) {
  const auto now = nexus::Clock::system().wall().time_since_epoch();
  const auto age = now - std::chrono::nanoseconds(modified_ns);
  // A file from the future never grows old.
  return age >= age.zero() && age < kQuietTime;
}

}  // namespace

Result<std::vector<std::string>> find_panel_files(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".nxml") files.push_back(entry->path().string());
  if (error)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" cannot be read: {}", directory, error.message())};
  std::sort(files.begin(), files.end());
  return files;
}

std::shared_ptr<PanelFiles> PanelFiles::create(nexus::loop::Loop& loop,
                                               panel::Workspace& workspace,
                                               panel::FaultList& faults, std::string owner) {
  return std::shared_ptr<PanelFiles>(new PanelFiles(loop, workspace, faults, std::move(owner)));
}

PanelFiles::PanelFiles(nexus::loop::Loop& loop, panel::Workspace& workspace,
                       panel::FaultList& faults, std::string owner)
    : loop_(loop), workspace_(workspace), faults_(faults), owner_(std::move(owner)) {}

void PanelFiles::load(std::vector<std::string> directories, std::function<void()> done) {
  on_loaded_ = std::move(done);
  for (const std::string& directory : directories) look(directory);
  next();
}

void PanelFiles::refresh(const std::string& directory) {
  if (timer_ != nullptr) return;
  timer_ = loop_.after(kLookDelay, [this, directory] {
    timer_.reset();
    if (busy_) {
      again_ = directory;
      return;
    }
    look(directory);
    next();
  });
}

void PanelFiles::look(const std::string& directory) {
  const auto found = find_panel_files(directory);
  if (!found.ok()) return spdlog::warn("{}", found.error().message);
  const std::set<std::string_view> present(found->begin(), found->end());
  for (auto& [path, file] : files_) {
    if (file.directory != directory || file.missing || present.contains(path)) continue;
    file.missing = true;
    file.stamp.reset();
    file.digest.clear();
    spdlog::info("{} is gone; the panel it was made of goes on", path);
    // What was wrong with it is wrong no longer.
    faults_.clear(path);
    if (panel::Panel* const live = panel_of(file)) live->report_source(name_of(path), {});
  }
  // The last is read first.
  for (auto path = found->rbegin(); path != found->rend(); ++path) {
    files_[*path].directory = directory;
    look_at(*path, files_[*path]);
  }
}

void PanelFiles::look_at(const std::string& path, File& file) {
  file.missing = false;
  struct stat status{};
  // One that vanished meanwhile is missing in the next look.
  if (stat(path.c_str(), &status) != 0) return;
  const Stamp stamp{status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                    static_cast<std::uint64_t>(status.st_size), status.st_ino};
  if (file.stamp == stamp) return;
  if (!on_loaded_ && was_written_just_now(stamp.modified_ns)) return refresh(file.directory);
  file.stamp = stamp;
  changed_.push_back(path);
}

// One file after the other, so that of two panels with one id the first in name order lives.
void PanelFiles::next() {
  busy_ = true;
  while (!changed_.empty()) {
    const std::string path = std::move(changed_.back());
    changed_.pop_back();
    if (load_file(path, files_[path])) return;
  }
  busy_ = false;
  if (const auto done = std::exchange(on_loaded_, nullptr)) done();
  if (const auto directory = std::exchange(again_, {}); !directory.empty()) refresh(directory);
}

// Whether an answer will come.
bool PanelFiles::load_file(const std::string& path, File& file) {
  auto text = read_file(path);
  if (!text.ok()) {
    failed(path, file, {}, {std::move(text).take_error(), {}});
    return false;
  }
  if (nexus::sha256_hex(*text) == file.digest && panel_of(file) != nullptr) return false;
  panel::CreateRequest request{*text, {}, {}, owner_};
  request.default_id = id_from_name(path);
  request.may_replace = [weak = weak_from_this(), path](const std::string& id) {
    const auto self = weak.lock();
    return self && !self->belongs_to_another(path, id);
  };
  workspace_.create(std::move(request), [weak = weak_from_this(), path,
                                         text = std::move(text).take()](auto answer) {
    if (const auto self = weak.lock()) self->answered(path, text, std::move(answer));
  });
  return true;
}

void PanelFiles::answered(const std::string& path, std::string text,
                          std::variant<panel::Panel*, panel::CreateError> answer) {
  File& file = files_[path];
  if (const auto* error = std::get_if<panel::CreateError>(&answer)) {
    failed(path, file, std::move(text), *error);
  } else {
    file.digest = nexus::sha256_hex(text);
    loaded(path, file, **std::get_if<panel::Panel*>(&answer));
  }
  next();
}

void PanelFiles::loaded(const std::string& path, File& file, panel::Panel& live) {
  file.panel_id = live.id();
  faults_.clear(path);
  if (on_loaded_) return;
  report(path, live.warnings());
  spdlog::info("{} is panel {}, version {}", path, live.id(), live.version());
  live.report_source(name_of(path), live.warnings());
}

void PanelFiles::failed(const std::string& path, File& file, std::string text,
                        const panel::CreateError& error) {
  file.digest.clear();
  auto diagnostics = error.to_diagnostics();
  report(path, diagnostics);
  if (panel::Panel* const live = panel_of(file)) live->report_source(name_of(path), diagnostics);
  const std::string from_name = id_from_name(path);
  std::string id = panel::id_of_document(text, from_name.empty() ? name_of(path) : from_name);
  faults_.set(path, {std::move(id), owner_, name_of(path), std::move(text), std::move(diagnostics)});
}

// A file that was renamed takes its panel along.
bool PanelFiles::belongs_to_another(const std::string& path, const std::string& panel_id) {
  return std::any_of(files_.begin(), files_.end(), [&](const auto& entry) {
    return entry.first != path && entry.second.panel_id == panel_id && !entry.second.missing;
  });
}

panel::Panel* PanelFiles::panel_of(const File& file) const {
  panel::Panel* const live = file.panel_id.empty() ? nullptr : workspace_.find(file.panel_id);
  return live != nullptr && live->owner() == owner_ ? live : nullptr;
}

}  // namespace nexusd
