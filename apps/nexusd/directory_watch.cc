#include "directory_watch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace nexusd {
namespace {

// Not IN_MODIFY: a file is of interest when its writer has closed it.
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                  IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
// How often a directory that went away is looked for.
constexpr std::chrono::milliseconds kRetryTime{1000};

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

nexus::Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::start(
    nexus::loop::Loop& loop, std::string directory, std::function<void()> on_change) {
  const auto refuse = [&directory] {
    return nexus::Error{
        nexus::ErrorCode::kInvalidArgument,
        fmt::format("WATCH_DIR (--watch): \"{}\" cannot be watched: {}", directory, reason())};
  };
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return refuse();
  std::unique_ptr<DirectoryWatch> watch(
      new DirectoryWatch(loop, descriptor, directory, std::move(on_change)));
  if (!watch->add()) return refuse();
  watch->read();
  return watch;
}

DirectoryWatch::DirectoryWatch(nexus::loop::Loop& loop, int descriptor, std::string directory,
                               std::function<void()> on_change)
    : loop_(loop),
      directory_(std::move(directory)),
      on_change_(std::move(on_change)),
      descriptor_(loop.context(), descriptor) {}

bool DirectoryWatch::add() {
  return inotify_add_watch(descriptor_.native_handle(), directory_.c_str(),
                           kEvents | IN_ONLYDIR) >= 0;
}

void DirectoryWatch::read() {
  descriptor_.async_read_some(boost::asio::buffer(events_),
                              [this](const boost::system::error_code& error, std::size_t bytes) {
                                if (error) return;
                                if (directory_is_gone(bytes)) {
                                  spdlog::warn("directory {} is gone; waiting for it to come back",
                                               directory_);
                                  add_later();
                                }
                                on_change_();
                                read();
                              });
}

// What each event says of its file does not matter: any of them may stand for many, and the files
// themselves say what changed.
bool DirectoryWatch::directory_is_gone(std::size_t bytes) const {
  for (std::size_t at = 0; at + sizeof(inotify_event) <= bytes;) {
    inotify_event event;
    std::memcpy(&event, events_.data() + at, sizeof event);
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) return true;
    at += sizeof event + event.len;
  }
  return false;
}

void DirectoryWatch::add_later() {
  retry_ = loop_.after(kRetryTime, [this] {
    if (!add()) return add_later();
    spdlog::info("directory {} is back", directory_);
    on_change_();
  });
}

}  // namespace nexusd
