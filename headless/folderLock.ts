// Locks a results folder, so that no two processes write into it: a file names the process that has it.
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, unlinkSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { LabError } from '../src/util/labError.ts';
import { parseJson } from '../src/util/validate.ts';

/** The process that has a lock. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  /** When the process took the lock, for a person to read. */
  readonly lockedAt: string;
  /** When the process started, as its system says it: another process with its id started at another time. Null where that is unknown. */
  readonly processStart: string | null;
  /** The process ids of another namespace, as in a container, say nothing here. Null where there are none. */
  readonly namespace: string | null;
  /** The Slurm job of the process, which tells on every node of a cluster whether it is over. Null outside of one, and in earlier locks. */
  readonly job: string | null;
}

export interface FolderLock {
  /** The process that left the lock behind, if it was taken over; its file may be damaged. */
  readonly takenFrom: LockHolder | 'unknown' | null;
  /** Removes the lock; also happens when the process exits. */
  release(): void;
}

/** No key of a store has this name, so that no listing shows it. */
const FILE_NAME = '~lock.json';
/** Attempts before giving up: others may take a lock over or release it in between. */
const ATTEMPTS = 20;

/**
 * Locks `folder`, which is created. A lock whose process is gone is taken over. Throws LabError `headless/locked`, naming the process and the
 * file, while another one has it; a process on another host counts as alive, because nothing here can tell, unless its Slurm job is over.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = path.join(folder, FILE_NAME);
  await mkdir(folder, { recursive: true });
  const own = ownHolder();
  const text = `${JSON.stringify(own)}\n`;
  let takenFrom: FolderLock['takenFrom'] = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(file, text)) return { takenFrom, release: releaseAtExit(file, text) };
    const found = await readFile(file, 'utf8').catch(() => null);
    if (found === null) continue; // just released
    const holder = parseHolder(found);
    if (holder !== null && isAlive(holder, own)) throw lockedError(file, holder);
    if (await discard(file, found)) takenFrom = holder ?? 'unknown';
  }
  throw new LabError('headless/locked', 'The lock of the results folder cannot be taken.', { got: file });
}

/** Describes a holder in a line. */
export function describeHolder(holder: LockHolder | 'unknown'): string {
  if (holder === 'unknown') return 'a process that did not say which';
  const job = holder.job === null ? '' : `, Slurm job ${holder.job}`;
  return `process ${holder.pid} on ${holder.host}${job}, since ${holder.lockedAt}`;
}

function lockedError(file: string, holder: LockHolder): LabError {
  return new LabError(
    'headless/locked',
    `Another process writes into this folder. Wait for it to end, or give another --out. If it no longer runs, remove ${file}.`,
    { expected: 'a folder that no process uses', got: describeHolder(holder) },
  );
}

/** Creates the file with its whole content at once; false if there is one. */
async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.${performance.now()}`;
  try {
    await writeFile(draft, text);
    await link(draft, file);
    return true;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EEXIST') return false;
    // Some file systems have no links; a reader there may see an unfinished file, which counts as damaged.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw cause;
    return await writeFile(file, text, { flag: 'wx' }).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      },
    );
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes a stale lock; false if it is another one by now, which is put back. */
async function discard(file: string, stale: string): Promise<boolean> {
  const aside = `${file}.${process.pid}.${performance.now()}.stale`;
  try {
    await rename(file, aside);
  } catch {
    return false;
  }
  try {
    if ((await readFile(aside, 'utf8')) === stale) return true;
    await link(aside, file).catch(() => undefined);
    return false;
  } finally {
    await rm(aside, { force: true });
  }
}

function releaseAtExit(file: string, text: string): () => void {
  const release = (): void => {
    process.removeListener('exit', release);
    try {
      // Somebody may have removed it by hand, and another process taken it since.
      if (readFileSync(file, 'utf8') === text) unlinkSync(file);
    } catch {
      // There is nothing to release.
    }
  };
  process.on('exit', release);
  return release;
}

function parseHolder(text: string): LockHolder | null {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return null;
  }
  const { host, pid, lockedAt, processStart = null, namespace = null, job = null } = (value ?? {}) as Partial<Record<keyof LockHolder, unknown>>; // prettier-ignore
  const isText = (member: unknown): member is string | null => member === null || typeof member === 'string';
  if (
    typeof host !== 'string' ||
    typeof lockedAt !== 'string' ||
    !isText(processStart) ||
    !isText(namespace) ||
    !isText(job)
  )
    return null;
  // Other numbers would address groups of processes.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return null;
  return { host, pid, lockedAt, processStart, namespace, job };
}

function ownHolder(): LockHolder {
  const { pid } = process;
  const lockedAt = new Date().toISOString();
  const job = process.env['SLURM_JOB_ID'] ?? null;
  return { host: hostname(), pid, lockedAt, processStart: processStart(pid), namespace: ownNamespace(), job };
}

/** Whether the process still runs. */
function isAlive(holder: LockHolder, own: LockHolder): boolean {
  if (holder.host !== own.host || holder.namespace !== own.namespace) return !isJobOver(holder.job, own.job);
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    // A process of another user cannot be signalled, but is there.
    if (codeOf(cause) !== 'EPERM') return false;
  }
  const found = processStart(holder.pid);
  return found === null || holder.processStart === null || found === holder.processStart;
}

/**
 * Whether a Slurm job no longer runs, as far as this node can tell. A job with the id of this process was requeued, after its node failed or it was
 * preempted: Slurm never runs it twice at once.
 */
function isJobOver(job: string | null, own: string | null): boolean {
  if (job === null) return false;
  if (job === own) return true;
  if (!/^\d+$/.test(job)) return false;
  try {
    return (
      execFileSync('squeue', ['--noheader', '--jobs', job, '--format', '%T'], {
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim() === ''
    );
  } catch (cause) {
    // Slurm forgets jobs some minutes after their end. Without Slurm here, or while it does not answer, nothing is known.
    return cause instanceof Error && 'stderr' in cause && String(cause.stderr).includes('Invalid job id');
  }
}

/** Says when a process started, in words that differ between two processes with one id, and for one that has ended; null if unknown. */
function processStart(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // The name of the program, in parentheses, may contain spaces. The start is the 22nd field of all, in ticks since the system started.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      // A process that was killed and not yet waited for has a line, too.
      if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
      return fields[19] === undefined ? null : `${boot} ${fields[19]}`;
    }
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

function ownNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
