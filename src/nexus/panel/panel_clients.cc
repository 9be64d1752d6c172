// What the clients of a panel are told, from when they come.
#include <algorithm>

#include "nexus/panel/messages.h"
#include "nexus/panel/panel.h"

namespace nexus::panel {

Frame LivePanel::connected_frame() {
  if (connected_ == nullptr)
    connected_ = encode_connected(record_.id, state_->version(), record_.epoch, state_json());
  return connected_;
}

void LivePanel::attach(Client* client, const std::optional<SeenUpTo>& seen) {
  audience_.expect(client);
  if (!seen || seen->epoch != record_.epoch) return send_state(client);
  journal_->after(
      [self = weak_from_this(), client, version = seen->version](const Result<void>& stored) {
        const auto panel = self.lock();
        if (panel && stored.ok()) panel->catch_up(client, version);
      });
}

// The state may be ahead of the store: the client gets it when it no longer is.
void LivePanel::send_state(Client* client) {
  journal_->after(
      [self = weak_from_this(), client, frame = connected_frame()](const Result<void>& stored) {
        if (const auto panel = self.lock()) panel->admit_client(client, frame, stored.ok());
      });
}

// When the state could not be stored, the client waits for what it is instead.
void LivePanel::admit_client(Client* client, const Frame& connected, bool stored) {
  if (!audience_.expects(client) || !stored) return;
  const bool hears = audience_.find(client)->wanted.has(Topic::kEvents);
  audience_.attach(client);
  client->send(connected);
  if (source_errors_ && hears) client->send(encode_event(version(), *source_errors_));
}

void LivePanel::detach(Client* client) {
  audience_.detach(client);
  if (audience_.empty()) connected_ = nullptr;
}

// What is under way to the store was encoded for, and is told to, those who wanted it then. So the
// change takes its place behind it, and the values of newly wanted keys are those of this moment.
Result<void> LivePanel::subscribe(Client* client, const SubscriptionChange& change) {
  const auto member = audience_.find(client);
  NX_CHECK(member != nullptr);
  const Subscription before = member->requested;
  const std::vector<std::string> declared = declared_keys();
  NX_TRY_VOID(member->requested.apply(change, declared));
  const Subscription next = member->requested;
  if (audience_.expects(client)) {
    // CONNECTED, with all that is missing, is still to come.
    member->wanted = next;
    return {};
  }
  std::vector<std::string> fresh;
  for (const std::string& key : declared)
    if (!before.wants(key) && next.wants(key)) fresh.push_back(key);
  journal_->after(
      [self = weak_from_this(), weak = std::weak_ptr(member), next,
       frame = snapshot_of(fresh, client->takes_patches())](const Result<void>& stored) {
        const auto panel = self.lock();
        const auto waiting = weak.lock();
        if (!panel || !waiting || waiting->client == nullptr) return;
        // The values may be of a state that is lost: the client gets what it is instead.
        if (!stored.ok()) return panel->audience_.suspend(waiting->client);
        waiting->wanted = next;
        if (frame != nullptr) waiting->client->send(frame);
      });
  return {};
}

std::vector<std::string> LivePanel::declared_keys() const {
  std::vector<std::string> keys;
  for (const auto& state : program_->document->states) keys.push_back(state.name);
  for (const auto& computed : program_->document->computed) keys.push_back(computed.name);
  return keys;
}

Frame LivePanel::snapshot_of(const std::vector<std::string>& keys, bool patches) const {
  if (keys.empty()) return nullptr;
  std::vector<engine::Mutation> values;
  for (const std::string& key : keys) {
    const value::Value* const held = state_->get(key);
    values.push_back({engine::Mutation::Operation::kSet, key, held ? *held : value::Value(), {}});
    // Set first, since JSON Patch removes only what is there.
    if (held == nullptr) values.push_back({engine::Mutation::Operation::kDelete, key, {}, {}});
  }
  const auto now = unix_ms(host_.clock.wall());
  return patches ? encode_patch(state_->version(), values, now)
                 : encode_mutations(state_->version(), values, *state_, now);
}

void LivePanel::read_state(std::function<void(Result<StateAnswer>)> done) {
  journal_->after([done = std::move(done),
                   answer = StateAnswer{record_.epoch, state_->version(), state_json()}](
                      const Result<void>& stored) {
    if (stored.ok()) return done(StateAnswer(answer));
    done(Error(stored.error()));
  });
}

}  // namespace nexus::panel
