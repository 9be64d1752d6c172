#include "nexus/storage/records.h"

namespace nexus::storage {

std::string_view to_string(Durability durability) {
  switch (durability) {
    case Durability::kCommit:
      return "commit";
    case Durability::kAsync:
      return "async";
    case Durability::kNone:
      return "none";
  }
  return "commit";
}

std::optional<Durability> parse_durability(std::string_view word) {
  for (const auto durability : {Durability::kCommit, Durability::kAsync, Durability::kNone})
    if (word == to_string(durability)) return durability;
  return std::nullopt;
}

}  // namespace nexus::storage
