#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"

// What a WebSocket client hears of a panel; docs/PROTOCOL.md, "SUBSCRIBE". Pure.
namespace nexus::panel {

// PATCH, EVENT and VIEW.
enum class Topic { kState, kEvents, kView };
inline constexpr std::size_t kTopicCount = 3;

std::string_view to_string(Topic topic);
// Nothing when there is no such topic.
std::optional<Topic> parse_topic(std::string_view name);

// Stands for all keys in a list of keys.
inline constexpr std::string_view kAllKeys = "*";

struct SubscriptionChange {
  enum class Direction { kSubscribe, kUnsubscribe };
  Direction direction = Direction::kSubscribe;
  std::vector<Topic> topics;
  std::vector<std::string> keys;  // of the state, or kAllKeys
};

class Subscription {
 public:
  bool has(Topic topic) const { return topics_[static_cast<std::size_t>(topic)]; }
  bool has_key(std::string_view key) const { return all_keys_ || keys_.contains(key); }
  // Whether a change of this key is to be sent.
  bool wants(std::string_view key) const { return has(Topic::kState) && has_key(key); }
  bool has_all_keys() const { return all_keys_; }

  // `declared` are the keys of the panel's state. Error kInvalidArgument for another key; nothing
  // has changed then.
  Result<void> apply(const SubscriptionChange& change, const std::vector<std::string>& declared);

 private:
  bool topics_[kTopicCount] = {true, true, true};
  bool all_keys_ = true;
  std::set<std::string, std::less<>> keys_;  // unless it is all of them
};

}  // namespace nexus::panel
