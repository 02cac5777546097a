// Checks which runs may start from which, the rules of methods, rounds and parents, and declares the graph of a plan's runs.
import { canonicalJson } from '../util/digest.ts';
import { isJoint, isMerging, isSliced, readsOthers, traitsOf } from './methods.ts';
import type { RunSpec, RunStatus } from './runRecord.ts';

/** Ids of the runs that have to be finished before this one starts: the one it starts from, then those that it reads. */
export function neededRuns({ parent, collaboration }: Pick<RunSpec, 'parent' | 'collaboration'>): readonly string[] {
  return [...(parent === null ? [] : [parent]), ...(collaboration?.helpers ?? [])];
}

/** The first rule that a list of runs breaks, and the run and member that break it. */
export interface LineageFault {
  readonly index: number;
  readonly member: keyof RunSpec;
  /** For a person to read, without a full stop. */
  readonly message: string;
}

/**
 * Checks a whole list of runs, as a result file has it: ids occur once, the members of each run fit its method, and its parent is in the list
 * and is one that it can start from. A list that passes has no cycle: rounds start from first trainings, sliced
 * runs from joint ones, and those that read others from STL and, of CollaboNet, earlier turns.
 */
export function lineageFault(specs: readonly RunSpec[]): LineageFault | null {
  const byId = new Map<string, RunSpec>();
  for (const [index, spec] of specs.entries()) {
    if (byId.has(spec.id)) return { index, member: 'id', message: `the run ${spec.id} occurs twice` };
    byId.set(spec.id, spec);
  }
  for (const [index, spec] of specs.entries()) {
    const fault = memberFault(spec) ?? parentFault(spec, byId) ?? helperFault(spec, byId);
    if (fault !== null) return { index, ...fault };
  }
  return null;
}

type Fault = Omit<LineageFault, 'index'>;

