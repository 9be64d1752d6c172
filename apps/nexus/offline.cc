#include "offline.h"

namespace nexus::cli {

Result<std::unique_ptr<Offline>> Offline::create(const std::vector<std::string>& private_hosts) {
  auto offline = std::make_unique<Offline>();
  engine::Options options;
  options.min_instances = 1;
  NX_TRY(offline->engine, engine::Engine::create(options));
  offline->loop = loop::Loop::create();
  offline->extensions = std::make_unique<extension::Registry>();
  offline->extensions->add(extension::make_time_extension(*offline->loop, Clock::system()));
  offline->extensions->add(extension::make_kv_extension(
      *offline->loop, extension::make_volatile_kv_backend(*offline->loop)));
  offline->extensions->add(extension::make_approval_extension(*offline->loop, Clock::system()));
  extension::HttpOptions http;
  http.private_hosts = private_hosts;
  NX_TRY(auto http_extension, extension::make_http_extension(*offline->loop, http));
  offline->extensions->add(std::move(http_extension));
  offline->executor = loop::ThreadPool::create(
      1, 1000, []() -> std::shared_ptr<void> { return std::make_shared<sandbox::ThreadScope>(); });
  return offline;
}

}  // namespace nexus::cli
