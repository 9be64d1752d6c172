// Documents that should be panels and do not load (docs/PROTOCOL.md, "Faults").
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeScratch, Server } from './server.mjs';
import { SECRET, token } from './tokens.mjs';

const BROKEN = '<NexusPanel id="ledger" title="Ledger">\n<View><Text content="{$state.gone}"/></View></NexusPanel>';
const as = (credential) => ({ headers: { authorization: `Bearer ${credential}` } });

let server;
let folder;

before(async () => {
  folder = await makeScratch();
  await writeFile(join(folder, 'books.nxml'), BROKEN);
  await writeFile(join(folder, 'half.nxml'), '<NexusPanel');
  server = await Server.start({ panels: folder, env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, WORKSPACE_ID: 'w1' } });
});
after(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const get = (path, credential = token()) => server.request('GET', path, as(credential));

test('a file that is no panel is listed under the id that it would have, with what is wrong and where', async () => {
  const { faults } = (await get('/faults')).json;
  assert.deepEqual(faults.map(({ id, file, running, errors }) => ({ id, file, running, errors })), [
    { id: 'ledger', file: 'books.nxml', running: false, errors: 1 },
    { id: 'half', file: 'half.nxml', running: false, errors: 1 },
  ]);
  assert.match(faults[0].first, /^books\.nxml:2:23: error UNDEFINED_STATE_REFERENCE: /);
  const { status, json } = await get('/faults/ledger');
  assert.equal(status, 200);
  assert.equal(json.source, BROKEN);
  assert.deepEqual(json.diagnostics.map(({ code, line }) => [code, line]), [['UNDEFINED_STATE_REFERENCE', 2]]);
  assert.equal((await get('/faults/nothing')).json.error.code, 'NOT_FOUND');
});

test('those of another workspace do not exist, and nobody sees them without a token', async () => {
  const stranger = token({ workspace: 'w2' });
  assert.deepEqual((await get('/faults', stranger)).json, { faults: [] });
  assert.equal((await get('/faults/ledger', stranger)).status, 404);
  assert.equal((await server.get('/faults')).status, 401);
  assert.equal((await get('/faults', token({ permissions: ['panel:execute'] }))).status, 403);
});
