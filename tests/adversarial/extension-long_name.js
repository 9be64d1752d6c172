// Attack: calls a method whose name is a megabyte long
// expect: INVALID_ARGUMENT
// within: 5000
// Why it matters: names are copied into messages.
await $ext.api['m'.repeat(1e6)]();
