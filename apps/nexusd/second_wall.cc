#include "second_wall.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "landlock.h"
#include "system_calls.h"

namespace nexusd {
namespace {

namespace fs = std::filesystem;

// Read by getaddrinfo, by OpenSSL for trusted certificates, by the time zones of cron triggers, and for /metrics. Nothing
// here is a program's data or a password.
constexpr const char* kSystemFiles[] = {
    "/etc/resolv.conf", "/etc/hosts",           "/etc/nsswitch.conf",
    "/etc/host.conf",   "/etc/gai.conf",        "/etc/services",
    "/etc/ssl",         "/etc/ca-certificates", "/etc/localtime",
    "/etc/timezone",    "/usr/lib/ssl",         "/usr/share/ca-certificates",
    "/usr/share/zoneinfo", "/usr/local/share/ca-certificates", "/dev/null",
    "/dev/urandom",     "/proc/self",           "/sys/devices/system/cpu"};

std::string parent_of(const std::string& file) {
  const fs::path parent = fs::absolute(file).parent_path();
  return parent.string();
}

}  // namespace

WallPaths wall_paths(const Settings& settings) {
  WallPaths paths;
  paths.writable = {settings.data_dir, settings.cache_dir};
  if (!settings.record_dir.empty()) paths.writable.push_back(settings.record_dir);
  paths.readable.assign(std::begin(kSystemFiles), std::end(kSystemFiles));
  for (const std::string& directory : {settings.panels, settings.watch, settings.web})
    if (!directory.empty()) paths.readable.push_back(directory);
  // What is replaced while the server runs is another file of the same name: its directory is opened.
  for (const std::string& file : {settings.jwt_jwks_file, settings.config_file})
    if (!file.empty()) paths.readable.push_back(parent_of(file));
  std::error_code error;
  const fs::path resolver = fs::canonical("/etc/resolv.conf", error);
  if (!error && resolver.parent_path() != "/etc")
    paths.readable.push_back(resolver.parent_path().string());
  return paths;
}

void SecondWall::close_files(const WallPaths& paths) {
  no_new_privs_ = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  if (!no_new_privs_)
    return missing_.push_back(fmt::format("no_new_privs: {}", std::strerror(errno)));
  auto version = restrict_files(paths);
  if (version.ok())
    landlock_ = *version;
  else
    missing_.push_back("landlock: " + version.error().message);
}

void SecondWall::close_calls() {
  auto done = restrict_calls();
  seccomp_ = done.ok();
  if (!seccomp_) missing_.push_back("seccomp: " + done.error().message);
}

nexus::value::Object SecondWall::facts() const {
  nexus::value::List missing;
  for (const std::string& line : missing_) missing.emplace_back(line);
  return {{"noNewPrivs", no_new_privs_},
          {"landlock", landlock_},
          {"seccomp", seccomp_},
          {"missing", std::move(missing)}};
}

}  // namespace nexusd
