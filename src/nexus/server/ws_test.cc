#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "nexus/engine/no_state.h"
#include "nexus/panel/messages.h"
#include "nexus/server/doubles_internal.h"
#include "nexus/server/test_client_internal.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kPath = "/panels/tides/ws";

// Connected and past its CONNECTED frame.
void connect(TestClient& client) {
  ASSERT_EQ(client.upgrade(kPath).status, 101);
  ASSERT_THAT(client.read_frame().payload, HasSubstr("CONNECTED"));
}

TEST(WsHandshake, IsAcceptedOnBothPorts) {
  RunningServer running;
  for (const std::uint16_t port : {running.http_port, running.ws_port}) {
    TestClient client(port);
    const Answer answer = client.upgrade(kPath);
    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(answer.fields.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        << "RFC 6455 section 1.3";
    EXPECT_EQ(answer.fields.count("sec-websocket-protocol"), 0u);
    EXPECT_EQ(client.read_frame().payload, R"({"type":"CONNECTED","version":7})");
  }
}

TEST(WsHandshake, AgreesOnTheSubprotocolAndNoExtension) {
  RunningServer running;
  TestClient client(running.ws_port);
  const Answer answer =
      client.upgrade(kPath,
                     "Sec-WebSocket-Protocol: other, nexus.v1.json\r\nSec-WebSocket-Extensions: "
                     "permessage-deflate\r\n");
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.fields.at("sec-websocket-protocol"), "nexus.v1.json");
  EXPECT_EQ(answer.fields.count("sec-websocket-extensions"), 0u);
}

TEST(WsHandshake, RefusesSubprotocolsNobodySpeaksHere) {
  RunningServer running;
  TestClient client(running.ws_port);
  const Answer answer = client.upgrade(kPath, "Sec-WebSocket-Protocol: nexus.v2.json, chat\r\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("offer nexus.v1.json or nexus.v1.msgpack"));
}

TEST(WsHandshake, AnUnknownPanelIs404) {
  RunningServer running;
  for (const std::uint16_t port : {running.http_port, running.ws_port}) {
    TestClient client(port);
    const Answer answer = client.upgrade("/panels/none/ws");
    EXPECT_EQ(answer.status, 404);
    EXPECT_THAT(answer.body, StartsWith(R"({"error":{"code":"PANEL_NOT_FOUND")"));
    EXPECT_EQ(client.upgrade(kPath).status, 101) << "the connection is still good";
  }
}

TEST(WsHandshake, OneTooManyForAPanelIs429UntilOneLeaves) {
  Options options;
  options.limits.ws_per_panel = 1;
  RunningServer running(options);
  running.on_loop([&] { running.workspace.add("other"); });
  auto first = std::make_unique<TestClient>(running.ws_port);
  connect(*first);
  TestClient second(running.ws_port);
  const Answer refused = second.upgrade(kPath);
  expect_error(refused, 429, "RESOURCE_LIMIT");
  EXPECT_EQ(refused.fields.count("retry-after"), 1u);
  EXPECT_EQ(TestClient(running.ws_port).upgrade("/panels/other/ws").status, 101);
  first.reset();
  running.wait_until([&] { return running.tides().clients.empty(); });
  connect(second);
}

TEST(WsHandshake, RefusesWhatIsNoUpgrade) {
  RunningServer running;
  TestClient client(running.http_port);
  EXPECT_EQ(client.get(kPath).status, 426);
  EXPECT_EQ(client.request("POST", kPath).status, 405);
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const Answer old = client.get(kPath, upgrade + key + "Sec-WebSocket-Version: 8\r\n");
  EXPECT_EQ(old.status, 426);
  EXPECT_EQ(old.fields.at("sec-websocket-version"), "13");
  EXPECT_EQ(client.get(kPath, upgrade + "Sec-WebSocket-Version: 13\r\n").status, 400) << "no key";
  EXPECT_EQ(client.get(kPath, upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n")
                .status,
            400);
}

TEST(WsHandshake, ChecksOriginAndHost) {
  Options options;
  options.cors_origins = {"https://friend.example"};
  RunningServer running(options);
  const auto status_for = [&](const std::string& origin) {
    TestClient client(running.ws_port);
    return client.upgrade(kPath, fmt::format("Origin: {}\r\n", origin)).status;
  };
  EXPECT_EQ(status_for(fmt::format("http://localhost:{}", running.http_port)), 101)
      << "the page's port";
  EXPECT_EQ(status_for("http://localhost"), 101) << "the port of the Host field, which named none";
  EXPECT_EQ(status_for("https://friend.example"), 101);
  EXPECT_EQ(status_for("https://evil.example"), 403);
  EXPECT_EQ(status_for("http://localhost:1"), 403);
  TestClient rebound(running.ws_port);
  rebound.send(fmt::format(
      "GET {} HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      kPath));
  EXPECT_EQ(rebound.read_answer().status, 403);
}

TEST(WsMessages, PingIsAnsweredWithTheVersion) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"PING"})");
  EXPECT_EQ(client.read_frame().payload, R"({"type":"PONG","version":7})");
}

TEST(WsMessages, TriggerIsAnsweredWithItsResult) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"TRIGGER","tool":"echo","args":[1,"x"],"requestId":"r1"})");
  const std::string reply = client.read_frame().payload;
  EXPECT_THAT(reply, StartsWith(R"({"type":"RESULT","version":7,"requestId":"r1","result":{)"));
  EXPECT_THAT(reply, HasSubstr(R"("returnValue":[1,"x"])"));
}

