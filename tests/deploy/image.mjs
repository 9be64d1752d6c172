// Builds the image with buildah, in a storage of its own below build/image, and runs what is in it. Needs root: building
// and running a container take mounts and a change of root.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { HERE, ROOT, run } from './tools.mjs';

export const WORK = join(ROOT, 'build', 'image');
const storage = (driver) => ['--root', join(WORK, driver), '--runroot', join(WORK, 'run', driver), '--storage-driver', driver];
// Layers that were made longer ago are made anew, with the packages that Debian has by then.
const LAYERS_TTL = '168h';
export const BASE = 'docker.io/library/debian:bookworm-slim';
const LAUNCHER = join(HERE, 'in-container');

let options; // of every call
const buildah = (...args) => run('buildah', [...options, ...args], { env: { ...process.env, BUILDAH_ISOLATION: 'chroot' } });

export function requireRoot() {
  if (process.getuid() !== 0) throw new Error('building and running the image takes root: run this test with sudo');
}

export async function makeBase() {
  requireRoot();
  await mkdir(WORK, { recursive: true });
  // Overlays save copying every file for each layer, but cannot be made everywhere: not inside of another overlay.
  options = storage('overlay');
  await buildah('info').catch(() => { options = storage('vfs'); });
  // What an interrupted run left.
  await buildah('rm', '--all');
  await buildah('rmi', '--prune');
  await run(join(HERE, 'base-image'), options);
}

// Builds a stage of deploy/Dockerfile as the image `tag`. `builder` stands for the builder stage: a directory, or
// docker-image:// and the name of an image. Steps whose files and instructions are as they were are taken from the storage.
export async function buildImage(target, tag, { builder, more = [] } = {}) {
  const instead = builder ? ['--build-context', `builder=${builder}`] : [];
  await buildah('bud', '--pull=never', '--format', 'docker', '--layers', '--cache-ttl', LAYERS_TTL,
    '--file', join(ROOT, 'deploy', 'Dockerfile'),
    '--target', target, '--tag', tag, ...instead, ...more, ROOT);
}

// Removes an image and the layers that no other has.
export async function removeImage(tag) {
  await buildah('rmi', tag);
  await buildah('rmi', '--prune');
}

export async function imageConfig(tag) {
  const { Docker } = JSON.parse(await buildah('inspect', '--type', 'image', tag));
  return Docker.config;
}

// The image's files, mounted, and how to run its programs.
export class Container {
  static async create(tag, config, { visible = [] } = {}) {
    const container = new Container();
    container.name = (await buildah('from', '--pull-never', tag)).trim();
    container.root = (await buildah('mount', container.name)).trim();
    container.directory = join(WORK, tag);
    await rm(container.directory, { recursive: true, force: true });
    await mkdir(container.directory, { recursive: true });
    await symlink(container.root, join(container.directory, 'root'));
    await writeFile(join(container.directory, 'environment'), config.Env.map((line) => `${line}\n`).join(''));
    await writeFile(join(container.directory, 'visible'), visible.map((path) => `${path}\n`).join(''));
    for (const path of visible) await mkdir(join(container.root, path), { recursive: true });
    return container;
  }

  // A program that runs the command in the container with its own arguments, and with settings unless its
  // environment has them.
  async launcher(name, command, settings) {
    const path = join(this.directory, name);
    const defaults = Object.entries(settings).map(([key, value]) => `export ${key}="\${${key}:-${value}}"\n`).join('');
    await writeFile(path, `#!/bin/bash\n${defaults}exec ${LAUNCHER} ${this.directory} ${command} "$@"\n`, { mode: 0o755 });
    return path;
  }

  spawn(command, env, options) {
    return spawn(LAUNCHER, [this.directory, ...command], { env: { PATH: process.env.PATH, ...env }, ...options });
  }

  // Starts nexusd as `docker run` would, with the image's own command; resolves once it says that it is ready.
  async start(command, env) {
    const child = this.spawn(command, env, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    let log = '';
    const ready = new Promise((resolve) => {
      const keep = (chunk) => {
        log += chunk;
        if (log.includes('nexusd listening')) resolve(true);
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', keep);
    });
    if (!await Promise.race([ready, ended.then(() => false)])) throw new Error(`nexusd ended with ${child.exitCode}:\n${log}`);
    return {
      pid: child.pid,
      log: () => log,
      // Resolves to the exit code, or to the signal that ended it.
      async end(signal = 'SIGTERM') {
        child.kill(signal);
        const [code, by] = await ended;
        return code ?? by;
      },
    };
  }

  run(command, env) {
    return run(LAUNCHER, [this.directory, ...command], { env: { PATH: process.env.PATH, ...env } });
  }

  async remove() {
    await buildah('rm', this.name);
  }
}

// Bytes of the files of a stored image.
export async function imageBytes(tag) {
  const name = (await buildah('from', '--pull-never', tag)).trim();
  const root = (await buildah('mount', name)).trim();
  const bytes = Number((await run('du', ['--summarize', '--bytes', root])).split('\t')[0]);
  await buildah('rm', name);
  return bytes;
}
