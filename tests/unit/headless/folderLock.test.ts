// Proves that one process at a time has a results folder, that a lock whose process is gone is taken over, and that exits release it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeHolder, lockFolder, type LockHolder } from '../../../headless/folderLock.ts';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lock-'));
  file = path.join(folder, '~lock.json');
});
// What was being written when a command ended may still arrive.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

/** What this process writes as its own lock, with some members changed. */
async function leftBehind(changes: Partial<LockHolder> = {}): Promise<LockHolder> {
  const lock = await lockFolder(folder);
  const own = JSON.parse(await readFile(file, 'utf8')) as LockHolder;
  lock.release();
  const holder = { ...own, ...changes };
  await writeFile(file, JSON.stringify(holder));
  return holder;
}

/** The id of a process that has ended. */
function endedPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('a folder that a process trains into', () => {
  it('is refused to others by name until it is released, and then nothing is left', async () => {
    const lock = await lockFolder(folder);
    expect(lock.takenFrom).toBeNull();
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'headless/locked',
      message: expect.stringContaining(file) as unknown,
      got: expect.stringContaining(`process ${process.pid} on ${hostname()}, since `) as unknown,
    });
    // Training, tagging and exports lock a folder.
    await expect(lockFolder(folder)).rejects.toThrow('Another process writes into this folder.');
    lock.release();
    expect(await readdir(folder)).toEqual([]);
    (await lockFolder(folder)).release();
  });

  it('is taken over from another host once its Slurm job is over, or is this one, requeued', async () => {
    const bin = await mkdtemp(path.join(tmpdir(), 'squeue-'));
    const { PATH: searched, SLURM_JOB_ID: own } = process.env;
    const answer = (script: string) => writeFile(path.join(bin, 'squeue'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    try {
      process.env['PATH'] = `${bin}:${searched ?? ''}`;
      await leftBehind({ host: 'node-7', pid: endedPid(), job: '41' });
      await answer('echo RUNNING');
      await expect(lockFolder(folder)).rejects.toMatchObject({
        code: 'headless/locked',
        got: expect.stringContaining('on node-7, Slurm job 41, since') as unknown,
      });
      await answer('exit 1');
      await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'headless/locked' });
      await answer('echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1');
      const over = await lockFolder(folder);
      expect(over.takenFrom).toMatchObject({ host: 'node-7', job: '41' });
      over.release();
      await leftBehind({ host: 'node-7', pid: endedPid(), job: '42' });
      await answer('echo RUNNING');
      process.env['SLURM_JOB_ID'] = '42';
      const requeued = await lockFolder(folder);
      expect(requeued.takenFrom).toMatchObject({ job: '42' });
      requeued.release();
    } finally {
      process.env['PATH'] = searched;
      if (own === undefined) delete process.env['SLURM_JOB_ID'];
      else process.env['SLURM_JOB_ID'] = own;
      await rm(bin, { recursive: true, force: true });
    }
  });

  it('is refused when the process is on another host or in another container, where nothing can be looked up', async () => {
    await leftBehind({ host: 'elsewhere', pid: endedPid() });
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'headless/locked' });
    await rm(file);
    await leftBehind({ namespace: 'pid:[1]', pid: endedPid() });
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'headless/locked' });
  });

  it('is not released by a process that lost it', async () => {
    const lock = await lockFolder(folder);
    await rm(file);
    await leftBehind({ host: 'elsewhere' });
    lock.release();
    expect(existsSync(file)).toBe(true);
  });
});

describe('a lock that was left behind', () => {
  it('is taken over from a process that has ended, and says so', async () => {
    const holder = await leftBehind({ pid: endedPid() });
    const lock = await lockFolder(folder);
    expect(lock.takenFrom).toEqual(holder);
    expect(describeHolder(holder)).toContain(`process ${holder.pid}`);
    lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is taken over when its id is now that of another process', async () => {
    await leftBehind({ processStart: 'a start before' });
    const lock = await lockFolder(folder);
    expect(lock.takenFrom).not.toBeNull();
    lock.release();
  });

  it.each(['', '{', '{"host":"a"}', '{"host":"a","pid":-1,"lockedAt":"b"}', 'null'])(
    'is taken over when it cannot be read: %j',
    async (text) => {
      await writeFile(file, text);
      const lock = await lockFolder(folder);
      expect(lock.takenFrom).toBe('unknown');
      lock.release();
    },
  );

  it('goes to one of many that want it at once', async () => {
    await leftBehind({ pid: endedPid() });
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder)));
    const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(locks).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'headless/locked' });
    }
    locks[0]?.release();
    expect(await readdir(folder)).toEqual([]);
  });
});

/** A process that takes the lock and then does something. */
function locking(then: string) {
  const source = path.resolve('headless/folderLock.ts');
  const program = `import { lockFolder } from ${JSON.stringify(source)}; await lockFolder(process.argv[1]); console.log('locked'); ${then}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, folder], { stdio: 'pipe' });
}

describe('the end of a process', () => {
  it.each([
    ['an exception', 'throw new Error("broken")', 1],
    ['exit within a handler of SIGTERM', "process.on('SIGTERM', () => process.exit(130)); process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 9000)", 130], // prettier-ignore
  ])('releases the folder: %s', async (_what, then, exitCode) => {
    const child = locking(then);
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(exitCode);
    expect(await readdir(folder)).toEqual([]);
  });

  it('by SIGKILL leaves a lock that the next one takes over', async () => {
    const child = locking('setTimeout(() => {}, 60_000)');
    const ended = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'headless/locked' });
    child.kill('SIGKILL');
    await ended;
    const lock = await lockFolder(folder);
    expect(lock.takenFrom).toMatchObject({ pid: child.pid });
    lock.release();
  });
});