TEST(WsMessages, ProgressPrecedesTheResult) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"TRIGGER","tool":"slow","requestId":"r2"})");
  running.wait_until([&] { return running.tides().open.size() == 1; });
  running.on_loop([&] {
    const panel::WaitingCall call{"s1", "http", "get", std::nullopt};
    running.tides().open[0].on_progress("run-1", {call});
    const value::Object received{{"received", 10}};
    running.tides().open[0].on_progress("run-1", {{"s1", "http", "get", received}});
    running.tides().open[0].on_done(FakePanel::success({}));
  });
  EXPECT_EQ(
      client.read_frame().payload,
      R"({"type":"PROGRESS","version":7,"requestId":"r2","executionId":"run-1","status":"suspended",)"
      R"("calls":[{"id":"s1","extension":"http","method":"get"}]})");
  EXPECT_THAT(client.read_frame().payload,
              HasSubstr(R"({"id":"s1","extension":"http","method":"get","progress":{"received":10}})"));
  EXPECT_THAT(client.read_frame().payload, HasSubstr("RESULT"));
}

TEST(WsMessages, SetIsAnsweredByThePatchOrAnError) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"SET","path":["n",0,"a"],"value":1})");
  EXPECT_EQ(client.read_frame().payload, R"({"type":"PATCH"})");
  client.send_text(R"({"type":"SET","path":["m"],"value":null,"requestId":"r"})");
  EXPECT_EQ(
      client.read_frame().payload,
      R"({"type":"ERROR","version":8,"requestId":"r","code":"INVALID_ARGUMENT","message":"no such state"})");
}

