// What a change of a panel's state costs: the change, or the state?
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/state/store.h"

namespace nexus::state {
namespace {

using value::DataType;
using value::List;
using value::Object;
using value::Value;

constexpr std::size_t kMaxBytes = 64u << 20;

std::vector<Mutation> change_of(const std::string& key, int round) {
  return {{.key = key, .value = round}};
}

// One of `keys` numbers is set.
void BM_SetOneKey(benchmark::State& state) {
  std::vector<Declaration> declarations;
  for (int i = 0; i < state.range(0); ++i)
    declarations.push_back({"key" + std::to_string(i), DataType::kNumber, -1});
  Store store = Store::create(std::move(declarations), {}, kMaxBytes).take();
  const std::string key = "key" + std::to_string(state.range(0) / 2);
  int round = 0;
  for (auto _ : state) NX_CHECK(store.apply(change_of(key, round++))->size() == 1);
}
BENCHMARK(BM_SetOneKey)->Arg(100)->Arg(10000);

Value row(int id) { return Object{{"id", id}, {"text", "a row of a table"}, {"done", false}}; }

Store store_with_rows(std::int64_t rows) {
  List list;
  for (int i = 0; i < rows; ++i) list.push_back(row(i));
  return Store::create({{"rows", DataType::kList, std::move(list)}}, {}, kMaxBytes).take();
}

// One row is put at the end of a list, and taken away again, as handlers do it.
void BM_AppendRow(benchmark::State& state) {
  Store store = store_with_rows(state.range(0));
  using Kind = value::PatchOperation::Kind;
  const List end = {static_cast<std::uint64_t>(state.range(0))};
  for (auto _ : state) {
    NX_CHECK(store.apply({{.key = "rows", .patch = {{Kind::kAdd, end, row(0)}}}}).ok());
    NX_CHECK(store.apply({{.key = "rows", .patch = {{Kind::kRemove, end, {}}}}}).ok());
  }
}
BENCHMARK(BM_AppendRow)->Arg(100)->Arg(10000);

// The same row, but written with the whole list: what patches are there to avoid.
void BM_AppendRowByTheWholeList(benchmark::State& state) {
  Store store = store_with_rows(state.range(0));
  const Value before = *store.get("rows");
  Value after = before;
  after.list().push_back(row(0));
  for (auto _ : state) {
    NX_CHECK(store.apply({{.key = "rows", .value = after}}).ok());
    NX_CHECK(store.apply({{.key = "rows", .value = before}}).ok());
  }
}
BENCHMARK(BM_AppendRowByTheWholeList)->Arg(100)->Arg(10000);

}  // namespace
}  // namespace nexus::state

BENCHMARK_MAIN();
