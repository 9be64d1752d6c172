// An identity provider for the tests: keys, tokens, and a server of its key set.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

export const SECRET = 'e2e-0123456789abcdef-0123456789abcdef';
export const ALL = ['panel:create', 'panel:read', 'panel:execute', 'panel:approve', 'panel:delete'];

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export function claims({ sub = 'ann', workspace = 'w1', permissions = ALL, seconds = 3600, ...more } = {}) {
  return { sub, workspace_id: workspace, permissions, exp: Math.floor(Date.now() / 1000) + seconds, ...more };
}

// A token of JWT_SECRET.
export function token(options) {
  const part = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims(options))}`;
  return `${part}.${createHmac('sha256', SECRET).update(part).digest('base64url')}`;
}

const KINDS = {
  RS256: { type: 'rsa', options: { modulusLength: 2048 }, sign: (part, key) => sign('sha256', part, key) },
  ES256: { type: 'ec', options: { namedCurve: 'P-256' }, sign: (part, key) => sign('sha256', part, { key, dsaEncoding: 'ieee-p1363' }) },
  EdDSA: { type: 'ed25519', options: {}, sign: (part, key) => sign(null, part, key) },
};

// A key of its own: `jwk` for the set, and tokens signed with it.
export function makeKey(alg, kid) {
  const kind = KINDS[alg];
  const { publicKey, privateKey } = generateKeyPairSync(kind.type, kind.options);
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
    token(options) {
      const part = `${encode({ alg, kid })}.${encode(claims(options))}`;
      return `${part}.${kind.sign(Buffer.from(part), privateKey).toString('base64url')}`;
    },
  };
}

export class KeyServer {
  keys = [];
  requests = 0;
  status = 200;
  #server;

  static async start() {
    const server = new KeyServer();
    server.#server = createServer((request, response) => {
      server.requests++;
      response.writeHead(server.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ keys: server.keys.map(({ jwk }) => jwk) }));
    }).listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/keys.json`;
  }

  async stop() {
    this.#server.closeAllConnections?.();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function bearer(text) {
  return { headers: { authorization: `Bearer ${text}` } };
}
