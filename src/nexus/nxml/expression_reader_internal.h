#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "nexus/base/arena.h"
#include "nexus/nxml/expression.h"

namespace nexus::nxml {

// Parses many expressions into one arena, as parse_expression() does one; keeps its working memory from one to the
// next.
class ExpressionReader {
 public:
  explicit ExpressionReader(Arena& arena) : arena_(arena), stacks_{{}, {}, {}, ArenaListMaker<Reference>(arena)} {}

  // False, with `error` set, when it does not parse; `binding` then has no expression.
  bool read(std::string_view source, std::uint32_t start, Binding& binding, ExpressionError& error);

  // Sets `binding` to the expression that `text`, which starts behind an opening brace, holds up to the closing one;
  // more may follow. The answer is the number of bytes that takes, the brace included; 0 for whatever is wrong: then
  // find_closing_brace() tells what the author meant to stand between the braces, and read() what is wrong with it.
  std::size_t read_braced(std::string_view text, std::uint32_t start, Binding& binding);

  // What the parser has seen around the place it is at.
  struct Stacks {
    std::vector<const Expression*> children;   // of nodes whose number of operands is not known in advance
    std::vector<std::string_view> words;       // of the same
    std::vector<std::string_view> parameters;  // of the arrows
    ArenaListMaker<Reference> references;
  };

 private:
  void clear();

  Arena& arena_;
  Stacks stacks_;
};

}  // namespace nexus::nxml
