#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>

struct sqlite3_vfs;

namespace nexus::storage {

// The system's files for SQLite, with a disk that fails on demand. It knows what a sync has made
// durable, so that a power cut can take the rest. Tests only; one at a time; any thread.
class FaultVfs {
 public:
  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  static const char* name() { return "nexus-fault"; }

  // From now on each write, or sync, fails with this SQLite code; 0 ends it.
  void fail_writes(int code);
  void fail_syncs(int code);

  // Files cannot grow past this many bytes; 0 ends it.
  void limit_files(std::int64_t bytes);

  // The power goes: nothing works any more. Of each block that was written and not synced, `random`
  // decides whether the disk has it.
  void cut_power(std::mt19937& random);
  // Puts what the disk has in place of the files; after everything that used them is closed.
  void power_up();

  std::uint64_t syncs() const;

  // For the functions SQLite calls.
  int before_write(std::int64_t end);  // of the bytes in the file
  int before_sync();
  void opened(const std::string& path);
  void synced(const std::string& path);
  void removed(const std::string& path);

 private:
  mutable std::mutex mutex_;
  int write_code_ = 0;
  int sync_code_ = 0;
  std::int64_t limit_ = 0;
  std::uint64_t syncs_ = 0;
  std::map<std::string, std::string>
      durable_;  // path -> content as of its last sync, or of its opening
  std::map<std::string, std::string> after_cut_;
  sqlite3_vfs* const vfs_;
};

}  // namespace nexus::storage
