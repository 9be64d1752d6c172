// Attack: reads and writes keys of a megabyte
// expect: INVALID_ARGUMENT
// within: 5000
// Why it matters: a key is copied, compared and printed in messages.
const key = 'k'.repeat(1e6);
try {
  $state[key];
} catch (error) {
  if (error.message.length > 1000) throw new Error('long');
}
$state[key] = 1;
