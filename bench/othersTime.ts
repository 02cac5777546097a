// Reads from /proc how much processor time this program and others use.
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds of a tick of /proc. */
const TICK_MS = 10;

const numbersOf = (text: string): readonly number[] => text.trim().split(/\s+/).map(Number);

/** Processor time of the whole machine so far, without what was idle and without programs of lower priority, which give way. */
function machineMs(): number {
  const [, user = 0, , system = 0, , , interrupts = 0, soft = 0, stolen = 0] = numbersOf(
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '',
  );
  return (user + system + interrupts + soft + stolen) * TICK_MS;
}

/** Processor time so far of this process and of all that it started. */
export function ownMs(): number {
  const processes = new Map<number, { readonly parent: number; readonly ticks: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The name, in brackets, may hold blanks; after it come state, parent, and from the twelfth on the times.
      const fields = numbersOf(stat.slice(stat.lastIndexOf(')') + 2));
      const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
      processes.set(Number(name), { parent, ticks: user + system });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOwn = (id: number | undefined): boolean => {
    for (let at = id; at !== undefined && at > 0; at = processes.get(at)?.parent) if (at === process.pid) return true;
    return false;
  };
  return [...processes].reduce((sum, [id, { ticks }]) => sum + (isOwn(id) ? ticks : 0), 0) * TICK_MS;
}

/** Processor time that other programs have used so far; null where the system has no /proc. */
export function othersMs(): number | null {
  try {
    return machineMs() - ownMs();
  } catch {
    return null;
  }
}