/** Checks what a method has and lacks. */
function memberFault({ method, tasks, category, slicing, collaboration, round, parent }: RunSpec): Fault | null {
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
  if ((collaboration === undefined) === readsOthers(method)) {
    const expected = readsOthers(method) ? 'needs runs of other tasks that it reads' : 'reads no other runs';
    return { member: 'collaboration', message: `a run of ${method} ${expected}` };
  }
  if (isMerging(method) && collaboration !== undefined && collaboration.turn > 1) {
    return { member: 'collaboration', message: `a run of ${method} has one turn, not ${collaboration.turn}` };
  }
  const startsFromRun = round > 0 || isSliced(method) || readsOthers(method);
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
  const { method, round, collaboration } = spec;
  const isLater = round > 0 || (collaboration !== undefined && collaboration.turn > 1);
  const wanted = isLater ? method : traitsOf(method).base;
  if (
    parent.method !== wanted ||
    parent.round > 0 ||
    (round === 0 && turnOf(parent) !== turnOf(spec) - (collaboration === undefined ? 0 : 1))
  ) {
    const found = parent.round > 0 ? `round ${parent.round} of ${parent.method}` : `one of ${parent.method}`;
    return fault(`run ${spec.id} starts from a first training of ${wanted}, not from ${found}`);
  }
  const rules = round > 0 ? ofRounds : collaboration === undefined || isLater ? ofSlicing : ofTurns;
  const differing = rules.filter(
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

const turnOf = ({ collaboration }: RunSpec): number => collaboration?.turn ?? 0;

/** Checks that the runs read are known, are first trainings on other tasks, each on another, and of this turn or the one before. */
function helperFault(spec: RunSpec, byId: ReadonlyMap<string, RunSpec>): Fault | null {
  const fault = (message: string): Fault => ({ member: 'collaboration', message });
  const seen = new Set(spec.tasks.map(taskOf));
  for (const id of spec.collaboration?.helpers ?? []) {
    const helper = byId.get(id);
    if (helper === undefined) return fault(`the run ${id}, which run ${spec.id} reads, is missing`);
    const task = helper.tasks.map(taskOf).join();
    if (seen.has(task)) return fault(`run ${spec.id} reads run ${id}, whose task it has or reads already`);
    seen.add(task);
    const early = turnOf(spec) - turnOf(helper);
    const isTurn = early === 1 || (early === 0 && turnOf(spec) > 1);
    const isOfMethod = helper.method === (turnOf(helper) === 0 ? traitsOf(spec.method).base : spec.method);
    if (helper.round > 0 || !isTurn || !isOfMethod) {
      return fault(`run ${spec.id} reads run ${id}, which is none of STL or of the turn before`);
    }
    const differing = ofHelpers.filter(([, of]) => canonicalJson(of(spec)) !== canonicalJson(of(helper)));
    if (differing.length > 0)
      return fault(`run ${spec.id} differs from run ${id}, which it reads, in ${differing[0]?.[0]}`);
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
const ofHelpers: readonly Shared[] = [
  ['model', ({ model }) => model.fingerprint],
  ['seed', ({ seed }) => seed],
  ['settings other than epochs', ({ config }) => ({ ...config, epochs: 0 })],
];
/** A first turn starts from STL, which belongs to no category. */
const ofTurns: readonly Shared[] = ofHelpers;
const ofRounds: readonly Shared[] = [
  ...shared,
  ['settings other than epochs', ({ config }) => ({ ...config, epochs: 0 })],
  ['shared layers', ({ slicing }) => slicing],
  ['runs that it reads', ({ collaboration }) => collaboration ?? null],
  ['tasks', ({ tasks }) => tasks.map(taskOf)],
];

/** Ids of the runs that need themselves. Takes any list, with unknown needs and repeated ids; time is linear in runs and needs. */
export function cyclicRuns(specs: readonly Pick<RunSpec, 'id' | 'parent' | 'collaboration'>[]): ReadonlySet<string> {
  const needs = new Map(specs.map((spec) => [spec.id, neededRuns(spec)]));
  const state = new Map<string, { index: number; low: number; isOpen: boolean }>();
  const open: string[] = [];
  const cyclic = new Set<string>();
  for (const start of needs.keys()) {
    if (state.has(start)) continue;
    // Tarjan's components, without recursion: a line of runs may be long.
    const calls: { readonly id: string; next: number }[] = [{ id: start, next: 0 }];
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const { id } = call;
      if (call.next === 0) {
        state.set(id, { index: state.size, low: state.size, isOpen: true });
        open.push(id);
      }
      const own = state.get(id) as { index: number; low: number; isOpen: boolean };
      const needed = needs.get(id)?.[call.next++];
      if (needed !== undefined) {
        const known = state.get(needed);
        if (needed === id) cyclic.add(id);
        if (known === undefined && needs.has(needed)) calls.push({ id: needed, next: 0 });
        else if (known?.isOpen === true) own.low = Math.min(own.low, known.index);
        continue;
      }
      calls.pop();
      const caller = calls.at(-1);
      if (caller !== undefined) {
        const above = state.get(caller.id) as { low: number };
        above.low = Math.min(above.low, own.low);
      }
      if (own.low < own.index) continue;
      const component = open.splice(open.indexOf(id));
      for (const member of component) {
        (state.get(member) as { isOpen: boolean }).isOpen = false;
        if (component.length > 1) cyclic.add(member);
      }
    }
  }
  return cyclic;
}

// Declares the runs of a plan, what each starts from, and what they cost.

/** Estimated cost of a run before it starts. */
export interface RunCost {
  /** Sequences per epoch; an upper bound when sentences are packed or left out. */
  readonly sequencesPerEpoch: number;
  readonly stepsPerEpoch: number;
  /** Total updates. */
  readonly steps: number;
  /** Total sequences to score: devel after each epoch, test for each saved snapshot. */
  readonly scoredSequences: number;
  /** Permanent storage: one float32 copy of the parameters per snapshot. */
  readonly snapshotBytes: number;
  /** Storage until the run finishes: two resume points of parameters and both moments. */
  readonly resumeBytes: number;
}

export interface RunNode {
  readonly spec: RunSpec;
  /** `new` when the lab has no such run. */
  readonly status: RunStatus | 'new';
  /** Whether the run is already finished and so not trained again. */
  readonly isReused: boolean;
  /** Ids of the runs that must finish before this one starts, nearest first. */
  readonly ancestors: readonly string[];
  readonly cost: RunCost;
  /** Remaining updates. */
  readonly stepsLeft: number;
}

export interface RunGraph {
  /** Parents before the runs that start from them. */
  readonly nodes: readonly RunNode[];
  /** Unfinished runs, and their remaining updates in total. */
  readonly runsLeft: number;
  readonly stepsLeft: number;
  /** Sequences to score in the unfinished runs. */
  readonly scoredLeft: number;
  /** Upper bound on the bytes that the unfinished runs will add: their snapshots and the largest resume points. */
  readonly storageBytes: number;
  /** Whether steps are an upper bound, because some run packs its sequences or leaves some out. */
  readonly isUpperBound: boolean;
}
