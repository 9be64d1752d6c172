// Attack: turns back its own clock and then spins
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: a time limit that asks the guest for the time asks the attacker.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
tried(() => { Date.now = () => 0; });
tried(() => { Date.prototype.getTime = () => 0; });
tried(() => { Date = class { static now() { return 0; } }; });
$time.now;
while (true);
