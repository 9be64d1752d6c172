import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { load } = createRequire(import.meta.url)('../lib/load.js');

test('a platform without a binary is named', () => {
  assert.throws(() => load({ platform: 'win32', arch: 'arm64', override: '' }),
    { code: 'NEXUS_UNSUPPORTED_PLATFORM', message: /no binary for win32-arm64; there are binaries for linux-x64/ });
});

test('a missing binary says where it should be and how to get it', () => {
  assert.throws(() => load({ override: '/nowhere/nexus_runtime.node' }),
    { code: 'NEXUS_BINARY_MISSING', message: /\/nowhere\/nexus_runtime\.node is missing; .*script\/build/ });
});

test('a file that is no binary of this platform is refused with the reason', () => {
  assert.throws(() => load({ override: fileURLToPath(new URL('types.ts', import.meta.url)) }),
    { code: 'NEXUS_BINARY_UNUSABLE', message: /types\.ts cannot be loaded by Node\.js/ });
});
