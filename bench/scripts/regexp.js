// The regular expression engine.
const log = '2026-11-21T01:02:03Z host-17 GET /panels/p1/state 200 12ms\n'.repeat(200);
let hits = 0;
for (const m of log.matchAll(/(\d{4})-(\d\d)-(\d\d)T\S+ (host-\d+) (GET|POST) (\S+) (\d{3}) (\d+)ms/g)) hits += Number(m[8]);
if (hits !== 2400) throw new Error('wrong');
