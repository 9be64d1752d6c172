#include "handler_generator.h"

#include <random>
#include <string_view>
#include <vector>

namespace nexus::differential {
namespace {

// Loops run a fixed few times and statements nest a bounded few levels, so every handler ends soon.
constexpr int kDepth = 3;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string handler() {
    std::string text = "let a = 1, b = 'b', c = [1, 2], d = {x: 1};\n";
    for (int i = pick(4) + 3; i > 0; --i) text += statement(kDepth);
    return text +
           "return {a, b, c, d, count: $state.count, name: $state.name, items: $state.items};\n";
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::string one_of(const std::vector<std::string>& choices) {
    return choices[random_() % choices.size()];
  }

  std::string number(int depth) {
    if (depth == 0)
      return one_of({"a", "1", "(-3)", "0.5", "$state.count", "$args.n", "c.length", "1e21"});
    const std::string x = number(depth - 1);
    switch (pick(8)) {
      case 0:
        return "(" + x +
               one_of({" + ", " - ", " * ", " % ", " | ", " ** ", " >> ",
                       " ?"
                       "? "}) +
               number(depth - 1) + ")";
      case 1:
        return "(" + condition(depth - 1) + " ? " + x + " : " + number(depth - 1) + ")";
      case 2:
        return "Math." + one_of({"max", "min", "hypot", "imul"}) + "(" + x + ", 2)";
      case 3:
        return "$state.items.length";
      case 4:
        return list(depth - 1) + ".reduce((sum, each) => sum + Number(each) || 0, 0)";
      case 5:
        return "parseInt(" + text(depth - 1) + ", 36)";
      case 6:
        return "($state.items[" + std::to_string(pick(3)) +
               "]?.id ?"
               "? " +
               x + ")";
      default:
        return "((n) => n + " + x + ")(" + number(depth - 1) + ")";
    }
  }

  std::string text(int depth) {
    if (depth == 0)
      return one_of({"b", "'x'", "'\\u00e9\\ud83d\\ude00'", "$state.name", "''", "`${a}`"});
    const std::string x = text(depth - 1);
    switch (pick(6)) {
      case 0:
        return "(" + x + " + " + text(depth - 1) + ").slice(0, 40)";
      case 1:
        return "`<${" + number(depth - 1) + "}>`";
      case 2:
        return "JSON.stringify(" + value(depth - 1) +
               " ?"
               "? null).slice(0, 60)";
      case 3:
        return "(" + x + ")" + one_of({".toUpperCase()", ".replace(/[aeiou]/g, '*')", ".padStart(4, '.')",
                           ".split('').reverse().join('')", ".at(-1) + ''", ".normalize('NFD')"});
      case 4:
        return "String(" + value(depth - 1) + ").slice(0, 40)";
      default:
        return "typeof " + value(depth - 1);
    }
  }

  std::string list(int depth) {
    if (depth == 0) return one_of({"c", "[]", "[3, 1, 2]", "$args.list", "[...'abc']"});
    switch (pick(5)) {
      case 0:
        return "[" + number(depth - 1) + ", ..." + list(depth - 1) + "].slice(0, 8)";
      case 1:
        return list(depth - 1) + ".map((each, i) => " +
               one_of({"i", "each", "`${each}`", "[each]"}) + ")";
      case 2:
        return list(depth - 1) + ".filter((each) => " + condition(0) + ")";
      case 3:
        return "$state.items.map((each) => each" + one_of({".id", "?.tags?.length", ""}) + ")";
      default:
        return "Object.keys(" + one_of({"d", "$state.config", "$state"}) + ")";
    }
  }

  std::string condition(int depth) {
    const std::string left =
        depth == 0 ? one_of({"a", "$state.count", "c.length"}) : number(depth - 1);
    return one_of({left + " > 2", left + " === 1", "!(" + left + " <= 0)", "'x' in d",
                   "$state.name !== b", "'deep' in $state.config",
                   "c.includes(1) && " + left + " < 9"});
  }

  std::string value(int depth) {
    switch (pick(depth == 0 ? 3 : 5)) {
      case 0:
        return number(depth);
      case 1:
        return text(depth);
      case 2:
        return one_of({"null", "true", "undefined", "d", "c", "$state.config.deep", "new Date(0)"});
      case 3:
        return list(depth - 1);
      default:
        return "({" + one_of({"x", "id", "n"}) + ": " + value(depth - 1) +
               ", k: " + value(depth - 1) + "})";
    }
  }

  std::string block(int depth) {
    std::string body = "{\n";
    for (int i = pick(2) + 1; i > 0; --i) body += statement(depth - 1);
    return body + "}";
  }

  std::string place() {
    return one_of({"$state.config.deep.n", "$state.config.fresh", "$state.items[0].id",
                   "$state.items[$state.items.length - 1].id", "$state.config[b]", "d.x",
                   "$state.items[0].tags[0]"});
  }

  std::string write(int depth) {
    switch (pick(14)) {
      case 0:
        return "$state.count" + one_of({" = ", " += ", " -= ", " *= "}) + number(depth) + ";\n";
      case 1:
        return "$state.name = " + text(depth) + ";\n";
      case 2:
        return place() + " = " + value(depth) + ";\n";
      case 3:
        return "$state.items." + one_of({"push", "unshift"}) + "({id: " + number(depth) + "});\n";
      case 4:
        return one_of({"c.push($state.items.pop()?.id);\n", "$state.items.shift();\n",
                       "$state.items.splice(1, 1);\n", "$state.items.reverse();\n",
                       "$state.items.sort((p, q) => (q.id ?"
                       "? 0) - (p.id ?"
                       "? 0));\n",
                       "$state.items.length = 1;\n"});
      case 5:
        return "delete " +
               one_of({"$state.config.deep", "$state.config.fresh", "$state.items[0].tags", "d.x",
                       "$state.name"}) +
               ";\n";
      case 6:
        return "$state[" + condition(0) + " ? 'count' : 'nope'] = " + number(depth) + ";\n";
      case 7:
        return "{ const alias = $state." + one_of({"items", "config"}) + "; alias[" + number(0) +
               "] = " + value(0) + "; }\n";
      case 8:
        return "{ const { deep } = $state.config; deep.m = " + value(depth) + "; }\n";
      case 9:
        return "for (const each of $state.items) each.id = " + number(0) + ";\n";
      case 10:
        return "$state.update('count', (n) => n + " + number(0) + ");\n";
      case 11:
        return "Object.assign($state.config, {k: " + value(0) + "});\n";
      case 12:
        return "$state.count++;\n";
      default:
        return "$state.fixed = " + number(0) + ";\n";
    }
  }

  std::string call(int depth) {
    const std::string one =
        "$ext.api." + one_of({"echo", "echo", "fail", "clear"}) + "(" + value(depth) + ")";
    switch (pick(5)) {
      case 0:
        return "c = (await Promise.allSettled([" + one +
               ", $ext.api.echo(a)])).map((each) => each.status);\n";
      case 1:
        return "b = JSON.stringify(await Promise." + one_of({"all", "race", "any"}) + "([" + one +
               ", $ext.api.echo(b)])).slice(0, 50);\n";
      case 2:
        return "for (const each of [1, 2]) a += (await $ext.api.echo(each))[0];\n";
      case 3:
        return "await Promise.all(c.slice(0, 3).map(async (each) => { d.x = await "
               "$ext.api.echo(each); }));\n";
      default:
        return "d = {x: await " + one + "};\n";
    }
  }

  std::string effect(int depth) {
    return one_of({"$log(" + value(depth) + ", " + text(depth) + ");\n",
                   "$log.warn(new RangeError(" + text(0) + ").message);\n",
                   "$emit(" + one_of({"'saved'", "'x:' + a", "b"}) + ", " + value(depth) + ");\n",
                   "$emit.toast(" + text(0) + ");\n",
                   "$view.setFilter('t', " + value(depth) + ");\n",
                   "$view.getElementById(b).setProp('p', " + value(0) + ");\n"});
  }

  std::string flow(int depth) {
    switch (pick(9)) {
      case 0:
        return "if (" + condition(depth) + ") " + block(depth) + " else " + block(depth) + "\n";
      case 1:
        return "for (let i = 0; i < 3; i++) { if (i === 1 && " + condition(0) + ") continue; " +
               statement(depth - 1) + "}\n";
      case 2:
        return "try " + block(depth) + " catch (e) { b = e.name + ': ' + e.message; }\n";
      case 3:
        return "try " + block(depth) +
               " catch (e) { a = [e.code, e.extension].length; } finally { c = [a]; }\n";
      case 4:
        return "switch (a) { case 1: " + statement(depth - 1) + " case 2: " + statement(depth - 1) +
               " break; default: " + statement(depth - 1) + "}\n";
      case 5:
        return "{ function* steps() { yield a; try { yield* c; } finally { a++; } }\n for (const "
               "each of steps()) { if (each === 2) "
               "break; b += each; } }\n";
      case 6:
        return "out: for (const p of [1, 2]) for (const q of 'xy') { if (q === 'y' && p === 1) "
               "continue out; b = (b + p + q).slice(-9); }\n";
      case 7:
        return "{ class Box { #v = a; get v() { return this.#v; } static of() { return new this(); "
               "} } a = Box.of().v; }\n";
      default:
        return "await (async () => " + block(depth) + ")();\n";
    }
  }

  std::string statement(int depth) {
    const int kind = pick(20);
    if (kind < 7) return write(depth < 2 ? depth : 2);
    if (kind < 10) return effect(depth < 2 ? depth : 2);
    if (kind < 12)
      return one_of({"a = " + number(2), "b = " + text(2), "c = " + list(2),
                     "d = {x: " + value(1) + "}"}) +
             ";\n";
    if (kind < 14) return call(1);
    if (kind == 14 && depth < kDepth)
      return "throw new " + one_of({"Error", "TypeError", "RangeError"}) + "(" + text(1) + ");\n";
    return depth > 0 ? flow(depth) : write(0);
  }

  std::mt19937_64 random_;
};

}  // namespace

std::string random_handler(std::uint64_t seed) { return Generator(seed).handler(); }

}  // namespace nexus::differential
