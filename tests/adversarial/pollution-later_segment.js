// Attack: pollutes before a suspension and counts on it afterwards
// expect: ok [6,"kept"]
// within: 5000
// Why it matters: what a run did to its own memory must survive its suspension, and nothing else's.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
const shared = [Array.prototype, Promise.prototype, Map, JSON];
for (const each of shared) tried(() => { each.mark = 'secret'; });
const kept = { mark: 'kept' };
$state.count++;
await $ext.api.echo();
return [$state.count, [].mark ?? shared.find((each) => each.mark)?.mark ?? kept.mark];
