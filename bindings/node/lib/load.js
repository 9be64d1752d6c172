'use strict';

const fs = require('node:fs');
const path = require('node:path');

const supported = ['linux-x64'];

function failure(code, message, cause) {
  return Object.assign(new Error(message, { cause }), { code });
}

// The native module for this machine: the file that NEXUS_RUNTIME_BINARY names, else the package's own. Throws an Error
// whose `code` is NEXUS_UNSUPPORTED_PLATFORM, NEXUS_BINARY_MISSING or NEXUS_BINARY_UNUSABLE and whose message says what to do.
function load({ platform = process.platform, arch = process.arch, override = process.env.NEXUS_RUNTIME_BINARY } = {}) {
  const target = `${platform}-${arch}`;
  if (!override && !supported.includes(target))
    throw failure('NEXUS_UNSUPPORTED_PLATFORM',
      `@nexus/runtime has no binary for ${target}; there are binaries for ${supported.join(', ')}`);
  const file = override || path.join(__dirname, '..', 'prebuilds', target, 'nexus_runtime.node');
  if (!fs.existsSync(file))
    throw failure('NEXUS_BINARY_MISSING',
      `@nexus/runtime: ${file} is missing; in a checkout of Nexus run script/build, elsewhere install the package again`);
  try {
    // Not require(): that goes by the name of the file.
    const loaded = { exports: {} };
    process.dlopen(loaded, file);
    return loaded.exports;
  } catch (error) {
    throw failure('NEXUS_BINARY_UNUSABLE',
      `@nexus/runtime: ${file} cannot be loaded by Node.js ${process.versions.node} on ${target}: ${error.message}`, error);
  }
}

module.exports = { load };
