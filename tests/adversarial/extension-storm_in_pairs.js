// Attack: keeps two calls open all the time, and fails half of them
// expect: RESOURCE_LIMIT
// within: 30000
// Why it matters: answers come in any order, and every one starts a segment.
const again = async (method) => {
  for (;;) {
    try {
      await $ext.api[method]();
    } catch {}
  }
};
await Promise.all([again('echo'), again('fail')]);
