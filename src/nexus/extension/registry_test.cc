#include "nexus/extension/registry.h"

#include <gtest/gtest.h>

namespace nexus::extension {
namespace {

class Named : public Extension {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  const std::vector<std::string>& methods() const override { return methods_; }
  CallPlan plan(std::string_view, const value::List&) const override { return {}; }
  std::unique_ptr<Call> call(const CallContext&, std::string_view, value::List,
                             Reports) override {
    return nullptr;
  }

 private:
  std::string name_;
  std::vector<std::string> methods_;
};

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    registry_.add(std::make_unique<Named>("nexus.http"));
    registry_.add(std::make_unique<Named>("nexus.time"));
  }
  Registry registry_;
};

TEST_F(RegistryTest, ResolvesFullNamesAndLastSegments) {
  EXPECT_EQ(registry_.resolve("nexus.http").value()->name(), "nexus.http");
  EXPECT_EQ(registry_.resolve("time").value()->name(), "nexus.time");
}

TEST_F(RegistryTest, UnknownNamesListWhatThereIsAndWhatWasMeant) {
  const auto result = registry_.resolve("nexus.htpp");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kExtensionNotFound);
  EXPECT_EQ(result.error().message,
            "unknown extension \"nexus.htpp\"; did you mean \"nexus.http\"?; known extensions: "
            "nexus.http, nexus.time");
}

TEST_F(RegistryTest, FarNamesGetNoGuess) {
  const auto result = registry_.resolve("org.ollama");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message.find("did you mean"), std::string::npos);
}

TEST_F(RegistryTest, ForeignNamespaceWithAKnownLastSegmentIsUnknown) {
  EXPECT_FALSE(registry_.resolve("org.http").ok());
  EXPECT_FALSE(registry_.resolve("").ok());
}

TEST_F(RegistryTest, EndlessNamesAreNotCompared) {
  const auto result = registry_.resolve(std::string(100'000, 'h'));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message.find("did you mean"), std::string::npos);
}

TEST(Registry, TheSameNameTwiceIsABug) {
  Registry registry;
  registry.add(std::make_unique<Named>("nexus.http"));
  EXPECT_DEATH(registry.add(std::make_unique<Named>("nexus.http")), "check failed");
}

}  // namespace
}  // namespace nexus::extension
