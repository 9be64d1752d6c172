#pragma once

#include <variant>

#include "nexus/server/context.h"
#include "nexus/server/reply.h"
#include "nexus/server/request.h"

namespace nexus::server {

// Decides from the header alone whether a request may go on, so that nothing is read or done for
// one that may not. Answers the Request, without its body, or the Reply that refuses it or, for
// OPTIONS, serves it. Who sends it, and whether a panel it names exists for them, is not asked here.
std::variant<Request, Reply> admit(const Context& context, Port port, const Head& head);

// The CORS fields that let a listed foreign page read an answer; none for other pages.
void add_cors_fields(const Context& context, std::string_view origin, Reply& reply);

}  // namespace nexus::server
