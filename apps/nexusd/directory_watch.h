#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "nexus/base/result.h"
#include "nexus/loop/loop.h"

namespace nexusd {

// Tells when an entry of a directory was written, made, renamed or removed (inotify). Lives on the
// loop.
class DirectoryWatch {
 public:
  // `on_change` is called for any number of changes at once, also for changes that turn out to be
  // none. Error kInvalidArgument when the directory cannot be watched.
  static nexus::Result<std::unique_ptr<DirectoryWatch>> start(nexus::loop::Loop& loop,
                                                              std::string directory,
                                                              std::function<void()> on_change);

 private:
  DirectoryWatch(nexus::loop::Loop& loop, int descriptor, std::string directory,
                 std::function<void()> on_change);

  bool add();
  void read();
  bool directory_is_gone(std::size_t bytes) const;
  void add_later();

  nexus::loop::Loop& loop_;
  const std::string directory_;
  const std::function<void()> on_change_;
  boost::asio::posix::stream_descriptor descriptor_;
  alignas(8) std::array<char, 4096> events_;  // whole ones, as inotify(7) writes them
  std::unique_ptr<nexus::loop::Timer> retry_;
};

}  // namespace nexusd
