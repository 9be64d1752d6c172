#pragma once

#include "nexus/base/result.h"
#include "nexus/nxml/ast.h"
#include "nexus/value/value.h"

namespace nexus::panel {

// Brings what a client sent to the arguments a tool declares, as the object that the handler reads
// from
// `$args`: an object is taken by name, a list by position, any other value is the first argument,
// null is none. A missing argument takes its default; arguments nobody declared are dropped. Error
// kInvalidArgument names tool and argument: one that is required is missing, or has the wrong type.
Result<value::Value> bind_arguments(const nxml::Tool& tool, value::Value sent);

}  // namespace nexus::panel
