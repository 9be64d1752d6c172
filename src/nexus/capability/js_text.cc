#include <charconv>
#include <cstddef>
#include <cstdint>

#include "nexus/capability/js_text_internal.h"

namespace nexus::capability {
namespace {

constexpr std::uint32_t kMaxCodePoint = 0x10ffff;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&out, code](int shift) {
    out += static_cast<char>(0x80 | (code >> shift & 0x3f));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

// Reads a text with escapes from left to right.
class EscapeReader {
 public:
  explicit EscapeReader(std::string_view text) : text_(text) {}

  std::optional<std::string> read() {
    while (at_ < text_.size()) {
      if (text_[at_] != '\\') {
        out_ += text_[at_++];
      } else if (!escape()) {
        return std::nullopt;
      }
    }
    return std::move(out_);
  }

 private:
  bool escape() {
    if (++at_ == text_.size()) return false;
    const char c = text_[at_++];
    switch (c) {
      case 'b':
        return put('\b');
      case 'f':
        return put('\f');
      case 'n':
        return put('\n');
      case 'r':
        return put('\r');
      case 't':
        return put('\t');
      case 'v':
        return put('\v');
      case '\n':
        return true;
      case '\r':
        if (at_ < text_.size() && text_[at_] == '\n') ++at_;
        return true;
      case 'x':
        return put(hex(2));
      case 'u':
        return unicode();
      default:
        break;
    }
    if (static_cast<unsigned char>(c) >= 0x80) return line_separator_or(c);
    if (c < '0' || c > '9') return put(static_cast<unsigned char>(c));
    const bool digit_follows = at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
    return c == '0' && !digit_follows && put(std::uint32_t{0});
  }

  // U+2028 and U+2029 after a backslash continue the line; other characters stand for themselves.
  bool line_separator_or(char first) {
    const std::string_view rest = text_.substr(at_ - 1, 3);
    if (rest == "\xe2\x80\xa8" || rest == "\xe2\x80\xa9") {
      at_ += 2;
    } else {
      out_ += first;
    }
    return true;
  }

  bool unicode() {
    std::optional<std::uint32_t> code = code_unit();
    if (code && *code >= 0xd800 && *code < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      const std::optional<std::uint32_t> low = code_unit();
      if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
      code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    }
    return put(code);
  }

  std::optional<std::uint32_t> code_unit() {
    if (at_ == text_.size() || text_[at_] != '{') return hex(4);
    const std::size_t close = text_.find('}', ++at_);
    if (close == std::string_view::npos || close == at_) return std::nullopt;
    const std::optional<std::uint32_t> code = hex(close - at_);
    at_ = close + 1;
    return code;
  }

  std::optional<std::uint32_t> hex(std::size_t digits) {
    const std::string_view field = text_.substr(at_, digits);
    std::uint32_t code = 0;
    const auto [end, failure] =
        std::from_chars(field.data(), field.data() + field.size(), code, 16);
    if (field.size() != digits || failure != std::errc() || end != field.data() + digits) {
      return std::nullopt;
    }
    at_ += digits;
    return code;
  }

  bool put(std::optional<std::uint32_t> code) {
    if (!code || *code > kMaxCodePoint || (*code >= 0xd800 && *code <= 0xdfff)) return false;
    append_utf8(out_, *code);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::optional<std::string> resolve_escapes(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  return EscapeReader(text).read();
}

}  // namespace nexus::capability
