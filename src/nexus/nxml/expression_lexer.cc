#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "nexus/nxml/diagnostics_internal.h"
#include "nexus/nxml/expression_lexer_internal.h"

namespace nexus::nxml {
namespace {

// Every punctuator of JavaScript of more than one character, longest first, so that the ones outside
// the subset are named whole.
constexpr std::array<Punctuator, 33> kPunctuators = {
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "?\?=",
    "=>",   "==",  "!=",  "<=",  ">=",  "&&",  "||",  "??",  "?.",  "**",  "++",
    "--",   "+=",  "-=",  "*=",  "/=",  "%=",  "&=",  "|=",  "^=",  "<<",  ">>"};

// The longest punctuator that `text` starts with; none when there is none.
Punctuator first_punctuator(std::string_view text) {
  if (text.empty() || !has_class(text[0], CharClass::kPunctuator)) return {};
  std::size_t length = 1;
  while (length < std::min<std::size_t>(text.size(), 4) && has_class(text[length], CharClass::kPunctuatorRest))
    ++length;
  for (; length > 1; --length) {
    const Punctuator candidate(text.substr(0, length));
    if (std::find(kPunctuators.begin(), kPunctuators.end(), candidate) != kPunctuators.end()) return candidate;
  }
  return Punctuator(text.substr(0, 1));
}

bool is_name_part(char c) { return has_class(c, CharClass::kExpressionName); }

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

void append_utf8(unsigned point, std::string& out) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | (point >> 6));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3F));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
    put(0x80 | ((point >> 6) & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

}  // namespace

void ExpressionLexer::report(std::uint32_t at, std::string message) {
  if (error_->message.empty()) *error_ = {std::move(message), at};
  cursor_.advance(cursor_.rest().size());
}

void ExpressionLexer::fail(Token& token, std::uint32_t at, std::string message) {
  report(at, std::move(message));
  token = Token();
  token.kind = Token::Kind::kBad;
  token.at = at;
}

ExpressionLexer ExpressionLexer::look_ahead(ExpressionError& error) const {
  ExpressionLexer copy = *this;
  copy.error_ = &error;
  copy.arena_ = nullptr;
  return copy;
}

// Text made here that has to last.
std::string_view ExpressionLexer::keep(std::string_view made) const {
  return arena_ == nullptr ? std::string_view() : arena_->copy(made);
}

void ExpressionLexer::next(Token& token) {
  cursor_.skip_space();
  const char c = cursor_.peek();
  token.at = here();
  token.punctuator = {};
  // The two most frequent kinds: names, and punctuators of one character. After an error there is
  // nothing left.
  if (has_class(c, CharClass::kExpressionStart)) {
    token.kind = Token::Kind::kName;
    token.text = cursor_.take(CharClass::kExpressionName);
  } else if (has_class(c, CharClass::kPunctuator) && !has_class(cursor_.peek(1), CharClass::kPunctuatorRest) &&
             !(c == '.' && is_digit(cursor_.peek(1)))) {
    token.kind = Token::Kind::kPunctuator;
    token.punctuator = Punctuator(c);
    token.text = cursor_.rest().substr(0, 1);
    cursor_.advance();
  } else {
    read_other(token);
  }
}

void ExpressionLexer::read_other(Token& token) {
  if (!error_->message.empty()) return fail(token, error_->at, {});
  const char c = cursor_.peek();
  if (cursor_.at_end()) {
    token.kind = Token::Kind::kEnd;
  } else if (is_digit(c) || (c == '.' && is_digit(cursor_.peek(1)))) {
    read_number(token);
  } else if (c == '"' || c == '\'') {
    read_string(c, token);
  } else if (c == '`') {
    token.kind = Token::Kind::kTemplate;
    cursor_.advance();
  } else {
    read_punctuator(token);
  }
}

void ExpressionLexer::read_punctuator(Token& token) {
  token.kind = Token::Kind::kPunctuator;
  token.punctuator = first_punctuator(cursor_.rest());
  // `a?.5:1` is a conditional.
  if (token.is("?.") && is_digit(cursor_.peek(2))) token.punctuator = "?";
  if (token.punctuator != Punctuator()) {
    token.text = cursor_.rest().substr(0, token.punctuator.size());
    return cursor_.advance(token.text.size());
  }
  if (cursor_.peek() == '\\') {
    return fail(token, token.at,
                "'\\' cannot stand here; inside a double-quoted attribute write strings with "
                "single quotes");
  }
  fail(token, token.at, cat({"unexpected character ", quote(cursor_.rest().substr(0, 1))}));
}

void ExpressionLexer::read_number(Token& token) {
  token.kind = Token::Kind::kNumber;
  if (cursor_.peek() == '0') {
    const char mark = static_cast<char>(cursor_.peek(1) | 0x20);
    const int base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    if (base != 10) return read_digits(base, token);
    if (is_digit(cursor_.peek(1)))
      return fail(token, token.at, "a number must not start with 0; write octal numbers as 0o17");
  }
  read_decimal(token);
}

void ExpressionLexer::read_digits(int base, Token& token) {
  cursor_.advance(2);
  if (digit_value(cursor_.peek()) >= base)
    return fail(token, token.at, "digits are missing after the prefix");
  token.number = 0;
  for (; digit_value(cursor_.peek()) < base; cursor_.advance())
    token.number = token.number * base + digit_value(cursor_.peek());
  finish_number(token);
}

void ExpressionLexer::read_decimal(Token& token) {
  const std::uint32_t start = cursor_.offset();
  const auto skip_digits = [&] { cursor_.take(CharClass::kDigit); };
  skip_digits();
  constexpr std::size_t kExact = 15;  // so many digits fit into a double without loss
  if (const std::string_view whole = cursor_.since(start);
      whole.size() <= kExact && cursor_.peek() != '.' && (cursor_.peek() | 0x20) != 'e') {
    std::uint64_t number = 0;
    for (const char digit : whole) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    token.number = static_cast<double>(number);
    return finish_number(token);
  }
  if (cursor_.peek() == '.') {
    cursor_.advance();
    skip_digits();
  }
  if ((cursor_.peek() | 0x20) == 'e') {
    const bool sign = cursor_.peek(1) == '+' || cursor_.peek(1) == '-';
    if (!is_digit(cursor_.peek(sign ? 2 : 1))) return fail(token, token.at, "the exponent has no digits");
    cursor_.advance(sign ? 2 : 1);
    skip_digits();
  }
  // A leading '.' is no number for from_chars in every library; a leading zero always is.
  const std::string digits = "0" + std::string(cursor_.since(start));
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), token.number);
  // Out of range is either too large, or so small that JavaScript reads it as zero.
  if (parsed.ec == std::errc::result_out_of_range) {
    const bool tiny = digits.find_first_of('-') != std::string::npos || digits[1] == '.' ||
                      digits.substr(0, 3) == "00.";
    token.number = tiny ? 0 : HUGE_VAL;
  }
  finish_number(token);
}

