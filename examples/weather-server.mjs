// The small JSON server behind weather.nxml: invented but steady forecasts, and a deliberate delay, so that the
// panel has something to wait for.
//
//   GET /weather?city=NAME&delay=MS   {"city","days":[{"date","high","low","rain","sky"}]}, 404 for other cities
//
// WEATHER_PORT   where to listen on 127.0.0.1 (3100); 0 picks a free port, which the first line printed names
// --until-stdin-ends   stop when standard input ends, that is, when whoever started the server is gone
import { createServer } from 'node:http';

const CITIES = {
  lima: { city: 'Lima', high: 22, low: 17, rain: 8 },
  lisbon: { city: 'Lisbon', high: 24, low: 15, rain: 22 },
  nairobi: { city: 'Nairobi', high: 26, low: 14, rain: 41 },
  oslo: { city: 'Oslo', high: 9, low: 2, rain: 63 },
};
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'];
const MAX_DELAY_MS = 10000;

function sky(rain) {
  if (rain > 60) return 'rain';
  return rain > 30 ? 'clouds' : 'sun';
}

function forecast({ city, high, low, rain }) {
  const days = WEEKDAYS.map((date, index) => {
    const chance = (rain + index * 17) % 100;
    return { date, high: high + ((index * 3) % 5), low: low + (index % 3), rain: chance, sky: sky(chance) };
  });
  return { city, days };
}

function answer(url) {
  if (url.pathname !== '/weather') return { status: 404, body: { message: `no ${url.pathname} here; ask /weather` } };
  const name = url.searchParams.get('city') ?? '';
  const found = Object.hasOwn(CITIES, name.toLowerCase()) ? CITIES[name.toLowerCase()] : undefined;
  if (!found) return { status: 404, body: { message: `no forecast for "${name}"; try Lisbon, Oslo, Nairobi or Lima` } };
  return { status: 200, body: forecast(found) };
}

function delay(url) {
  const wanted = Number(url.searchParams.get('delay') ?? 0);
  return Number.isFinite(wanted) ? Math.min(Math.max(wanted, 0), MAX_DELAY_MS) : 0;
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1');
  const { status, body } = answer(url);
  setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }, delay(url));
});

server.on('error', (error) => {
  console.error(`weather server: ${error.message}; set WEATHER_PORT to a free port`);
  process.exit(1);
});

server.listen(Number(process.env.WEATHER_PORT ?? 3100), '127.0.0.1', () => {
  console.log(`weather server: http://127.0.0.1:${server.address().port}/weather?city=Lisbon`);
});

if (process.argv.includes('--until-stdin-ends')) {
  process.stdin.on('end', () => process.exit(0)).resume();
}
