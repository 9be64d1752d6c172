#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "nexus/base/result.h"

namespace nexus::server {

// One file of the browser client. Frozen.
struct Asset {
  std::shared_ptr<const std::string> bytes;
  std::string content_type;
  std::string etag;  // a hash of the bytes, quoted
};

// The files of the browser client, by path below their root ("index.html", "assets/nexus.css").
class Assets {
 public:
  virtual ~Assets() = default;
  // nullptr when there is none. Lives as long as the Assets. Any thread.
  virtual const Asset* find(std::string_view path) const = 0;
};

// Reads every regular file below `directory` into memory, once: requests then never touch the disk,
// and a path a client chose is only ever looked up in a map. Files whose type is unknown are left
// out. Errors: kInvalidArgument when the directory, its index.html or its panel.html is missing, or
// when it holds more than 1000 files or 32 MiB.
Result<std::unique_ptr<Assets>> load_assets(const std::string& directory);

}  // namespace nexus::server
