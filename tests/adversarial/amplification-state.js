// Attack: stores a text larger than the state may be
// expect: RESOURCE_LIMIT|STATE_ERROR
// within: 5000
// Why it matters: state is stored, and sent to every client.
$state.name = 'x'.repeat(6e6);
