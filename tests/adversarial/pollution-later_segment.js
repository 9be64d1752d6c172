// Attack: pollutes before a suspension and counts on it afterwards
// expect: ok [6,"secret"]
// within: 5000
// Why it matters: what a run did to its own memory must survive its suspension, and nothing else's.
Array.prototype.mark = 'secret';
$state.count++;
await $ext.api.echo();
return [$state.count, [].mark];
