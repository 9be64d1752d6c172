#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"

// Credentials of the operator that handlers use by name and never see.
namespace nexus::extension {

struct HttpSecret {
  std::string name;
  std::string value;                    // as it stands in a header
  std::vector<std::string> origins;     // the only ones it is sent to; parse_origin()
  std::vector<std::string> workspaces;  // whose panels may use it; "*" is all
};

// Frozen; any thread.
class HttpSecrets {
 public:
  HttpSecrets() = default;
  // Error kInvalidArgument names the secret and what is wrong, never its value.
  static Result<HttpSecrets> create(std::vector<HttpSecret> secrets);

  // Error kPermissionDenied when there is none of that name for the workspace: the caller does not
  // learn which of the two it is.
  Result<std::shared_ptr<const HttpSecret>> find(const std::string& name,
                                                 std::string_view workspace) const;

 private:
  std::map<std::string, std::shared_ptr<const HttpSecret>, std::less<>> secrets_;
};

// Replaces what a server sends back of a secret, as it is or escaped in JSON, by "[secret NAME]". No
// defence against a server that encodes it otherwise: do not list such an origin.
void redact(const HttpSecret& secret, std::string& text);

}  // namespace nexus::extension
