#include "nexus/panel/audience.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "nexus/panel/messages.h"

namespace nexus::panel {
namespace {

using Member = Audience::Member;
using Members = std::vector<std::shared_ptr<Member>>;

Members::const_iterator find_in(const Members& members, const Client* client) {
  return std::find_if(members.begin(), members.end(),
                      [&](const auto& member) { return member->client == client; });
}

}  // namespace

Frame PatchSelections::find(const Subscription& wanted) {
  if (!wanted.has(Topic::kState)) return nullptr;
  // What most clients want, found without building a list for each.
  if (patch_ == nullptr || wanted.has_all_keys()) return patch_;
  const auto& parts = patch_->parts()->parts;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (wanted.has_key(parts[i].key)) chosen.push_back(i);
  if (chosen.empty()) return nullptr;
  for (const auto& [made, frame] : made_)
    if (made == chosen) return frame;
  Frame frame = encode_selection(patch_, chosen);
  made_.emplace_back(std::move(chosen), frame);
  return frame;
}

void Audience::expect(Client* client) {
  if (!expects(client)) expected_.push_back(std::make_shared<Member>(Member{client, {}, {}}));
}

bool Audience::expects(const Client* client) const {
  return find_in(expected_, client) != expected_.end();
}

void Audience::attach(Client* client) {
  const auto found = find_in(expected_, client);
  if (found == expected_.end()) return;
  members_.push_back(*found);
  expected_.erase(found);
  ++size_;
}

void Audience::suspend(Client* client) {
  const auto found = find_in(members_, client);
  if (found == members_.end()) return;
  const Subscription& requested = (*found)->requested;
  expected_.push_back(std::make_shared<Member>(Member{client, requested, requested}));
  forget(client);
}

void Audience::detach(Client* client) {
  const auto found = find_in(expected_, client);
  if (found == expected_.end()) return forget(client);
  (*found)->client = nullptr;
  expected_.erase(found);
}

void Audience::forget(const Client* client) {
  const auto found = find_in(members_, client);
  if (found == members_.end()) return;
  (*found)->client = nullptr;
  --size_;
  if (walking_ == 0) members_.erase(found);
}

std::shared_ptr<Audience::Member> Audience::find(const Client* client) const {
  for (const Members* members : {&members_, &expected_})
    if (const auto found = find_in(*members, client); found != members->end()) return *found;
  return nullptr;
}

bool Audience::takes(bool patches) const {
  const auto does = [&](const auto& member) {
    return member->client != nullptr && member->client->takes_patches() == patches;
  };
  return std::any_of(members_.begin(), members_.end(), does) ||
         std::any_of(expected_.begin(), expected_.end(), does);
}

void Audience::send(const Frame& frame) {
  for_each([&](const Member& member) { member.client->send(frame); });
}

void Audience::send(Topic topic, const Frame& frame) {
  for_each([&](const Member& member) {
    if (member.wanted.has(topic)) member.client->send(frame);
  });
}

std::size_t Audience::send_patch(const Frame& whole, const Frame& patches) {
  if (whole == nullptr && patches == nullptr) return 0;
  PatchSelections of_whole(whole), of_patches(patches);
  for_each([&](const Member& member) {
    PatchSelections& form = member.client->takes_patches() ? of_patches : of_whole;
    if (const Frame frame = form.find(member.wanted)) member.client->send(frame);
  });
  return of_whole.made() + of_patches.made();
}

void Audience::close_all(std::uint16_t code, std::string_view reason) {
  while (!empty()) {
    const auto expected = expected_;
    for (const auto& member : expected)
      if (member->client != nullptr) attach(member->client);
    for_each([&](const Member& member) {
      Client* const client = member.client;
      detach(client);
      client->close(code, reason);
    });
  }
}

// By position and with a fixed end: what is visited may attach and detach.
template <typename Visit>
void Audience::for_each(const Visit& visit) {
  ++walking_;
  const std::size_t end = members_.size();
  for (std::size_t i = 0; i < end; ++i) {
    const std::shared_ptr<Member> member = members_[i];
    if (member->client != nullptr) visit(*member);
  }
  if (--walking_ == 0 && members_.size() != size_)
    std::erase_if(members_, [](const auto& member) { return member->client == nullptr; });
}

}  // namespace nexus::panel
