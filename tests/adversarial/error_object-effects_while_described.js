// Attack: writes state and emits in the getters that describe the failure
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: effects of a failed segment are discarded, also those that come after the failure.
throw { get message() { $state.count = 99; $emit('late'); return 'x'; } };