TEST(WsMessages, BadMessagesGetAnErrorAndTheSocketLivesOn) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  const std::pair<std::string, std::string> table[] = {
      {"", "PARSE_ERROR"},
      {"{", "PARSE_ERROR"},
      {"[]", "PARSE_ERROR"},
      {"null", "PARSE_ERROR"},
      {std::string(1000, '['), "PARSE_ERROR"},
      {"{}", "UNKNOWN_MESSAGE"},
      {R"({"type":1})", "UNKNOWN_MESSAGE"},
      {R"({"type":"trigger"})", "UNKNOWN_MESSAGE"},
      {R"({"type":"TRIGGER"})", "INVALID_ARGUMENT"},
      {R"({"type":"TRIGGER","tool":5})", "INVALID_ARGUMENT"},
      {R"({"type":"TRIGGER","tool":"unknown"})", "TOOL_NOT_FOUND"},
      {R"({"type":"PING","requestId":7})", "INVALID_ARGUMENT"},
      {R"({"type":"SET","path":[],"value":1})", "INVALID_ARGUMENT"},
      {R"({"type":"SET","path":"n","value":1})", "INVALID_ARGUMENT"},
      {R"({"type":"SET","path":["n",-1],"value":1})", "INVALID_ARGUMENT"},
      {R"({"type":"SET","path":["n",1.5],"value":1})", "INVALID_ARGUMENT"},
      {R"({"type":"SET","path":["n",null],"value":1})", "INVALID_ARGUMENT"},
      {R"({"type":"SET","path":["n"]})", "INVALID_ARGUMENT"},
  };
  for (const auto& [text, code] : table) {
    client.send_text(text);
    const std::string reply = client.read_frame().payload;
    EXPECT_THAT(reply, StartsWith(fmt::format(
                           R"({{"type":"ERROR","version":7,"code":"{}","message":")", code)))
        << text;
    EXPECT_TRUE(value::parse_json(reply).ok()) << reply;
  }
  client.send_text(R"({"type":"PING"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr("PONG"));
}

TEST(WsMessages, OfMessagePackBothSidesSendBinary) {
  RunningServer running;
  TestClient client(running.ws_port);
  const Answer answer = client.upgrade(kPath, "Sec-WebSocket-Protocol: nexus.v1.msgpack\r\n");
  EXPECT_EQ(answer.fields.at("sec-websocket-protocol"), "nexus.v1.msgpack");
  const auto read = [&] {
    const WsMessage message = client.read_frame();
    EXPECT_EQ(message.opcode, 2);
    const auto decoded = value::decode_msgpack(std::as_bytes(std::span(message.payload)));
    return decoded.ok() ? value::to_json(*decoded) : message.payload;
  };
  EXPECT_EQ(read(), R"({"type":"CONNECTED","version":7})");
  client.send_frame(2, value::to_msgpack(*value::parse_json(R"({"type":"PING"})")));
  EXPECT_EQ(read(), R"({"type":"PONG","version":7})");
  client.send_frame(2, "\xc1");
  EXPECT_THAT(read(), HasSubstr(R"("code":"PARSE_ERROR")"));
  client.send_text(R"({"type":"PING"})");
  EXPECT_EQ(client.read_frame().close_code(), 1003) << "text has no place here";
}

TEST(WsMessages, SubscriptionsReachThePanelAndBadOnesGetAnError) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"SUBSCRIBE","topics":["view"],"keys":["n"]})");
  const std::pair<std::string, std::string> table[] = {
      {R"({"type":"UNSUBSCRIBE","keys":["m"],"requestId":"1"})", "no such key"},
      {R"({"type":"SUBSCRIBE","requestId":"1"})", "name 'topics'"},
      {R"({"type":"SUBSCRIBE","topics":[],"keys":[],"requestId":"1"})", "name 'topics'"},
      {R"({"type":"SUBSCRIBE","topics":["states"],"requestId":"1"})", "unknown topic 'states'"},
      {R"({"type":"SUBSCRIBE","topics":"state","requestId":"1"})", "topics must be a list"},
      {R"({"type":"UNSUBSCRIBE","keys":[1],"requestId":"1"})", "keys must be a list"},
  };
  for (const auto& [text, why] : table) {
    client.send_text(text);
    const std::string reply = client.read_frame().payload;
    EXPECT_THAT(reply, StartsWith(R"({"type":"ERROR","version":7,"requestId":"1","code":"INVALID_ARGUMENT")"));
    EXPECT_THAT(reply, HasSubstr(why));
  }
  client.send_text(R"({"type":"UNSUBSCRIBE","topics":["view"],"keys":["n"]})");
  client.send_text(R"({"type":"PING"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr("PONG")) << "an accepted one has no answer";
  running.on_loop([&] {
    const panel::SubscriptionChange& last = running.tides().last_change;
    EXPECT_EQ(last.direction, panel::SubscriptionChange::Direction::kUnsubscribe);
    EXPECT_EQ(last.topics, std::vector<panel::Topic>{panel::Topic::kView});
    EXPECT_EQ(last.keys, std::vector<std::string>{"n"});
  });
}

TEST(WsMessages, NamesTheRequestInItsError) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"TRIGGER","tool":"unknown","requestId":"q\"1"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr(R"("requestId":"q\"1")"));
}

