#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nexus/base/arena.h"
#include "nexus/nxml/expression.h"

namespace nexus::nxml {

// Parses many expressions into one arena, as parse_expression() does one; keeps its working memory from one to the
// next.
class ExpressionReader {
 public:
  explicit ExpressionReader(Arena& arena) : arena_(arena) {}

  struct Parsed {
    std::string_view source;
    const Expression* tree = nullptr;       // nullptr after an error
    std::span<const Reference> references;  // in order of appearance; in the arena
  };
  Parsed read(std::string_view source, std::uint32_t start, ExpressionError& error);

  // An expression between braces.
  struct Braced {
    Parsed parsed;
    std::size_t end = 0;  // bytes from `text`'s start to behind the closing brace
  };
  // `text` starts behind an opening brace; more may follow the closing one. nullopt for whatever is wrong: then
  // find_closing_brace() tells what the author meant to stand between the braces, and read() what is wrong with it.
  std::optional<Braced> read_braced(std::string_view text, std::uint32_t start);

  // What the parser has seen around the place it is at.
  struct Stacks {
    std::vector<const Expression*> children;   // of nodes whose number of operands is not known in advance
    std::vector<std::string_view> words;       // of the same
    std::vector<std::string_view> parameters;  // of the arrows
    std::vector<Reference> references;
  };

 private:
  void clear();

  Arena& arena_;
  Stacks stacks_;
};

}  // namespace nexus::nxml
