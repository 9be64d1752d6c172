#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "nexus/base/result.h"
#include "nexus/loop/loop.h"
#include "nexus/storage/store.h"

namespace nexus::panel {

// What one panel has done and the store has not confirmed yet (design.md D7). The panel goes on
// with its next segment meanwhile; whatever tells others of a change is released here, in order,
// once the change is stored. Loop thread only.
class Journal : public std::enable_shared_from_this<Journal> {
 public:
  using Write = std::function<void(storage::Done)>;
  // Called once: with success, or with why the change, or one before it, was not stored.
  using Released = std::function<void(const Result<void>&)>;

  // `store` is nullptr for a panel that is not stored: everything is then released at once.
  // `on_settled` is called whenever something was released, and by fail(). With a failure and
  // nothing waiting, what the panel has in memory is ahead of the store.
  Journal(loop::Loop& loop, storage::Store* store, std::function<void()> on_settled)
      : loop_(loop), store_(store), on_settled_(std::move(on_settled)) {}

  bool stores() const { return store_ != nullptr; }

  // Starts a write, which hands its storage::Done to the store.
  void write(const Write& start, Released released);
  void commit(storage::Transaction transaction, Released released);
  // Released when everything before is: inside this call, when there is nothing.
  void after(Released released);

  std::size_t waiting() const { return entries_.size(); }
  // Set from the first write that failed until recovered(): what is written meanwhile fails too.
  const std::optional<Error>& failure() const { return failure_; }
  // Lets a write fail that was acknowledged before; see StoreOptions::on_lost.
  void fail(Error error);
  void recovered() { failure_.reset(); }
  // The panel is going: what was not released yet is answered with `error`.
  void abandon(Error error);

 private:
  struct Entry {
    Released released;
    bool over = false;
    std::optional<Error> error = {};
  };

  void settle(std::uint64_t number, std::optional<Error> error);
  void release();

  loop::Loop& loop_;
  storage::Store* const store_;
  std::function<void()> on_settled_;  // empty once abandoned
  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;  // number of the entry in front
  bool releasing_ = false;
  std::optional<Error> failure_;
};

}  // namespace nexus::panel
