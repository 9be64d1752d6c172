// Attack: waits for a million promises at once
// expect: TIMEOUT|RESOURCE_LIMIT|MEMORY_LIMIT|ok 1000000
// within: 12000
// timeout: 3000
// Why it matters: each element costs several objects, all made by one native call.
return (await Promise.all(new Array(1e6).fill(0))).length;
