#pragma once

#include <functional>
#include <memory>

#include "nexus/auth/authenticator.h"
#include "nexus/loop/loop.h"
#include "nexus/server/server.h"
#include "settings.h"

namespace nexusd {

// Reads the settings anew and takes over what may change while the server runs (docs/CONFIG.md, "Reload"). The log says
// what has changed, what waits for the next start, and what cannot be used; then nothing changes. Lives on the loop.
class Reloader {
 public:
  using ReadSettings = std::function<nexus::Result<Order>()>;

  // `authenticator` is the server's, nullptr without authentication; `server` and `loop` outlive it.
  Reloader(nexus::loop::Loop& loop, nexus::server::Server& server, ReadSettings read, Settings settings,
           std::unique_ptr<nexus::auth::Authenticator> authenticator);

  void reload();

 private:
  void prepare(const Settings& settings);
  void take_over(const Settings& settings);

  nexus::loop::Loop& loop_;
  nexus::server::Server& server_;
  const ReadSettings read_;
  Settings settings_;
  std::unique_ptr<nexus::auth::Authenticator> authenticator_;
  std::unique_ptr<nexus::auth::Authenticator> next_;  // until its keys are there
  std::uint64_t count_ = 0;                           // of reloads: only the latest is finished
};

}  // namespace nexusd
