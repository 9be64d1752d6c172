#include "reload.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "authentication.h"
#include "server_options.h"

namespace nexusd {
namespace {

std::string names(const std::vector<Change>& changes, bool reloadable) {
  std::string text;
  for (const Change& change : changes)
    if (change.reloadable == reloadable) text += fmt::format("{}{}", text.empty() ? "" : ", ", change.name);
  return text;
}

}  // namespace

Reloader::Reloader(nexus::loop::Loop& loop, nexus::server::Server& server, ReadSettings read,
                   Settings settings, std::unique_ptr<nexus::auth::Authenticator> authenticator)
    : loop_(loop),
      server_(server),
      read_(std::move(read)),
      settings_(std::move(settings)),
      authenticator_(std::move(authenticator)) {}

void Reloader::reload() {
  auto order = read_();
  if (!order.ok())
    return spdlog::error("SIGHUP: {}; nothing has changed", order.error().message);
  const auto& fresh = std::get<Settings>(*order);
  const auto changed = changes(settings_, fresh);
  if (const std::string waiting = names(changed, false); !waiting.empty())
    spdlog::warn("SIGHUP: {} changed and will be used from the next start on", waiting);
  prepare(take_reloadable(settings_, fresh));
}

// The keys first, since only they may be missing: until then everything stays as it is.
void Reloader::prepare(const Settings& settings) {
  auto started = [this, settings, count = ++count_](const nexus::Result<void>& keys) {
    std::optional<nexus::Error> error;
    if (!keys.ok()) error = keys.error();
    // Not from inside the authenticator.
    loop_.post([this, settings, count, error = std::move(error)] {
      if (count != count_) return;
      if (!error) return take_over(settings);
      spdlog::error("SIGHUP: JWT_JWKS_URL: {}; nothing has changed", error->message);
      next_.reset();
    });
  };
  auto made = make_authenticator(loop_, settings, std::move(started));
  if (!made.ok()) return spdlog::error("SIGHUP: {}; nothing has changed", made.error().message);
  next_ = std::move(made).take();
  if (!next_) take_over(settings);
}

void Reloader::take_over(const Settings& settings) {
  auto options = make_server_options(settings);
  options.access.authenticator = next_.get();
  if (const auto done = server_.reload(options); !done.ok()) {
    next_.reset();
    return spdlog::error("SIGHUP: {}; nothing has changed", done.error().message);
  }
  authenticator_ = std::move(next_);
  const std::string changed = names(changes(settings_, settings), true);
  settings_ = settings;
  spdlog::set_level(spdlog::level::from_str(settings_.log_level));
  spdlog::info("SIGHUP: settings and keys are read anew; changed: {}", changed.empty() ? "none" : changed);
}

}  // namespace nexusd