void ExpressionLexer::finish_number(Token& token) {
  if (!std::isfinite(token.number)) return fail(token, token.at, "the number is too large");
  if (cursor_.peek() == 'n') return fail(token, token.at, "big integers are not available in expressions");
  if (is_name_part(cursor_.peek()))
    fail(token, here(), "a number must not be followed by a letter or digit group");
}

void ExpressionLexer::read_string(char quote_mark, Token& token) {
  token.kind = Token::Kind::kString;
  cursor_.advance();
  const std::uint32_t start = cursor_.offset();
  cursor_.advance_until([=](char c) { return c == quote_mark || c == '\\' || c == '\n'; });
  token.text = cursor_.since(start);
  if (cursor_.peek() == '\\') {
    std::string made(token.text);
    while (cursor_.peek() != quote_mark && cursor_.peek() != '\n' && !cursor_.at_end()) {
      if (cursor_.peek() == '\\') {
        if (!read_escape(made)) return fail(token, token.at, {});
        continue;
      }
      made += cursor_.peek();
      cursor_.advance();
    }
    token.text = keep(made);
  }
  if (cursor_.peek() != quote_mark) return fail(token, token.at, "the string is not closed");
  cursor_.advance();
}

ExpressionLexer::ChunkEnd ExpressionLexer::next_chunk(std::string_view& text) {
  const std::uint32_t start = here();
  std::string made;
  while (!cursor_.at_end()) {
    if (cursor_.looking_at("${")) {
      cursor_.advance(2);
      text = keep(made);
      return ChunkEnd::kHole;
    }
    const char c = cursor_.peek();
    if (c == '\\') {
      if (!read_escape(made)) return ChunkEnd::kBad;
      continue;
    }
    cursor_.advance();
    if (c == '`') {
      text = keep(made);
      return ChunkEnd::kClosed;
    }
    // JavaScript reads every line ending inside a template as '\n'.
    if (c == '\r') {
      if (cursor_.peek() == '\n') cursor_.advance();
      made += '\n';
      continue;
    }
    made += c;
  }
  report(start, "the template is not closed with a backtick");
  return ChunkEnd::kBad;
}

