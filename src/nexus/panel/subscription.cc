#include "nexus/panel/subscription.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "nexus/base/closest.h"

namespace nexus::panel {
namespace {

constexpr std::array<std::string_view, kTopicCount> kTopicNames = {"state", "events", "view"};
constexpr std::size_t kMaxShownBytes = 64;

Error unknown_key(const std::string& key, const std::vector<std::string>& declared) {
  std::string message =
      fmt::format("the panel's state has no key '{}'", key.substr(0, kMaxShownBytes));
  const std::vector<std::string_view> names(declared.begin(), declared.end());
  if (const auto near = closest(key, names); !near.empty())
    message += fmt::format("; did you mean '{}'?", near);
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

}  // namespace

std::string_view to_string(Topic topic) { return kTopicNames[static_cast<std::size_t>(topic)]; }

std::optional<Topic> parse_topic(std::string_view name) {
  const auto found = std::find(kTopicNames.begin(), kTopicNames.end(), name);
  if (found == kTopicNames.end()) return std::nullopt;
  return static_cast<Topic>(found - kTopicNames.begin());
}

Result<void> Subscription::apply(const SubscriptionChange& change,
                                 const std::vector<std::string>& declared) {
  const bool subscribe = change.direction == SubscriptionChange::Direction::kSubscribe;
  Subscription next = *this;
  for (const std::string& key : change.keys) {
    if (key == kAllKeys) {
      next.all_keys_ = subscribe;
      next.keys_.clear();
      continue;
    }
    if (std::find(declared.begin(), declared.end(), key) == declared.end())
      return unknown_key(key, declared);
    // Whoever names keys first wants these and no others, or all but these.
    if (std::exchange(next.all_keys_, false) && !subscribe)
      next.keys_.insert(declared.begin(), declared.end());
    if (subscribe)
      next.keys_.insert(key);
    else
      next.keys_.erase(key);
  }
  for (const Topic topic : change.topics) next.topics_[static_cast<std::size_t>(topic)] = subscribe;
  *this = std::move(next);
  return {};
}

}  // namespace nexus::panel
