// Requests that a handler is not to be able to make (traps.md, "SSRF"): every form, against a world
// in which the test decides what names resolve to and where connections go. Each case shows that no
// connection was even tried, so that none can pass because a network is missing.

#include <dlfcn.h>
#include <netdb.h>

#include <cstring>
#include <map>

#include "nexus/extension/http_fixture_internal.h"

namespace {

// What getaddrinfo and connect below do for the whole program.
struct World {
  using Addresses = std::vector<std::string>;

  std::mutex mutex;
  bool in_force = false;
  // What each lookup of a name finds in turn; the last answer stays.
  std::map<std::string, std::vector<Addresses>> names;
  std::map<std::string, int> lookups;
  // Where connections to "address:port" arrive on this machine. All others are unreachable.
  std::map<std::string, int> routes;
  std::vector<std::string> tried;
};
World world;

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

std::string text_of(const sockaddr* address, socklen_t length) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(address, length, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return {};
  return std::string(host) + ":" + port;
}

}  // namespace

// The program's own definitions come before libc's for libcurl too.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  static const auto real_getaddrinfo = real<decltype(&getaddrinfo)>("getaddrinfo");
  const std::unique_lock lock(world.mutex);
  const auto known = node != nullptr && world.in_force ? world.names.find(node) : world.names.end();
  if (known == world.names.end()) return real_getaddrinfo(node, service, hints, result);
  auto& answers = known->second;
  const auto turn = static_cast<std::size_t>(world.lookups[node]++);
  addrinfo numeric = *hints;
  numeric.ai_flags |= AI_NUMERICHOST;
  addrinfo** end = result;
  for (const std::string& address : answers[std::min(turn, answers.size() - 1)]) {
    const int code = real_getaddrinfo(address.c_str(), service, &numeric, end);
    if (code != 0) return code;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return 0;
}

extern "C" int connect(int socket, const sockaddr* address, socklen_t length) {
  static const auto real_connect = real<decltype(&connect)>("connect");
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
    return real_connect(socket, address, length);
  const std::unique_lock lock(world.mutex);
  if (!world.in_force) return real_connect(socket, address, length);
  const std::string target = text_of(address, length);
  world.tried.push_back(target);
  const auto route = world.routes.find(target);
  if (route == world.routes.end() || address->sa_family != AF_INET) {
    errno = ENETUNREACH;
    return -1;
  }
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  here.sin_port = htons(static_cast<std::uint16_t>(route->second));
  return real_connect(socket, reinterpret_cast<const sockaddr*>(&here), sizeof here);
}

namespace nexus::extension {
namespace {

// An address of the public internet; no packet ever goes there.
constexpr const char* kPublic = "93.184.216.34";

class SsrfTest : public HttpExtensionTest {
 protected:
  SsrfTest() {
    const std::scoped_lock lock(world.mutex);
    world.in_force = true;
    world.names.clear();
    world.lookups.clear();
    world.tried.clear();
    // Whoever gets past the checks reaches something.
    world.routes = {{std::string(kPublic) + ":80", public_.port()}};
    for (const char* address : {"127.0.0.1:80", "10.0.0.1:80", "169.254.169.254:80", "0.0.0.0:80"})
      world.routes[address] = secret_.port();
  }
  ~SsrfTest() override {
    const std::scoped_lock lock(world.mutex);
    world.in_force = false;
  }

  void resolve(const std::string& name, std::vector<World::Addresses> answers) {
    const std::scoped_lock lock(world.mutex);
    world.names[name] = std::move(answers);
  }
  static std::vector<std::string> tried() {
    const std::scoped_lock lock(world.mutex);
    return world.tried;
  }
  static int lookups(const std::string& name) {
    const std::scoped_lock lock(world.mutex);
    return world.lookups[name];
  }
  // That the URL is refused, with this in the message, and nothing was connected to.
  void expect_refused(const std::string& url, std::string_view why) {
    const std::string message = refusal("get", {url});
    EXPECT_NE(message.find(why), std::string::npos) << url << ": " << message;
    EXPECT_EQ(tried(), std::vector<std::string>{}) << url;
    EXPECT_EQ(secret_.requests(), 0) << url;
  }

