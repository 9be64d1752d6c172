// Attack: hides a toJSON that would change what is stored
// expect: ok {"a":1}
// within: 5000
// Why it matters: code that runs during encoding sees a half-written message.
Object.prototype.toJSON = () => 'mine';
Array.prototype.toJSON = () => 'mine';
Date.prototype.toJSON = () => 'mine';
return { a: 1 };
