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

void SessionSet::hurry_all() { for_each(&Session::hurry); }

void SessionSet::abort_all() { for_each(&Session::abort); }

std::size_t SocketCounts::of(const std::string& panel) const {
  const auto found = counts_.find(panel);
  return found == counts_.end() ? 0 : found->second;
}

void SocketCounts::remove(const std::string& panel) {
  const auto found = counts_.find(panel);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

void SessionSet::for_each(void (Session::*action)()) {
  std::vector<std::shared_ptr<Session>> copy;  // the action removes sessions from the set
  copy.reserve(sessions_.size());
  for (const auto& [key, session] : sessions_) copy.push_back(session);
  for (const auto& session : copy) (session.get()->*action)();
}

}  // namespace nexus::server
