#include "nexus/server/listener.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

namespace nexus::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

// When the process is out of descriptors, accepting again at once would only spin.
constexpr std::chrono::milliseconds kRetryAccept{100};

Result<asio::ip::address> parse_address(const std::string& host) {
  if (host == "localhost") return asio::ip::address(asio::ip::address_v4::loopback());
  std::string bare = host;
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']')
    bare = bare.substr(1, bare.size() - 2);
  error_code error;
  asio::ip::address address = asio::ip::make_address(bare, error);
  if (!error) return address;
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("HOST is '{}'; give a numeric address such as 127.0.0.1 or 0.0.0.0", host)};
}

// Shared with the pending accept, which may complete after the Listener's end.
class Accepting : public std::enable_shared_from_this<Accepting> {
 public:
  Accepting(loop::Loop& loop, std::function<void(OwnedSocket)> accepted)
      : acceptor(loop.context().get_executor()), loop_(loop), accepted_(std::move(accepted)) {}

  void accept_next() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, Socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }

  Acceptor acceptor;

 private:
  void on_accept(const error_code& error, Socket socket) {
    if (!acceptor.is_open()) return;
    if (error) return on_failure(error);
    hand_over(std::move(socket));
    accept_next();
  }

  // A connection that was reset while it waited concerns nobody; anything else passes with time.
  void on_failure(const error_code& error) {
    if (error == asio::error::connection_aborted) return accept_next();
    spdlog::warn("cannot accept connections for now: {}", error.message());
    retry_ = loop_.after(kRetryAccept, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->acceptor.is_open()) self->accept_next();
    });
  }

  void hand_over(Socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const tcp::endpoint local = socket.local_endpoint(ignored);
    const int descriptor = socket.release(ignored);
    accepted_(OwnedSocket(descriptor, local.address().is_v6() ? Family::kV6 : Family::kV4));
  }

  loop::Loop& loop_;
  const std::function<void(OwnedSocket)> accepted_;
  std::unique_ptr<loop::Timer> retry_;
};

class AsioListener final : public Listener {
 public:
  explicit AsioListener(std::shared_ptr<Accepting> accepting) : accepting_(std::move(accepting)) {
    error_code ignored;
    port_ = accepting_->acceptor.local_endpoint(ignored).port();
    accepting_->accept_next();
  }
  ~AsioListener() override {
    error_code ignored;
    accepting_->acceptor.close(ignored);
  }
  AsioListener(const AsioListener&) = delete;
  AsioListener& operator=(const AsioListener&) = delete;

  std::uint16_t port() const override { return port_; }

 private:
  const std::shared_ptr<Accepting> accepting_;
  std::uint16_t port_ = 0;
};

error_code bind_and_listen(Acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  // So that a restart need not wait for the last connections' TIME_WAIT.
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

}  // namespace

Result<Bound> classify_bind_address(const std::string& host) {
  NX_TRY(const asio::ip::address address, parse_address(host));
  return address.is_loopback() ? Bound::kLoopback : Bound::kOutside;
}

Result<std::unique_ptr<Listener>> Listener::open(loop::Loop& loop, const std::string& host,
                                                 std::uint16_t port, const std::string& setting,
                                                 std::function<void(OwnedSocket)> accepted) {
  NX_TRY(const asio::ip::address address, parse_address(host));
  auto accepting = std::make_shared<Accepting>(loop, std::move(accepted));
  if (const error_code error = bind_and_listen(accepting->acceptor, {address, port})) {
    const std::string why = error == asio::error::address_in_use
                                ? "it is in use; stop the other program or choose another port"
                                : error.message();
    return Error{ErrorCode::kUnavailable,
                 fmt::format("cannot listen on {} port {} ({}): {}", host, port, setting, why)};
  }
  return std::unique_ptr<Listener>(std::make_unique<AsioListener>(std::move(accepting)));
}

}  // namespace nexus::server
