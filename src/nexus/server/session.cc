#include "nexus/server/session.h"

#include <utility>
#include <vector>

namespace nexus::server {

void SessionSet::add(std::shared_ptr<Session> session) {
  Session* const key = session.get();
  sessions_.emplace(key, std::move(session));
}

void SessionSet::remove(Session* session) {
  if (sessions_.erase(session) == 0 || !sessions_.empty()) return;
  if (const auto task = std::exchange(on_empty_, nullptr)) task();
}

void SessionSet::drain_all() { for_each(&Session::drain); }

void SessionSet::abort_all() { for_each(&Session::abort); }

void SessionSet::for_each(void (Session::*action)()) {
  std::vector<std::shared_ptr<Session>> copy;  // the action removes sessions from the set
  copy.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) copy.push_back(session);
  for (const auto& session : copy) (session.get()->*action)();
}

}  // namespace nexus::server
