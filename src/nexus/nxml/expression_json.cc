#include <string>

#include "nexus/nxml/expression.h"
#include "nexus/value/json.h"

namespace nexus::nxml {
namespace {

using Kind = Expression::Kind;

void write_text(std::string_view name, std::string_view text, std::string& out) {
  out += ",\"";
  out += name;
  out += "\":";
  value::write_json_string(text, out);
}

void write_child(std::string_view name, const Expression& child, std::string& out) {
  out += ",\"";
  out += name;
  out += "\":";
  write_json(child, out);
}

// `"name":[...]` of the items from `first` on, each written by `write`.
template <typename Items, typename Write>
void write_list(std::string_view name, const Items& items, std::size_t first, std::string& out,
                const Write& write) {
  out += ",\"";
  out += name;
  out += "\":[";
  for (std::size_t i = first; i < items.size(); ++i) {
    if (i > first) out += ',';
    write(items[i]);
  }
  out += ']';
}

void write_children(std::string_view name, const Expression& node, std::size_t first,
                    std::string& out) {
  write_list(name, node.children, first, out,
             [&](const Expression* child) { write_json(*child, out); });
}

void write_words(std::string_view name, const Expression& node, std::string& out) {
  write_list(name, node.words, 0, out,
             [&](std::string_view word) { value::write_json_string(word, out); });
}

void write_literal(const Expression& node, std::string& out) {
  using Literal = Expression::Literal;
  switch (node.literal) {
    case Literal::kUndefined:
      return;
    case Literal::kNull:
      out += ",\"v\":null";
      return;
    case Literal::kFalse:
      out += ",\"v\":false";
      return;
    case Literal::kTrue:
      out += ",\"v\":true";
      return;
    case Literal::kNumber:
      out += ",\"v\":";
      return value::write_json_number(node.number, out);
    case Literal::kString:
      return write_text("v", node.text, out);
  }
}

void write_member(const Expression& node, std::size_t i, std::string& out) {
  const Expression& value = *node.children[i];
  if (value.kind == Kind::kSpread) {
    out += "{\"s\":";
    write_json(*value.children.front(), out);
  } else if (value.kind == Kind::kComputedMember) {
    out += "{\"c\":";
    write_json(*value.children[0], out);
    write_child("v", *value.children[1], out);
  } else {
    out += "{\"k\":";
    value::write_json_string(node.words[i], out);
    write_child("v", value, out);
  }
  out += '}';
}

void write_object(const Expression& node, std::string& out) {
  out += ",\"e\":[";
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ',';
    write_member(node, i, out);
  }
  out += ']';
}

std::string_view tag(Kind kind) {
  switch (kind) {
    case Kind::kLiteral:
      return "lit";
    case Kind::kName:
      return "name";
    case Kind::kMember:
      return "mem";
    case Kind::kIndex:
      return "idx";
    case Kind::kCall:
      return "call";
    case Kind::kUnary:
      return "un";
    case Kind::kBinary:
      return "bin";
    case Kind::kLogical:
      return "log";
    case Kind::kConditional:
      return "if";
    case Kind::kArray:
      return "arr";
    case Kind::kObject:
      return "obj";
    case Kind::kComputedMember:
      break;  // has the form of its own that write_member() gives it
    case Kind::kArrow:
      return "fn";
    case Kind::kTemplate:
      return "tpl";
    case Kind::kSpread:
      return "spr";
    case Kind::kParen:
      return "par";
  }
  return "";
}

void write_operands(const Expression& node, std::string& out) {
  const auto child = [&](std::size_t i) -> const Expression& { return *node.children[i]; };
  switch (node.kind) {
    case Kind::kLiteral:
      return write_literal(node, out);
    case Kind::kName:
      return write_text("n", node.text, out);
    case Kind::kMember:
      write_child("o", child(0), out);
      return write_text("n", node.text, out);
    case Kind::kIndex:
      write_child("o", child(0), out);
      return write_child("i", child(1), out);
    case Kind::kCall:
      write_child("c", child(0), out);
      return write_children("a", node, 1, out);
    case Kind::kBinary:
    case Kind::kLogical:
      write_text("op", node.text, out);
      write_child("l", child(0), out);
      return write_child("r", child(1), out);
    case Kind::kConditional:
      write_child("c", child(0), out);
      write_child("y", child(1), out);
      return write_child("n", child(2), out);
    case Kind::kArray:
      return write_children("e", node, 0, out);
    case Kind::kObject:
      return write_object(node, out);
    case Kind::kArrow:
      write_words("p", node, out);
      return write_child("b", child(0), out);
    case Kind::kTemplate:
      write_words("s", node, out);
      return write_children("e", node, 0, out);
    case Kind::kUnary:
      write_text("op", node.text, out);
      return write_child("x", child(0), out);
    case Kind::kSpread:
    case Kind::kParen:
      return write_child("x", child(0), out);
    case Kind::kComputedMember:
      break;
  }
}

}  // namespace

void write_json(const Expression& expression, std::string& out) {
  out += "{\"t\":\"";
  out += tag(expression.kind);
  out += '"';
  write_operands(expression, out);
  if (expression.optional) out += ",\"q\":true";
  out += '}';
}

}  // namespace nexus::nxml
