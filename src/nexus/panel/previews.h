#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/loop/loop.h"

namespace nexus::panel {

class LivePanel;

// The panels behind playgrounds. A page may be gone without a word, so each lives while a client is attached and a
// grace period longer; and since every keystroke may make one, an owner can have only so many. Loop thread only.
class Previews {
 public:
  static constexpr std::size_t kMaxPerOwner = 8;
  static constexpr std::size_t kMax = 64;

  // `end` is asked to destroy a panel, and may be asked again while that takes time. Called from the loop only, and
  // from make_room().
  Previews(loop::Loop& loop, std::chrono::milliseconds grace,
           std::function<void(const std::string& id)> end);

  void add(const std::shared_ptr<LivePanel>& panel);
  bool contains(std::string_view id) const;

  // Ends the owner's oldest previews that nobody looks at, as many as it takes for one more. False when all are
  // looked at.
  bool make_room(std::string_view owner);

 private:
  struct Entry {
    std::weak_ptr<LivePanel> panel;
    bool unattended = false;  // had no client at the last look
  };

  void forget_ended();
  void look_later();
  void look();

  loop::Loop& loop_;
  const std::chrono::milliseconds grace_;
  const std::function<void(const std::string& id)> end_;
  std::vector<Entry> entries_;  // in order of creation
  std::unique_ptr<loop::Timer> timer_;  // set while there are entries
};

}  // namespace nexus::panel
