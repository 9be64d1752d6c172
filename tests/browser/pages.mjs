// Pages of somebody else's site: a web server of another origin than nexusd's, for tests that embed panels.
import { once } from 'node:events';
import { createServer } from 'node:http';

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8' };

// Serves what `files` holds by path; `add` puts more there. Close it with close().
export async function startPages(files = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://here').pathname;
    const body = files[path];
    if (body === undefined) response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
    else response.writeHead(200, { 'content-type': TYPES[path.split('.').at(-1)] }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // Not the name that nexusd is called by, so that nothing is of the same origin or site.
    origin: `http://localhost:${server.address().port}`,
    add: (path, body) => { files[path] = body; },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function pageOf({ head = '', body = '' }) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Elsewhere</title>${head}</head>
<body><main><h1>Elsewhere</h1>${body}</main></body></html>`;
}
