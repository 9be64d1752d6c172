// Small file systems of a test's own: a disk that can be filled, made read-only, or taken for broken by the system.
import { execFile } from 'node:child_process';
import { mkdir, open, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import { makeScratch } from './server.mjs';

const run = promisify(execFile);

export class Disk {
  // `type`: 'ext4', in a file of `megabytes`, or 'tmpfs'.
  static async make(type, megabytes = 24) {
    if (process.getuid() !== 0) throw new Error('mounting a file system of its own takes root: run this test with sudo');
    const disk = new Disk();
    disk.type = type;
    disk.megabytes = megabytes;
    disk.scratch = await makeScratch();
    disk.path = join(disk.scratch, 'disk');
    disk.image = join(disk.scratch, 'image');
    await mkdir(disk.path);
    if (type === 'ext4') {
      await writeFile(disk.image, '');
      await truncate(disk.image, megabytes << 20);
      await run('mkfs.ext4', ['-q', '-m', '0', disk.image]);
    }
    await disk.mount();
    return disk;
  }

  async mount(...options) {
    const all = this.type === 'ext4' ? ['loop', 'errors=remount-ro', ...options] : [`size=${this.megabytes}m`, ...options];
    const source = this.type === 'ext4' ? this.image : 'tmpfs';
    try {
      await run('mount', ['-t', this.type, '-o', all.join(','), source, this.path]);
    } catch (error) {
      throw new Error(`this test needs a file system of its own, and the system does not let it mount one: ${error.stderr || error}`);
    }
    this.mounted = true;
  }

  async unmount() {
    await run('umount', [this.path]);
    this.mounted = false;
  }

  // Leaves no free byte.
  async fill() {
    const filler = await open(join(this.path, 'filler'), 'w');
    for (const size of [1 << 20, 1 << 16, 1 << 12, 1]) {
      const bytes = Buffer.alloc(size, 'x');
      try { for (;;) if ((await filler.write(bytes)).bytesWritten < size) break; } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
    }
    await filler.sync().catch(() => {});
    await filler.close();
    const { bavail } = await statfs(this.path);
    if (bavail > 0) throw new Error(`the disk has ${bavail} free blocks still`);
  }

  async makeRoom() {
    await rm(join(this.path, 'filler'));
  }

  // What ext4 does when it meets an error of its own: the file system becomes read-only under its users.
  async fail() {
    const { stdout } = await run('findmnt', ['--noheadings', '--output', 'SOURCE', this.path]);
    await writeFile(`/sys/fs/ext4/${basename(stdout.trim())}/trigger_fs_error`, 'test');
  }

  async repair() {
    await this.unmount();
    await run('fsck.ext4', ['-p', '-f', this.image]).catch((error) => { if (error.code !== 1) throw error; }); // 1: repaired
    await this.mount();
  }

  async remove() {
    if (this.mounted) await this.unmount();
    await rm(this.scratch, { recursive: true });
  }
}
