// Attack: puts half characters into every text that leaves the sandbox
// expect: ok ["�","��"]
// within: 5000
// Why it matters: bytes that are not UTF-8 in a text frame make a browser close the connection: of every
// client of the panel.
const half = '\ud83d';
$log(half + ' log');
$emit('event ' + half, { ['key ' + half]: half });
$view.setFilter('id ' + half, half);
$view.command(half, half, { [half]: half });
$state.name = half;
Promise.reject(new Error(half));
return [half, '\udc00\udc00'];