  LoopbackServer secret_{[](const std::string&) { return answer("secret"); }};
  LoopbackServer public_{[this](const std::string& request) {
    return request.starts_with("GET /away ") ? redirect(away_) : answer("public");
  }};
  std::string away_;
};

TEST_F(SsrfTest, TheWorldOfTheseTestsWorks) {
  resolve("good.test", {{kPublic}});
  open({});
  const Answer got = ask("get", {"http://good.test/"});
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("data"), Value("public"));
  EXPECT_EQ(tried(), std::vector<std::string>{std::string(kPublic) + ":80"});
}

TEST_F(SsrfTest, DecimalOctalAndHexadecimalAddresses) {
  open({});
  for (const char* host : {"127.0.0.1", "2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.1", "127.1",
                           "127.0.1", "10.1", "0xa000001", "012.0.0.1"})
    expect_refused(fmt::format("http://{}/", host), "private or reserved");
}

TEST_F(SsrfTest, Ipv4InsideIpv6) {
  open({});
  for (const char* host : {"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]",
                           "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "[2001::1]", "[0:0:0:0:0:ffff:10.0.0.1]"})
    expect_refused(fmt::format("http://{}/", host), "private or reserved");
}

TEST_F(SsrfTest, ThisHostAndThisNetwork) {
  // Some resolvers know the name with its dot, others do not.
  for (const char* spelling : {"localhost.", "LOCALHOST."}) resolve(spelling, {{"127.0.0.1"}});
  open({});
  for (const char* host : {"0.0.0.0", "0", "0.1.2.3", "localhost", "LOCALHOST.", "localhost."})
    expect_refused(fmt::format("http://{}/", host), "private or reserved");
}

TEST_F(SsrfTest, LinkLocalAndMetadataServices) {
  resolve("metadata.google.internal", {{"169.254.169.254"}});
  open({});
  for (const char* host : {"169.254.169.254", "2852039166", "0xa9fea9fe", "169.254.170.2", "100.100.100.200",
                           "168.63.129.16", "[fe80::1]", "[fd00:ec2::254]", "metadata.google.internal"})
    expect_refused(fmt::format("http://{}/latest/meta-data/", host), "private or reserved");
}

TEST_F(SsrfTest, PrivateRangesByName) {
  open({});
  for (const char* address : {"10.0.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "192.0.0.8", "198.18.0.1",
                              "224.0.0.1", "255.255.255.255", "fc00::1"}) {
    resolve("inside.test", {{address}});
    open({});
    expect_refused("http://inside.test/", "private or reserved");
  }
}

TEST_F(SsrfTest, RedirectsToPrivateRanges) {
  resolve("good.test", {{kPublic}});
  resolve("inside.test", {{"10.0.0.1"}});
  for (const char* target : {"http://127.0.0.1/", "http://169.254.169.254/", "//10.0.0.1/", "http://inside.test/",
                             "http://0x7f.1/", "http://[::ffff:10.0.0.1]/"}) {
    away_ = target;
    open({});
    const std::string message = refusal("get", {"http://good.test/away"});
    EXPECT_NE(message.find("private or reserved"), std::string::npos) << target << ": " << message;
    EXPECT_EQ(secret_.requests(), 0) << target;
  }
  for (const auto& address : tried()) EXPECT_EQ(address, std::string(kPublic) + ":80");
}

TEST_F(SsrfTest, RedirectsToOtherSchemesAndWithCredentials) {
  resolve("good.test", {{kPublic}});
  open({});
  away_ = "gopher://127.0.0.1:80/_x";
  EXPECT_EQ(refusal("get", {"http://good.test/away"}), "url scheme \"gopher\" is not allowed; use http or https");
  away_ = "http://user:password@good.test/";
  EXPECT_EQ(refusal("get", {"http://good.test/away"}), "url carries credentials; send them in a header instead");
  EXPECT_EQ(tried().size(), 2u) << "the two that were redirected, and nothing after them";
}

// A name that is public when it is checked and private when it is used: here the address that is
// checked is the one that is connected to, so there is no second look-up to lie in.
TEST_F(SsrfTest, DnsRebindingBetweenCheckAndConnection) {
  resolve("rebind.test", {{kPublic}, {"127.0.0.1"}});
  open({});
  const Answer got = ask("get", {"http://rebind.test/"});
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("data"), Value("public"));
  EXPECT_EQ(lookups("rebind.test"), 1);
  EXPECT_EQ(secret_.requests(), 0);
}

TEST_F(SsrfTest, DnsRebindingBetweenRequests) {
  resolve("rebind.test", {{kPublic}, {"127.0.0.1"}});
  open({});
  EXPECT_TRUE(ask("get", {"http://rebind.test/"}).value.has_value());
  open({});  // remembers nothing of the first look-up
  EXPECT_NE(refusal("get", {"http://rebind.test/"}).find("private or reserved"), std::string::npos);
  EXPECT_EQ(lookups("rebind.test"), 2);
  EXPECT_EQ(secret_.requests(), 0);
}

TEST_F(SsrfTest, DnsRebindingBetweenRedirects) {
  resolve("first.test", {{kPublic}});
  resolve("second.test", {{"127.0.0.1"}});
  away_ = "http://second.test/";
  open({});
  EXPECT_NE(refusal("get", {"http://first.test/away"}).find("private or reserved"), std::string::npos);
  EXPECT_EQ(secret_.requests(), 0);
}

TEST_F(SsrfTest, ANameWithPublicAndPrivateAddressesReachesThePublicOnesOnly) {
  resolve("both.test", {{"127.0.0.1", kPublic, "10.0.0.1"}});
  open({});
  const Answer got = ask("get", {"http://both.test/"});
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("data"), Value("public"));
  EXPECT_EQ(secret_.requests(), 0);
  for (const auto& address : tried()) EXPECT_EQ(address, std::string(kPublic) + ":80");
}

TEST_F(SsrfTest, ProxiesOfTheEnvironment) {
  const std::vector<std::string> variables = {"http_proxy", "all_proxy", "ALL_PROXY"};
  for (const auto& name : variables) setenv(name.c_str(), "http://127.0.0.1:80/", 1);
  resolve("good.test", {{kPublic}});
  open({});
  const Answer got = ask("get", {"http://good.test/"});
  for (const auto& name : variables) unsetenv(name.c_str());
  ASSERT_TRUE(got.value.has_value()) << got.error->message;
  EXPECT_EQ(*got.value->find("data"), Value("public"));
  EXPECT_EQ(secret_.requests(), 0);
}

TEST_F(SsrfTest, CredentialsInTheUrl) {
  open({});
  for (const char* url : {"http://user:pass@good.test/", "http://user@good.test/", "http://good.test:80@127.0.0.1/"})
    expect_refused(url, "url carries credentials");
}

TEST_F(SsrfTest, SchemesThatAreNotHttp) {
  open({});
  for (const char* scheme : {"file", "ftp", "gopher", "dict", "ldap", "smb", "telnet", "tftp", "ws", "unix"})
    expect_refused(fmt::format("{}://127.0.0.1/x", scheme), "use http or https");
}

TEST_F(SsrfTest, TextThatParsersReadDifferently) {
  open({});
  for (const char* url : {"http://good.test\\@127.0.0.1/", "http://127.0.0.1\t/", "http:\\\\127.0.0.1\\", "http://127.0.0.1%2f@good.test/"}) {
    EXPECT_TRUE(ask("get", {url}).error.has_value()) << url;
    EXPECT_EQ(tried(), std::vector<std::string>{}) << url;
  }
}

}  // namespace
}  // namespace nexus::extension
