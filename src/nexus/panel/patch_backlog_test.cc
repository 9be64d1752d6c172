#include "nexus/panel/patch_backlog.h"

#include <gtest/gtest.h>

#include <cctype>
#include <span>

#include "nexus/engine/no_state.h"
#include "nexus/panel/doubles_internal.h"
#include "nexus/panel/messages.h"
#include "nexus/value/json.h"
#include "nexus/value/msgpack.h"

namespace nexus::panel {
namespace {

using doubles::set_key;
using engine::Mutation;
using value::Object;
using Kind = value::PatchOperation::Kind;

Frame whole(std::uint64_t version, const std::vector<Mutation>& mutations) {
  const engine::NoState state;
  return encode_mutations(version, mutations, state, 10 + static_cast<int>(version));
}

Frame inside(std::uint64_t version, std::vector<value::PatchOperation> operations) {
  Mutation mutation{Mutation::Operation::kSet, "rows", {}, {}};
  mutation.patch = std::move(operations);
  const std::vector<Mutation> mutations = {std::move(mutation)};
  return encode_patch(version, mutations, 10 + static_cast<int>(version));
}

TEST(PatchBacklog, OfAKeyTheLastValueCounts) {
  PatchBacklog backlog;
  backlog.add(whole(4, {set_key("a", 1), set_key("b", "long text that is replaced")}));
  backlog.add(whole(5, {set_key("b", 2)}));
  backlog.add(whole(6, {{Mutation::Operation::kDelete, "a", {}, {}}}));
  EXPECT_EQ(backlog.merge()->json(),
            R"({"type":"PATCH","version":6,"from":3,"mutations":[{"operation":"delete","key":"a"},)"
            R"({"operation":"set","key":"b","value":2}],"timestamp":16})");
}

TEST(PatchBacklog, WhatWaitsIsBoundedByTheStateAndNotByTheTime) {
  PatchBacklog backlog;
  backlog.add(whole(1, {set_key("n", 1000)}));
  const std::size_t once = backlog.bytes();
  for (int i = 2; i < 1000; ++i)
    backlog.add(whole(static_cast<std::uint64_t>(i), {set_key("n", 1000 + i)}));
  EXPECT_EQ(backlog.bytes(), once);
}

TEST(PatchBacklog, OperationsStayInOrderAndAWholeKeyEndsThem) {
  PatchBacklog backlog;
  backlog.add(inside(1, {{Kind::kAdd, {0}, "x"}, {Kind::kRemove, {1}}}));
  backlog.add(inside(2, {{Kind::kReplace, {0}, "y"}}));
  EXPECT_EQ(backlog.merge()->json(),
            R"({"type":"PATCH","version":2,"from":0,"patch":[{"op":"add","path":"/rows/0","value":"x"},)"
            R"({"op":"remove","path":"/rows/1"},{"op":"replace","path":"/rows/0","value":"y"}],"timestamp":12})");
  const std::vector<Mutation> emptied = {set_key("rows", value::List{})};
  backlog.add(encode_patch(3, emptied, 13));
  EXPECT_EQ(backlog.merge()->json(),
            R"({"type":"PATCH","version":3,"from":0,"patch":[{"op":"add","path":"/rows","value":[]}],"timestamp":13})");
}

TEST(PatchBacklog, AReplacementUndoesEarlierOnesAtOrBelowItsPlaceUntilSomethingMoves) {
  PatchBacklog backlog;
  backlog.add(inside(1, {{Kind::kReplace, {0, "n"}, 1}, {Kind::kReplace, {1, "n"}, 1}, {Kind::kReplace, {10}, 1}}));
  backlog.add(inside(2, {{Kind::kReplace, {1}, Object{{"n", 2}}}, {Kind::kReplace, {0, "n"}, 2}}));
  EXPECT_EQ(backlog.merge()->json(),
            R"({"type":"PATCH","version":2,"from":0,"patch":[{"op":"replace","path":"/rows/10","value":1},)"
            R"({"op":"replace","path":"/rows/1","value":{"n":2}},{"op":"replace","path":"/rows/0/n","value":2}],)"
            R"("timestamp":12})");
  backlog.add(inside(3, {{Kind::kRemove, {0}}, {Kind::kReplace, {0, "n"}, 3}}));
  EXPECT_NE(backlog.merge()->json().find(R"({"op":"replace","path":"/rows/0/n","value":2},{"op":"remove")"),
            std::string::npos)
      << "before the removal the path meant another row";
}

// Random operations on a small tree: merged or one by one, the same comes out.
TEST(PatchBacklog, MergedPatchesLeadToTheSameState) {
  std::uint32_t random = 1;
  const auto pick = [&](std::uint32_t below) {
    random = random * 1664525u + 1013904223u;
    return (random >> 8) % below;
  };
  for (int round = 0; round < 300; ++round) {
    const auto start = value::parse_json(R"([{"n":1,"m":{"k":0}},{"n":2,"m":{"k":0}},{"n":3,"m":{"k":0}}])");
    ASSERT_TRUE(start.ok());
    value::Value stepwise = *start;
    PatchBacklog backlog;
    std::vector<value::PatchOperation> sent;
    for (std::uint64_t version = 1; version < 12; ++version) {
      value::PatchOperation operation;
      const int row = static_cast<int>(pick(3));
      switch (pick(5)) {
        case 0: operation = {Kind::kReplace, {row, "n"}, static_cast<int>(pick(9))}; break;
        case 1: operation = {Kind::kReplace, {row, "m", "k"}, static_cast<int>(pick(9))}; break;
        case 2: operation = {Kind::kReplace, {row, "m"}, Object{{"k", static_cast<int>(pick(9))}}}; break;
        case 3: operation = {Kind::kAdd, {row}, Object{{"n", 0}, {"m", Object{{"k", 7}}}}}; break;
        default: operation = {Kind::kReplace, {row}, Object{{"n", 5}, {"m", Object{{"k", 5}}}}}; break;
      }
      ASSERT_TRUE(value::apply_patch(operation, stepwise).ok());
      backlog.add(inside(version, {operation}));
    }
    value::Value merged = *start;
    const auto message = value::parse_json(backlog.merge()->json());
    ASSERT_TRUE(message.ok());
    for (const value::Value& operation : message->find("patch")->list()) {
      value::PatchOperation read;
      const std::string& op = operation.find("op")->string();
      read.kind = op == "add" ? Kind::kAdd : op == "remove" ? Kind::kRemove : Kind::kReplace;
      std::string path = operation.find("path")->string().substr(5);
      while (!path.empty()) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string step = path.substr(1, end - 1);
        if (std::isdigit(static_cast<unsigned char>(step[0])) != 0)
          read.path.emplace_back(std::stoi(step));
        else
          read.path.emplace_back(step);
        path.erase(0, end);
      }
      read.value = *operation.find("value");
      ASSERT_TRUE(value::apply_patch(read, merged).ok());
    }
    EXPECT_EQ(value::to_json(merged), value::to_json(stepwise));
  }
}

TEST(Message, AsMessagePackItIsTheSameValue) {
  const Frame frame = whole(3, {set_key("a", Object{{"t", "\u00e4"}, {"x", 1.5}})});
  const std::string& bytes = frame->msgpack();
  const auto decoded = value::decode_msgpack(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(value::to_json(*decoded), frame->json());
  EXPECT_EQ(&frame->msgpack(), &bytes) << "encoded once";
}

}  // namespace
}  // namespace nexus::panel