TEST(WsMessages, TakesFragmentsAndControlFramesBetweenThem) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_frame(1, R"({"type")", false);
  client.send_frame(9, "beat");
  client.send_frame(0, R"(:"PING"})", true);
  const WsMessage pong = client.read_frame();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "beat");
  EXPECT_THAT(client.read_frame().payload, HasSubstr("PONG"));
}

TEST(WsLimits, TheMessageLimitIsExact) {
  Options options;
  options.limits.message_bytes = 64;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  client.send_text(R"({"type":"PING"})" + std::string(64 - 15, ' '));
  EXPECT_THAT(client.read_frame().payload, HasSubstr("PONG"));
  client.send_text(std::string(65, ' '));
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(WsLimits, TheMessageLimitCountsAllFragments) {
  Options options;
  options.limits.message_bytes = 64;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  client.send_frame(1, std::string(40, ' '), false);
  client.send_frame(0, std::string(40, ' '), true);
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(WsLimits, BinaryClosesWith1003) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_frame(2, "{}");
  EXPECT_EQ(client.read_frame().close_code(), 1003);
  client.send_close(1003);
  EXPECT_TRUE(client.at_end());
  running.wait_until([&] { return running.tides().clients.empty(); });
}

TEST(WsLimits, ProtocolViolationsCloseThatSocketOnly) {
  RunningServer running;
  TestClient bystander(running.ws_port);
  connect(bystander);
  const std::pair<std::string, int> table[] = {
      {std::string("\x81\x02{}", 4), 1002},                           // not masked
      {std::string("\xc1\x80\0\0\0\0", 6), 1002},                     // a reserved bit
      {std::string("\x83\x80\0\0\0\0", 6), 1002},                     // a reserved opcode
      {std::string("\x80\x80\0\0\0\0", 6), 1002},                     // continuation of nothing
      {std::string("\x09\x80\0\0\0\0", 6), 1002},                     // a fragmented ping
      {std::string("\x88\x81\0\0\0\0x", 7), 1002},                    // a close code of one byte
      {std::string("\x81\x82\0\0\0\0\xc3\x28", 8), 1007},             // text that is no UTF-8
      {std::string("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14), 1002},  // a length with the top bit
  };
  for (const auto& [bytes, code] : table) {
    TestClient client(running.ws_port);
    connect(client);
    client.send(bytes);
    const WsMessage answer = client.read_frame();
    EXPECT_TRUE(answer.close_code() == code || answer.close_code() == 1009)
        << answer.close_code() << " for " << code;
    EXPECT_TRUE(client.at_end());
  }
  bystander.send_text(R"({"type":"PING"})");
  EXPECT_THAT(bystander.read_frame().payload, HasSubstr("PONG"));
}

TEST(WsLimits, OneClientMayNotPileUpTriggers) {
  Options options;
  options.limits.triggers_in_flight = 2;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  for (int i = 0; i < 3; ++i)
    client.send_text(fmt::format(R"({{"type":"TRIGGER","tool":"slow","requestId":"{}"}})", i));
  EXPECT_THAT(client.read_frame().payload, HasSubstr(R"("requestId":"2","code":"RESOURCE_LIMIT")"));
  running.on_loop([&] { running.tides().open[0].on_done(FakePanel::success({})); });
  EXPECT_THAT(client.read_frame().payload, HasSubstr(R"("requestId":"0")"));
  client.send_text(R"({"type":"TRIGGER","tool":"echo","requestId":"3"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr(R"("requestId":"3","result")"));
}

// One client stops reading while another reads everything: only the first is cut, and what is kept
// for it stays within the bound.
TEST(WsLimits, ASlowReaderIsCutAndOthersGetEveryFrame) {
  Options options;
  options.limits.queue_bytes = 256 * 1024;
  options.limits.close_time = milliseconds(50);
  RunningServer running(options);
  TestClient reader(running.ws_port);
  connect(reader);
  TestClient sleeper(running.ws_port, 4096);
  ASSERT_EQ(sleeper.upgrade(kPath).status, 101);
  running.wait_until([&] { return running.tides().clients.size() == 2; });

  const std::string frame(64 * 1024, 'x');
  int sent = 0;
  while (running.metrics_text().find("clients_cut_total{reason=\"slow_reader\"} 1") ==
         std::string::npos) {
    ASSERT_LT(sent, 2000) << "never cut";
    running.on_loop([&] { running.tides().broadcast(frame); });
    ++sent;
    ASSERT_EQ(reader.read_frame().payload.size(), frame.size());
  }
  running.wait_until([&] { return running.tides().clients.size() == 1; });
  reader.send_text(R"({"type":"PING"})");
  EXPECT_THAT(reader.read_frame().payload, HasSubstr("PONG"));
  EXPECT_THAT(running.metrics_text(), HasSubstr("nexus_websocket_clients "));
}

TEST(WsLimits, AReaderThatWakesUpInTimeSeesWhyItWasCut) {
  Options options;
  options.limits.queue_frames = 3;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  // The socket takes nothing while one task of the loop broadcasts.
  running.on_loop([&] {
    for (int i = 0; i < 10; ++i) running.tides().broadcast("frame");
  });
  WsMessage message = client.read_frame();
  if (message.opcode == 1) message = client.read_frame();  // the one in write
  EXPECT_EQ(message.close_code(), 1013);
  EXPECT_EQ(message.payload.substr(2), "client too slow");
  running.on_loop([&] { EXPECT_TRUE(running.tides().clients.empty()); });
}

// A client that fell behind gets one patch for many, and everything else in its place.
TEST(WsLimits, PatchesOfAClientThatIsBehindBecomeOne) {
  Options options;
  options.limits.coalesce_frames = 3;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  // The socket takes nothing but the first while one task of the loop broadcasts.
  running.on_loop([&] {
    const auto patch = [&](std::uint64_t version) {
      const std::vector<engine::Mutation> mutations = {
          {engine::Mutation::Operation::kSet, "n", static_cast<int>(version), {}}};
      running.tides().broadcast(
          panel::encode_mutations(version, mutations, engine::NoState(), 5));
    };
    for (std::uint64_t version = 8; version <= 20; ++version) patch(version);
    running.tides().broadcast(R"({"type":"EVENT"})");
    for (std::uint64_t version = 21; version <= 22; ++version) patch(version);
  });
  // How many patches it takes to come from one version to another, each continuing the one before.
  const auto patches_between = [&](double version, double last) {
    int patches = 0;
    while (version < last && ++patches < 100) {
      const auto message = value::parse_json(client.read_frame().payload);
      const value::Value* const from = message->find("from");
      const double next = message->find("version")->number();
      EXPECT_EQ(from ? from->number() : next - 1, version);
      EXPECT_EQ(message->find("mutations")->list().size(), 1u);
      EXPECT_EQ(message->find("mutations")->list()[0].find("value")->number(), next);
      version = next;
    }
    return patches;
  };
  EXPECT_LE(patches_between(7, 20), 3);
  EXPECT_EQ(client.read_frame().payload, R"({"type":"EVENT"})") << "after the patches before it";
  EXPECT_EQ(patches_between(20, 22), 1);
  EXPECT_THAT(running.metrics_text(), Not(HasSubstr("nexus_websocket_patches_merged_total 0\n")));
}

TEST(WsLimits, AFloodOfPingsEndsTheConnection) {
  Options options;
  options.limits.control_rate = 5;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  for (int i = 0; i < 100; ++i) client.send_frame(9, "");
  WsMessage message = client.read_frame();
  while (message.opcode == 10) message = client.read_frame();
  EXPECT_EQ(message.close_code(), 1008);
  running.wait_until([&] { return running.tides().clients.empty(); });
}

TEST(WsLimits, AClientThatSendsTooFastIsReadSlowerAndLosesNothing) {
  Options options;
  options.limits.message_rate = 200;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 500; ++i) client.send_text(R"({"type":"PING"})");
  for (int i = 0; i < 500; ++i) ASSERT_THAT(client.read_frame().payload, HasSubstr("PONG"));
  // 400 at once, the rest at 200 a second.
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(400));
}

TEST(WsLimits, OneFrameLargerThanTheQueueIsStillSent) {
  Options options;
  options.limits.queue_bytes = 10;
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);  // CONNECTED alone is larger
  client.send_text(R"({"type":"PING"})");
  EXPECT_THAT(client.read_frame().payload, HasSubstr("PONG"));
}

TEST(WsLife, APeerThatAnswersNoPingIsCut) {
  Options options;
  options.limits.idle_time = milliseconds(40);
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);  // and then never reads, so that no ping is answered
  running.wait_until([&] { return running.tides().clients.empty(); });
  EXPECT_THAT(running.metrics_text(),
              HasSubstr("nexus_websocket_clients_cut_total{reason=\"idle\"} 1\n"));
}

