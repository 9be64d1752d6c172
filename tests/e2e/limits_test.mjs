// A noisy workspace meets its limits, and a quiet one does not notice.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Server, panelWith } from './server.mjs';
import { SECRET, token } from './tokens.mjs';

const LOOPS = panelWith('while (true);');

// A server with two workspaces, whose requests carry their tokens.
async function withWorkspaces(env, body) {
  const server = await Server.start({ env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, ...env } });
  const workspace = (name) => {
    const headers = { authorization: `Bearer ${token({ sub: name, workspace: name })}` };
    return {
      async create(panelId) {
        const made = await server.request('POST', '/panels',
          { headers, type: 'application/json', body: JSON.stringify({ source: LOOPS, panelId }) });
        assert.equal(made.status, 201, made.text);
      },
      trigger: (panel, tool) => server.request('POST', `/panels/${panel}/trigger/${tool}`,
        { headers, type: 'application/json', body: '{}' }),
    };
  };
  try {
    await body(workspace('noisy'), workspace('quiet'));
  } finally {
    assert.equal(await server.stop(), 0);
  }
}

test('a quiet workspace is served while a noisy one has more endless runs than there are sandboxes', () =>
  withWorkspaces({ MAX_INSTANCES: '3', MAX_RUNS_PER_WORKSPACE: '2', TIMEOUT_MS: '700', DRAIN_TIMEOUT_MS: '0' },
    async (noisy, quiet) => {
      // Two at a time, so many that their time limits would add up to a quarter of a minute.
      const panels = Array.from({ length: 40 }, (_, index) => `n${index}`);
      for (const panel of panels) await noisy.create(panel);
      await quiet.create('q');
      let over = 0;
      const runs = panels.map((panel) => noisy.trigger(panel, 'run').finally(() => { over++; }));
      for (let i = 1; i <= 20; i++)
        assert.deepEqual((await quiet.trigger('q', 'ok')).json.returnValue, i);
      assert.ok(over < panels.length, 'all of the noisy runs were served first');
      for (const run of runs.slice(0, 8)) assert.equal((await run).json.error.code, 'TIMEOUT');
      Promise.allSettled(runs);  // the end of the server ends the others
    }));

test('requests beyond the queues of a panel and of a workspace are 429 with Retry-After, and only those', () =>
  withWorkspaces({ MAX_INSTANCES: '2', TIMEOUT_MS: '300', MAX_QUEUE_PER_PANEL: '3', MAX_QUEUE_PER_WORKSPACE: '5' },
    async (noisy, quiet) => {
      for (const panel of ['n0', 'n1']) await noisy.create(panel);
      await quiet.create('q');
      const answers = Array.from({ length: 20 }, (_, index) => noisy.trigger(`n${index % 2}`, 'run'));
      assert.equal((await quiet.trigger('q', 'ok')).status, 200);
      const done = await Promise.all(answers);
      const refused = done.filter(({ status }) => status === 429);
      assert.ok(refused.length >= 20 - 5 - 2 && refused.length < 20, `${refused.length} refused`);
      for (const answer of refused) {
        assert.equal(answer.json.error.code, 'RESOURCE_LIMIT');
        assert.match(answer.json.error.message, /requests waiting/);
        assert.ok(answer.headers.get('retry-after'));
      }
      for (const answer of done.filter(({ status }) => status !== 429)) assert.equal(answer.json.error.code, 'TIMEOUT');
    }));
