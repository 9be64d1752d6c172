// Attack: turns back its own clock and then spins
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: a time limit that asks the guest for the time asks the attacker.
Date.now = () => 0;
Date.prototype.getTime = () => 0;
$time.now;
while (true);