TEST(WsLife, AnIdlePeerIsPingedAndStaysAsLongAsItAnswers) {
  Options options;
  options.limits.idle_time = milliseconds(100);
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  std::unique_ptr<loop::Timer> later;
  running.on_loop([&] {
    later = running.loop->after(milliseconds(500), [&] { running.tides().broadcast("still there"); });
  });
  EXPECT_EQ(client.read_frame().payload, "still there") << "reading answers pings";
  running.on_loop([&] { later = nullptr; });
}

TEST(WsLife, AClientsCloseIsAnsweredAndThePanelLeft) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  client.send_close(1000);
  EXPECT_EQ(client.read_frame().close_code(), 1000);
  EXPECT_TRUE(client.at_end());
  running.wait_until([&] { return running.tides().clients.empty(); });
  client.shut_down();
  running.wait_until([&] {
    return running.metrics.text().find("nexus_websocket_clients 0\n") != std::string::npos;
  });
}

TEST(WsLife, AVanishedClientLeavesThePanel) {
  RunningServer running;
  {
    TestClient client(running.ws_port);
    connect(client);
    client.send_text(R"({"type":"TRIGGER","tool":"slow"})");
    running.wait_until([&] { return running.tides().open.size() == 1; });
  }
  running.wait_until([&] { return running.tides().clients.empty(); });
  running.on_loop([&] { running.tides().open[0].on_done(FakePanel::success({})); });
}

