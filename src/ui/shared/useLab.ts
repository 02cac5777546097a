// The hooks between the lab and the page: what a component reads of the lab's state, and the lab to call.
import { createContext, useContext, useMemo, useState, useSyncExternalStore } from 'react';
import type { Lab, LabState, RunView } from '../../lab/state/labState.ts';
import type { RunRecord } from '../../schema/runRecord.ts';

export const LabContext = createContext<Lab | null>(null);

/** The lab, to call its methods. It never renders a component again: what is shown is read with `useLab`. */
export function useLabActions(): Lab {
  const lab = useContext(LabContext);
  if (lab === null) throw new Error('useLabActions is called outside LabContext');
  return lab;
}

/**
 * Returns what `selector` takes from the lab's state, and renders the component again only when that has changed. A selector returns parts
 * of the state as they are, or something made of them with an `isEqual` that compares it: `shallow` for lists and objects of such parts.
 * Never the whole state, which changes with every training step.
 */
export function useLab<Selected>(
  selector: (state: LabState) => Selected,
  isEqual: (left: Selected, right: Selected) => boolean = Object.is,
): Selected {
  const { subscribe, getState } = useLabActions();
  const [remember] = useState(createMemory<Selected>);
  const getSelected = useMemo(() => remember(getState, selector, isEqual), [remember, getState, selector, isEqual]);
  return useSyncExternalStore(subscribe, getSelected);
}

type Remember<Selected> = (
  getState: () => LabState,
  selector: (state: LabState) => Selected,
  isEqual: (left: Selected, right: Selected) => boolean,
) => () => Selected;

/** Selectors are mostly written inline, new in each render: all of one component share what was selected last, and return it while it is equal. */
function createMemory<Selected>(): Remember<Selected> {
  let last: { readonly selected: Selected } | null = null;
  return (getState, selector, isEqual) => {
    let own: { readonly state: LabState; readonly selected: Selected } | null = null;
    return () => {
      const state = getState();
      if (own?.state === state) return own.selected;
      const next = selector(state);
      const selected = last !== null && isEqual(last.selected, next) ? last.selected : next;
      last = { selected };
      own = { state, selected };
      return selected;
    };
  };
}

/** Whether two lists have the same items, or two objects the same values under the same names. */
export function shallow<Value extends object>(left: Value, right: Value): boolean {
  const [ofLeft, ofRight] = [Object.entries(left), Object.entries(right)];
  return (
    ofLeft.length === ofRight.length &&
    ofLeft.every(([name, value]) => Object.hasOwn(right, name) && Object.is(value, right[name as keyof Value]))
  );
}

/** What a training step alone changes in a record. */
const ofSteps: ReadonlySet<string> = new Set<keyof RunRecord>(['step', 'totalSteps', 'elapsedMs', 'steps']);

/** Whether two records are of the same run, which at most made steps from one to the other: no epoch, no other status. */
export function differInSteps(left: RunRecord | undefined, right: RunRecord | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]) as ReadonlySet<keyof RunRecord>;
  return [...names].every((name) => ofSteps.has(name) || Object.is(left[name], right[name]));
}

function allDifferInSteps(left: readonly RunRecord[], right: readonly RunRecord[]): boolean {
  return left.length === right.length && left.every((record, index) => differInSteps(record, right[index]));
}

function recordsOf({ runs }: LabState): readonly RunRecord[] {
  return runs.map(({ record }) => record);
}

/** Records of this lab's runs, newest first. Steps may be missing from that of the run on the device until its epoch ends. */
export function useRunRecords(): readonly RunRecord[] {
  return useLab(recordsOf, allDifferInSteps);
}

/** The same of one run; undefined where it is not in this lab. */
export function useRunRecord(runId: string | null): RunRecord | undefined {
  return useLab((state) => findRun(state, runId)?.record, differInSteps);
}

/** A run of this lab with every step; undefined where it is not in this lab. */
export function useRunView(runId: string | null): RunView | undefined {
  return useLab((state) => findRun(state, runId));
}

function findRun({ runs }: LabState, runId: string | null): RunView | undefined {
  return runs.find(({ record }) => record.spec.id === runId);
}
