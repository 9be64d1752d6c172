// Attack: writes what only the host may write
// expect: STATE_ERROR
// within: 5000
// Why it matters: a computed value that handlers can set is no longer computed.
try {
  $state.fixed++;
} catch (error) {
  if (error.code !== 'STATE_ERROR') throw error;
}
delete $state.fixed;
