#include <sys/wait.h>
#include <unistd.h>

#include "nexus/storage/offline.h"
#include "nexus/storage/schema_internal.h"
#include "nexus/storage/store_fixture_internal.h"

namespace nexus::storage {
namespace {

class DamageTest : public StoreTest {
 protected:
  // A store with enough rows for several pages, closed.
  void make_store() {
    open();
    std::vector<StateChange> state;
    for (int i = 0; i < 500; ++i)
      state.push_back({"key-" + std::to_string(i), std::string(200, 'x')});
    ASSERT_STORED(create(*store, make_panel("one"), std::move(state)));
    store.reset();
  }
  std::string database() const { return path() + "/nexus.db"; }

  // Opening fails with this text, and the database is as it was.
  void expect_refused(std::string_view text) {
    const std::string before = read_all(database());
    const auto refused = open_store(path());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kStorageError);
    EXPECT_NE(refused.error().message.find(text), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find(path()), std::string::npos) << refused.error().message;
    EXPECT_EQ(read_all(database()), before);
  }
  void execute(const char* sql) {
    const auto connection = Connection::open(database(), Connection::Mode::kWrite, {}).take();
    ASSERT_STORED(connection->execute(sql));
  }
};

TEST_F(DamageTest, ATornPageIsNoticedAtTheStart) {
  make_store();
  std::string bytes = read_all(database());
  ASSERT_GT(bytes.size(), 40'000u);
  for (std::size_t at = 30'000; at < 34'000; ++at) bytes[at] = static_cast<char>(at * 31);
  write_all(database(), bytes);
  expect_refused("is damaged");
}

TEST_F(DamageTest, AFileCutShortIsNoticedAtTheStart) {
  make_store();
  const std::string bytes = read_all(database());
  write_all(database(), std::string_view(bytes).substr(0, bytes.size() / 2));
  expect_refused("is damaged");
}

TEST_F(DamageTest, AnotherFileUnderTheNameIsLeftAlone) {
  make_store();
  write_all(database(), std::string(5000, 'z'));
  expect_refused("is damaged");
}

TEST_F(DamageTest, AnotherProgramsDatabaseIsLeftAlone) {
  make_store();
  execute("PRAGMA application_id = 5");
  expect_refused("is no Nexus database");
}

TEST_F(DamageTest, ANewerSchemaIsRefused) {
  make_store();
  execute("PRAGMA user_version = 99");
  expect_refused("was written by a newer Nexus (schema 99, this program knows 2)");
}

TEST_F(DamageTest, ADatabaseOfTheFirstSchemaIsBroughtToThisOne) {
  open();
  PanelRecord panel = make_panel("one");
  ASSERT_STORED(create(*store, panel));
  ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "1"}})));
  store.reset();
  execute("ALTER TABLE history DROP COLUMN failure; PRAGMA user_version = 1");
  const auto unread = read_history_of(path(), "one", 10, 10);
  ASSERT_FALSE(unread.ok());
  EXPECT_NE(unread.error().message.find("has schema 1, and this program reads schema 2"),
            std::string::npos)
      << unread.error().message;
  open();
  ASSERT_STORED(commit(*store, next_segment(panel, {{"n", "2"}})));
  EXPECT_EQ(store->history("one", 10, 10).value().size(), 2u);
  EXPECT_EQ(as_map(store->state_at("one", 1).take()), (std::map<std::string, std::string>{{"n", "1"}}));
}

TEST_F(DamageTest, ALogWithoutItsDatabaseIsNotThrownAway) {
  make_store();
  std::filesystem::rename(database(), database() + ".moved");
  write_all(database() + "-wal", "the last changes");
  expect_refused("is missing or empty, but its log");
  write_all(database(), "");
  expect_refused("is missing or empty, but its log");
  EXPECT_EQ(read_all(database() + "-wal"), "the last changes");
}

TEST_F(DamageTest, AStartThatWasCutOffIsMadeAnew) {
  auto directory = DataDir::open(path()).take();
  directory.reset();
  write_all(database(), "");
  execute("PRAGMA journal_mode = WAL");
  open();
  ASSERT_STORED(create(*store, make_panel("one")));
}

TEST_F(DamageTest, AFileThatCannotBeOpenedIsNamed) {
  make_store();
  std::filesystem::remove(database());
  std::filesystem::create_directory(database());
  const auto refused = open_store(path());
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("cannot be used"), std::string::npos)
      << refused.error().message;
}

TEST_F(DamageTest, ASecondProcessIsRefusedWhileTheFirstWrites) {
  open();
  const pid_t child = fork();
  if (child == 0) {
    const auto second = open_store(path());
    _exit(!second.ok() &&
                  second.error().message.find("is in use by another nexusd") != std::string::npos
              ? 0
              : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(DamageTest, AMigrationStepRunsOnceAndAFailedOneChangesNothing) {
  write_all(root / "steps.db", "");
  const auto connection = Connection::open(root / "steps.db", Connection::Mode::kWrite, {}).take();
  const char* const first[] = {"CREATE TABLE a(x) STRICT;"};
  const char* const broken[] = {"CREATE TABLE a(x INT) STRICT;",
                                "CREATE TABLE b(x INT) STRICT; nonsense;"};
  const char* const good[] = {"CREATE TABLE a(x INT) STRICT;", "CREATE TABLE b(x INT) STRICT;"};
  EXPECT_FALSE(migrate(*connection, first).ok());  // a column without a type is no STRICT table
  EXPECT_EQ(connection->number("PRAGMA user_version").value(), 0);
  ASSERT_STORED(migrate(*connection, std::span(good).first(1)));
  EXPECT_EQ(connection->number("PRAGMA user_version").value(), 1);
  EXPECT_FALSE(migrate(*connection, broken).ok());
  EXPECT_EQ(connection->number("PRAGMA user_version").value(), 1);
  EXPECT_EQ(connection->number("SELECT count(*) FROM sqlite_schema").value(), 1);
  ASSERT_STORED(migrate(*connection, good));
  ASSERT_STORED(migrate(*connection, good));
  EXPECT_EQ(connection->number("PRAGMA user_version").value(), 2);
}

}  // namespace
}  // namespace nexus::storage
