// What a volume keeps while containers come and go: docs/STORAGE.md and the parts "Upgrade" and "Backup" of
// docs/OPERATIONS.md, done to the image. `image` gives {container, config, scratch} once the image is there.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { freePort, panelWith } from '../e2e/server.mjs';
import { SECRET, bearer, token } from '../e2e/tokens.mjs';
import { WebSocketClient } from '../e2e/websocket.mjs';

const NEXUS = '/app/bin/nexus';

// A container of the image on a volume of its own, or on that of another.
class Instance {
  static async start(image, volume) {
    const instance = new Instance();
    instance.image = image;
    instance.ports = { HTTP_PORT: String(await freePort()), WS_PORT: String(await freePort()) };
    const folder = await mkdtemp(join(image.scratch, 'instance-'));
    instance.env = { ...instance.ports, JWT_SECRET: SECRET, DATA_DIR: volume ?? join(folder, 'data'), CACHE_DIR: join(folder, 'cache') };
    await instance.again();
    return instance;
  }

  async again() {
    this.server = await this.image.container.start(this.image.config.Entrypoint, this.env);
  }

  run(...command) {
    return this.image.container.run(command, this.env);
  }

  async ask(method, path, body) {
    const headers = { ...bearer(token()).headers, ...(body ? { 'content-type': 'application/json' } : {}) };
    const answer = await fetch(`http://127.0.0.1:${this.ports.HTTP_PORT}${path}`, { method, headers, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  }

  // All of a panel that a restart must keep.
  async panel(id) {
    const { version, epoch, createdAt, title } = await this.ask('GET', `/panels/${id}`);
    return { version, epoch, createdAt, title, state: await this.ask('GET', `/panels/${id}/state`) };
  }

  async connect(id, query = '') {
    const client = await WebSocketClient.open(this.ports.WS_PORT, `/panels/${id}/ws${query}`, bearer(token()));
    const connected = await client.next();
    client.destroy();
    return connected;
  }

  trigger(id) {
    return this.ask('POST', `/panels/${id}/trigger/ok`, {});
  }
}

async function counted(image, times) {
  const instance = await Instance.start(image);
  await instance.ask('POST', '/panels', { panelId: 'kept', source: panelWith('') });
  for (let i = 0; i < times; ++i) await instance.trigger('kept');
  return instance;
}

export function restartTests(image) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`state, version and epoch are the same after a container ended by ${signal}, and its clients miss nothing`, async () => {
      const instance = await counted(image(), 3);
      try {
        const before = await instance.panel('kept');
        assert.deepEqual(before.state, { n: 3 });
        assert.equal(await instance.server.end(signal), signal === 'SIGTERM' ? 0 : signal);
        await instance.again();
        assert.deepEqual(await instance.panel('kept'), before);
        const since = `?epoch=${before.epoch}&since=${before.version}`;
        assert.equal((await instance.connect('kept', since)).resumed, true);
        assert.equal((await instance.trigger('kept')).returnValue, 4);
        assert.equal((await instance.panel('kept')).version, before.version + 1);
      } finally {
        await instance.server.end();
      }
    });
  }

  test('a second container on the same volume ends with 2 and says why; the first goes on', async () => {
    const first = await counted(image(), 1);
    try {
      await assert.rejects(Instance.start(image(), first.env.DATA_DIR), /ended with 2:[^]*in use by another nexusd/);
      assert.equal((await first.trigger('kept')).returnValue, 2);
    } finally {
      assert.equal(await first.server.end(), 0);
    }
  });

  test('a backup taken inside while the server runs is restored to a new volume, with a new epoch', async () => {
    const first = await counted(image(), 2);
    let before;
    try {
      await first.run(NEXUS, 'backup', '/data', '/data/nightly.backup');
      await assert.rejects(first.run(NEXUS, 'backup', '/data', '/data/nightly.backup'), /nightly\.backup.*cannot be created/);
      await assert.rejects(first.run(NEXUS, 'restore', '/data/nightly.backup', '/data'), /in use by another nexusd/);
      before = await first.panel('kept');
      await first.trigger('kept');
    } finally {
      assert.equal(await first.server.end(), 0);
    }
    await assert.rejects(first.run(NEXUS, 'restore', '/data/nightly.backup', '/data'), /is not empty/);
    // As a volume comes from the system, with the backup on another one, here the place of the cache.
    const volume = await mkdtemp(join(image().scratch, 'volume-'));
    await mkdir(join(volume, 'lost+found'), { mode: 0o700 });
    await chown(volume, 1000, 1000);
    await image().container.run([NEXUS, 'restore', '/tmp/nexus-cache/nightly.backup', '/data'],
      { DATA_DIR: volume, CACHE_DIR: first.env.DATA_DIR });
    const second = await Instance.start(image(), volume);
    try {
      const { epoch, ...restored } = await second.panel('kept');
      assert.notEqual(epoch, before.epoch);
      assert.deepEqual({ epoch: before.epoch, ...restored }, before);
      const connected = await second.connect('kept', `?epoch=${before.epoch}&since=${before.version}`);
      assert.deepEqual(connected.state, { n: 2 }, 'what a client of the lost volume knows is replaced');
      assert.equal((await second.trigger('kept')).returnValue, 3);
    } finally {
      assert.equal(await second.server.end(), 0);
    }
  });
}
