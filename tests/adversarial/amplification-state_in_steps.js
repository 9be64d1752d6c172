// Attack: grows a list of the state in steps that are each within the limit
// expect: STATE_ERROR|RESOURCE_LIMIT|MEMORY_LIMIT
// within: 8000
// Why it matters: the bound on one write is no bound on what many writes make.
const chunk = 'x'.repeat(1e6);
for (let i = 0; i < 12; i++) $state.items.push(chunk);
