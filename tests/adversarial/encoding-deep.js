// Attack: returns a hundred thousand nested lists
// expect: SERIALIZATION_ERROR
// within: 5000
// Why it matters: whatever decodes it recurses as deep as it nests.
let deep = [];
for (let i = 0; i < 1e5; i++) deep = [deep];
return deep;
