#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>

#include "nexus/base/check.h"
#include "nexus/storage/fault_vfs_internal.h"

namespace nexus::storage {
namespace {

constexpr std::size_t kBlock = 512;  // what a disk writes whole

struct File {
  sqlite3_file base;
  FaultVfs* owner;
  std::string* path;
  sqlite3_file* real;  // behind this struct
};

FaultVfs* owner_of(sqlite3_vfs* vfs) { return static_cast<FaultVfs*>(vfs->pAppData); }
sqlite3_vfs* system_vfs() { return sqlite3_vfs_find("unix"); }
File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return of(file)->real; }

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

int close_file(sqlite3_file* file) {
  const int code = real(file)->pMethods->xClose(real(file));
  delete of(file)->path;
  return code;
}

int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  if (const int code = of(file)->owner->before_write(at + size); code != 0) return code;
  return real(file)->pMethods->xWrite(real(file), bytes, size, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = of(file)->owner->before_write(0); code != 0) return code;
  return real(file)->pMethods->xTruncate(real(file), size);
}

// The system's own sync is left out: the machine does not lose power, and the tests are quicker.
int sync_file(sqlite3_file* file, int) {
  if (const int code = of(file)->owner->before_sync(); code != 0) return code;
  of(file)->owner->synced(*of(file)->path);
  return SQLITE_OK;
}

// Version 2: with shared memory for the log's index, without memory mapping.
const sqlite3_io_methods kMethods = {
    2, close_file,
    [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      return real(f)->pMethods->xRead(real(f), to, size, at);
    },
    write_file, truncate_file, sync_file,
    [](sqlite3_file* f, sqlite3_int64* size) {
      return real(f)->pMethods->xFileSize(real(f), size);
    },
    [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); },
    [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); },
    [](sqlite3_file* f, int* held) { return real(f)->pMethods->xCheckReservedLock(real(f), held); },
    [](sqlite3_file* f, int what, void* arg) {
      return real(f)->pMethods->xFileControl(real(f), what, arg);
    },
    [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    // Nothing is promised about what survives a power cut.
    [](sqlite3_file*) { return 0; },
    [](sqlite3_file* f, int region, int size, int extend, void volatile** at) {
      return real(f)->pMethods->xShmMap(real(f), region, size, extend, at);
    },
    [](sqlite3_file* f, int offset, int n, int flags) {
      return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
    },
    [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
    nullptr, nullptr};

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  File* const opened = of(file);
  *opened = {{nullptr}, owner_of(vfs), nullptr, reinterpret_cast<sqlite3_file*>(opened + 1)};
  if (path != nullptr) opened->owner->opened(path);
  const int code = system_vfs()->xOpen(system_vfs(), path, opened->real, flags, out_flags);
  if (code != SQLITE_OK) return code;
  opened->path = new std::string(path == nullptr ? "" : path);
  opened->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  if (const int code = owner_of(vfs)->before_write(0); code != 0) return code;
  owner_of(vfs)->removed(path);
  return system_vfs()->xDelete(system_vfs(), path, sync_directory);
}

// What the disk has of a file with content `now`, of which `durable` was synced.
std::string survive(const std::string& now, const std::string& durable, std::mt19937& random) {
  std::string disk = durable;
  for (std::size_t at = 0; at < now.size(); at += kBlock) {
    const std::string block = now.substr(at, kBlock);
    if (random() % 2 == 0 ||
        durable.compare(std::min(at, durable.size()), block.size(), block) == 0)
      continue;
    if (disk.size() < at + block.size()) disk.resize(at + block.size());
    disk.replace(at, block.size(), block);
  }
  return disk;
}

}  // namespace

FaultVfs::FaultVfs() : vfs_(new sqlite3_vfs(*system_vfs())) {
  vfs_->szOsFile = static_cast<int>(sizeof(File)) + system_vfs()->szOsFile;
  vfs_->zName = name();
  vfs_->pAppData = this;
  vfs_->xOpen = open_file;
  vfs_->xDelete = delete_file;
  // The others take the VFS only for what is global.
  NX_CHECK(sqlite3_vfs_register(vfs_, 0) == SQLITE_OK);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(vfs_);
  delete vfs_;
}

void FaultVfs::fail_writes(int code) {
  const std::lock_guard lock(mutex_);
  write_code_ = code;
}

void FaultVfs::fail_syncs(int code) {
  const std::lock_guard lock(mutex_);
  sync_code_ = code;
}

void FaultVfs::cut_power(std::mt19937& random) {
  const std::lock_guard lock(mutex_);
  write_code_ = SQLITE_IOERR_WRITE;
  sync_code_ = SQLITE_IOERR_FSYNC;
  for (const auto& [path, durable] : durable_)
    after_cut_[path] = survive(content(path), durable, random);
}

void FaultVfs::power_up() {
  const std::lock_guard lock(mutex_);
  write_code_ = 0;
  sync_code_ = 0;
  for (const auto& [path, disk] : after_cut_) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << disk;
    std::filesystem::remove(path + "-shm");
  }
  durable_ = std::move(after_cut_);
  after_cut_.clear();
}

std::uint64_t FaultVfs::syncs() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

void FaultVfs::limit_files(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
}

int FaultVfs::before_write(std::int64_t end) {
  const std::lock_guard lock(mutex_);
  if (write_code_ != 0) return write_code_;
  return limit_ > 0 && end > limit_ ? SQLITE_FULL : SQLITE_OK;
}

int FaultVfs::before_sync() {
  const std::lock_guard lock(mutex_);
  return sync_code_;
}

void FaultVfs::opened(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!durable_.contains(path)) durable_[path] = content(path);
}

void FaultVfs::synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  ++syncs_;
  if (sync_code_ == 0) durable_[path] = content(path);
}

void FaultVfs::removed(const std::string& path) {
  const std::lock_guard lock(mutex_);
  durable_.erase(path);
}

}  // namespace nexus::storage
