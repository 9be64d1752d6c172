#include "nexus/server/reply.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "nexus/server/field_list.h"
#include "nexus/value/json.h"

namespace nexus::server {

Reply json_reply(int status, std::string json) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = std::move(json);
  reply.fields.emplace_back("Cache-Control", "no-store");
  return reply;
}

Reply revalidated(std::string json) {
  Reply reply = json_reply(200, std::move(json));
  reply.fields = {{"Cache-Control", "no-cache"}};
  return reply;
}

Reply empty_reply(int status) {
  Reply reply;
  reply.status = status;
  return reply;
}

Reply error_reply(const Error& error, std::string_view details) {
  return error_reply(http_status(error.code), error, details);
}

Reply error_reply(int status, const Error& error, std::string_view details) {
  std::string json = R"({"error":{"code":)";
  value::write_json_string(to_string(error.code), json);
  json += R"(,"message":)";
  value::write_json_string(error.message, json);
  if (!details.empty()) {
    json += R"(,"details":)";
    json += details;
  }
  json += "}}";
  Reply reply = json_reply(status, std::move(json));
  if (status == 429 || status == 503) reply.fields.emplace_back("Retry-After", "1");
  return reply;
}

std::string http_date(Clock::Wall time) {
  using namespace std::chrono;
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view tag = take_entry(if_none_match);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

}  // namespace nexus::server