bool ExpressionLexer::read_escape(std::string& text) {
  const std::uint32_t at = here();
  const char c = cursor_.peek(1);
  if (c == 'u' || c == 'x') return read_unicode_escape(at, text);
  cursor_.advance(c == '\0' ? 1 : 2);
  constexpr std::string_view kNames = "nrtbvf";
  constexpr std::string_view kMeanings = "\n\r\t\b\v\f";
  const std::size_t named = c == '\0' ? std::string_view::npos : kNames.find(c);
  if (named != std::string_view::npos) {
    text += kMeanings[named];
  } else if (c == '0' && !is_digit(cursor_.peek())) {
    text += '\0';
  } else if (is_digit(c)) {
    report(at, "octal escapes are not available; write \\xHH");
    return false;
  } else if (c == '\r' && cursor_.peek() == '\n') {
    cursor_.advance();
  } else if (c != '\n' && c != '\r' && c != '\0') {
    text += c;
  }
  return true;
}

bool ExpressionLexer::read_unicode_escape(std::uint32_t at, std::string& text) {
  const bool is_byte = cursor_.peek(1) == 'x';
  unsigned point = 0;
  cursor_.advance(2);
  bool good = true;
  if (!is_byte && cursor_.peek() == '{') {
    cursor_.advance();
    const std::uint32_t start = cursor_.offset();
    for (; digit_value(cursor_.peek()) < 16 && point <= 0x10FFFF; cursor_.advance())
      point = point * 16 + static_cast<unsigned>(digit_value(cursor_.peek()));
    good = cursor_.offset() > start && cursor_.peek() == '}' && point <= 0x10FFFF;
    cursor_.advance();
  } else {
    good = read_code_unit(is_byte ? 2 : 4, point);
    unsigned low = 0;
    if (good && point >= 0xD800 && point < 0xDC00 && cursor_.looking_at("\\u")) {
      cursor_.advance(2);
      good = read_code_unit(4, low) && low >= 0xDC00 && low < 0xE000;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  // Half of a surrogate pair has no UTF-8 form, so it could not travel.
  good = good && (point < 0xD800 || point > 0xDFFF);
  if (good) {
    append_utf8(point, text);
  } else {
    report(at, "this escape is no character; write \\xHH, \\uHHHH or \\u{H...}");
  }
  return good;
}

bool ExpressionLexer::read_code_unit(int digits, unsigned& unit) {
  for (int i = 0; i < digits; ++i, cursor_.advance()) {
    const int digit = digit_value(cursor_.peek());
    if (digit >= 16) return false;
    unit = unit * 16 + static_cast<unsigned>(digit);
  }
  return true;
}

std::size_t find_closing_brace(std::string_view text) {
  // What is open around the place: '{' for a brace, '$' for a hole of a template, '`' for a template.
  std::string outer;
  char inside = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!has_class(c, CharClass::kBracing)) continue;
    if (inside == '`') {
      const bool is_hole = c == '$' && i + 1 < text.size() && text[i + 1] == '{';
      if (c == '\\' || is_hole) ++i;
      if (is_hole) {
        outer.push_back(std::exchange(inside, '$'));
      } else if (c == '`') {
        inside = outer.back();
        outer.pop_back();
      }
    } else if (c == '"' || c == '\'') {
      for (++i; i < text.size() && text[i] != c; ++i)
        if (text[i] == '\\') ++i;
    } else if (c == '{' || c == '`') {
      if (inside != '\0') outer.push_back(inside);
      inside = c;
    } else if (c == '}') {
      if (outer.empty()) return i;
      inside = outer.back();
      outer.pop_back();
    }
  }
  return std::string_view::npos;
}

}  // namespace nexus::nxml