TEST(WsLife, ADestroyedPanelClosesWith1000AfterWhatWasQueued) {
  RunningServer running;
  TestClient client(running.ws_port);
  connect(client);
  running.on_loop([&] {
    running.tides().broadcast("last words");
    running.workspace.destroy("tides", [](Result<void>) {});
  });
  EXPECT_EQ(client.read_frame().payload, "last words");
  EXPECT_EQ(client.read_frame().close_code(), 1000);
}

TEST(WsLife, StopLetsARunFinishAndClosesWith1001) {
  RunningServer running;
  TestClient busy(running.ws_port), idle(running.ws_port);
  connect(busy);
  connect(idle);
  busy.send_text(R"({"type":"TRIGGER","tool":"slow"})");
  running.wait_until([&] { return running.tides().open.size() == 1; });
  std::promise<void> stopped;
  running.on_loop([&] { running.server->stop([&] { stopped.set_value(); }); });
  EXPECT_EQ(idle.read_frame().close_code(), 1001);
  idle.shut_down();
  running.on_loop([&] { running.tides().open[0].on_done(FakePanel::success({})); });
  EXPECT_THAT(busy.read_frame().payload, HasSubstr("RESULT"));
  EXPECT_EQ(busy.read_frame().close_code(), 1001);
  busy.shut_down();
  stopped.get_future().wait();
  running.on_loop([&] { EXPECT_TRUE(running.tides().clients.empty()); });
}

TEST(WsLife, APeerThatIgnoresTheCloseIsCutAfterItsTime) {
  Options options;
  options.limits.close_time = milliseconds(20);
  RunningServer running(options);
  TestClient client(running.ws_port);
  connect(client);
  std::promise<void> stopped;
  running.on_loop([&] { running.server->stop([&] { stopped.set_value(); }); });
  stopped.get_future().wait();
  EXPECT_EQ(client.read_frame().close_code(), 1001);
  EXPECT_TRUE(client.at_end());
}

}  // namespace
}  // namespace nexus::server
