// Attack: opens sixty-four calls with arguments just within the limit
// expect: RESOURCE_LIMIT
// within: 8000
// Why it matters: each is within its limit, and together they are gigabytes in the host.
const nulls = new Array(1e6).fill(null);
for (let i = 0; i < 63; i++) $ext.api.never(nulls);
await $ext.api.never();
