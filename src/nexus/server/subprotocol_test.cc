#include "nexus/server/subprotocol.h"

#include <gtest/gtest.h>

namespace nexus::server {
namespace {

TEST(Subprotocol, TheFirstKnownOneOfTheClientsListIsChosen) {
  const auto chosen = [](std::string_view offered) {
    const auto result = choose_subprotocol(offered);
    return result.ok() ? std::string(result->name) : "refused";
  };
  EXPECT_EQ(chosen(""), "") << "JSON, which needs no name";
  EXPECT_EQ(chosen("nexus.v1.json"), "nexus.v1.json");
  EXPECT_EQ(chosen("chat,\tnexus.v1.msgpack , nexus.v1.json"), "nexus.v1.msgpack");
  EXPECT_EQ(chosen("nexus.v1.json, nexus.v1.msgpack"), "nexus.v1.json");
  EXPECT_EQ(chosen("nexus.bearer.abc"), "") << "never echoed";
  EXPECT_EQ(chosen("nexus.bearer.abc, nexus.v1.msgpack"), "nexus.v1.msgpack");
  EXPECT_EQ(chosen(", ,"), "");
  for (const char* foreign : {"chat", "nexus.v2.json", "NEXUS.V1.JSON", "nexus.v1.json2"})
    EXPECT_EQ(chosen(foreign), "refused") << foreign;
  EXPECT_EQ(choose_subprotocol("nexus.v1.msgpack")->encoding, Encoding::kMsgpack);
  EXPECT_EQ(choose_subprotocol("")->encoding, Encoding::kJson);
}

}  // namespace
}  // namespace nexus::server
