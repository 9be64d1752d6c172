#pragma once

#include <cstddef>
#include <utility>

namespace nexus::server {

// How much is read from a peer that is told why its connection ends, before it is cut. With bytes
// unread a close is a reset, which may overtake what was sent last (RFC 9112 section 9.6).
inline constexpr std::size_t kMaxLingerBytes = 4u << 20;

enum class Family { kV4, kV6 };

// A connected TCP socket on its way from the acceptor to a session, or from one kind of session to
// the other; closed when nobody took it. Any thread.
class OwnedSocket {
 public:
  OwnedSocket(int descriptor, Family family) : descriptor_(descriptor), family_(family) {}
  ~OwnedSocket();
  OwnedSocket(OwnedSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), family_(other.family_) {}
  OwnedSocket& operator=(OwnedSocket&&) = delete;

  Family family() const { return family_; }
  // The descriptor; the caller closes it from now on.
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
  Family family_;
};

}  // namespace nexus::server
