// Checks which runs may start from which: the rules of methods, rounds and parents that every plan keeps.
import { canonicalJson } from '../util/digest.ts';
import { isJoint, isSliced, traitsOf } from './methods.ts';
import type { RunSpec } from './runRecord.ts';

/** The first rule that a list of runs breaks, and the run and member that break it. */
export interface LineageFault {
  readonly index: number;
  readonly member: keyof RunSpec;
  /** For a person to read, without a full stop. */
  readonly message: string;
}

/**
 * Checks a whole list of runs, as a result file has it: ids occur once, the members of each run fit its method, and its parent is in the list
 * and is one that it can start from. A list that passes has no cycle: rounds start from first trainings, and sliced runs from joint ones.
 */
export function lineageFault(specs: readonly RunSpec[]): LineageFault | null {
  const byId = new Map<string, RunSpec>();
  for (const [index, spec] of specs.entries()) {
    if (byId.has(spec.id)) return { index, member: 'id', message: `the run ${spec.id} occurs twice` };
    byId.set(spec.id, spec);
  }
  for (const [index, spec] of specs.entries()) {
    const fault = memberFault(spec) ?? parentFault(spec, byId);
    if (fault !== null) return { index, ...fault };
  }
  return null;
}

type Fault = Omit<LineageFault, 'index'>;

/** Checks what a method has and lacks. */
function memberFault({ method, tasks, category, slicing, round, parent }: RunSpec): Fault | null {
  if (!isJoint(method) && tasks.length > 1) {
    return { member: 'tasks', message: `a run of ${method} has one task, not ${tasks.length}` };
  }
  const isSingle = traitsOf(method).kind === 'single';
  if ((category === null) !== isSingle) {
    const expected = isSingle ? 'belongs to no category' : 'belongs to a category';
    return { member: 'category', message: `a run of ${method} ${expected}` };
  }
  if ((slicing === null) === isSliced(method)) {
    const expected = isSliced(method) ? 'needs the number of layers it shares' : 'shares no layers';
    return { member: 'slicing', message: `a run of ${method} ${expected}` };
  }
  const startsFromRun = round > 0 || isSliced(method);
  if ((parent === null) === startsFromRun) {
    const what = round > 0 ? `round ${round}` : `a first training of ${method}`;
    return { member: 'parent', message: `${what} starts from ${startsFromRun ? 'another run' : 'pretrained weights'}` };
  }
  return null;
}

/** Checks that the parent is known and is what the run can start from. */
function parentFault(spec: RunSpec, byId: ReadonlyMap<string, RunSpec>): Fault | null {
  if (spec.parent === null) return null;
  const fault = (message: string): Fault => ({ member: 'parent', message });
  if (spec.parent === spec.id) return fault(`the run ${spec.id} starts from itself`);
  const parent = byId.get(spec.parent);
  if (parent === undefined) return fault(`the run ${spec.parent}, which run ${spec.id} starts from, is missing`);
  const { method, round } = spec;
  const wanted = round > 0 ? method : traitsOf(method).base;
  if (parent.method !== wanted || parent.round > 0) {
    const found = parent.round > 0 ? `round ${parent.round} of ${parent.method}` : `one of ${parent.method}`;
    return fault(`run ${spec.id} starts from a first training of ${wanted}, not from ${found}`);
  }
  const differing = (round > 0 ? ofRounds : ofSlicing).filter(
    ([, contentOf]) => canonicalJson(contentOf(spec)) !== canonicalJson(contentOf(parent)),
  );
  if (differing.length > 0) {
    return fault(`run ${spec.id} differs from run ${parent.id}, which it starts from, in ${differing[0]?.[0]}`);
  }
  if (round === 0 && !parent.tasks.map(taskOf).includes(spec.tasks.map(taskOf).join())) {
    return fault(`run ${parent.id}, which run ${spec.id} starts from, was not trained on its task`);
  }
  return null;
}

/** Names of corpora, models and categories may change; what they name may not. */
const taskOf = ({ corpus, type }: RunSpec['tasks'][number]): string => canonicalJson([corpus.fingerprint, type]);

type Shared = readonly [name: string, contentOf: (spec: RunSpec) => unknown];

const shared: readonly Shared[] = [
  ['model', ({ model }) => model.fingerprint],
  ['seed', ({ seed }) => seed],
  ['the type name of its category', ({ category }) => category?.typeName ?? null],
];
const ofSlicing: readonly Shared[] = [...shared, ['settings', ({ config }) => config]];
const ofRounds: readonly Shared[] = [
  ...shared,
  ['settings other than epochs', ({ config }) => ({ ...config, epochs: 0 })],
  ['shared layers', ({ slicing }) => slicing],
  ['tasks', ({ tasks }) => tasks.map(taskOf)],
];

/** Ids of the runs that descend from themselves. Takes any list, with unknown parents and repeated ids. */
export function cyclicRuns(specs: readonly Pick<RunSpec, 'id' | 'parent'>[]): ReadonlySet<string> {
  const parents = new Map(specs.map(({ id, parent }) => [id, parent]));
  const cyclic = new Set<string>();
  const seen = new Set<string>();
  for (const start of parents.keys()) {
    const line: string[] = [];
    let id: string | null | undefined = start;
    for (; id !== null && id !== undefined && !seen.has(id); id = parents.get(id)) {
      seen.add(id);
      line.push(id);
    }
    const from = id === null || id === undefined ? -1 : line.indexOf(id);
    if (from >= 0) for (const member of line.slice(from)) cyclic.add(member);
  }
  return cyclic;
}
