// Names, notes, tags and the archive of runs and experiments: stored with the lab, and read from result files for what has none here.
import {
  changedDescription,
  descriptionsSchema,
  NOTHING_DESCRIBED,
  type DescribedKind,
  type Description,
  type DescriptionChange,
  type Descriptions,
} from '../../schema/libraryRecord.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { ownValue } from '../../util/validate.ts';
import { buildComparisons } from '../comparison/comparison.ts';
import type { LabState } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';

const NOTHING: Description = {};

/** Finds what was written about runs or experiments: here, else in the first result file that says something. */
export function describedBy(
  { descriptions, results }: Pick<LabState, 'descriptions' | 'results'>,
  kind: DescribedKind,
): (id: string) => Description {
  const imported = results.flatMap(({ file }): readonly Descriptions[DescribedKind][] => {
    return file.descriptions === undefined ? [] : [file.descriptions[kind]];
  });
  return (id) => {
    const own = ownValue(descriptions[kind], id);
    if (own !== undefined) return own;
    for (const one of imported) {
      const found = ownValue(one, id);
      if (found !== undefined) return found;
    }
    return NOTHING;
  };
}

/** The part of the descriptions that a result file of these runs and experiments carries; null if there is nothing to say. */
export function descriptionsFor(
  state: Pick<LabState, 'descriptions' | 'results'>,
  ids: Readonly<Record<DescribedKind, readonly string[]>>,
): Descriptions | null {
  const picked = (kind: DescribedKind): Record<string, Description> => {
    const of = describedBy(state, kind);
    const described = ids[kind].flatMap((id) => (isEmpty(of(id)) ? [] : [[id, of(id)] as const]));
    return Object.fromEntries(described);
  };
  const found = { runs: picked('runs'), experiments: picked('experiments') };
  return isEmpty(found.runs) && isEmpty(found.experiments) ? null : found;
}

function isEmpty(members: object): boolean {
  return Object.keys(members).length === 0;
}

const RECORD_KEY = 'lab/descriptions';

/** Stores what a person writes about runs and experiments; one record, so that a selection of many is written at once. */
export class DescriptionRecords {
  private readonly parts: { readonly store: Store; readonly labStore: LabStore };
  /** Ends when the last change is stored: two changes at once would lose one. */
  private writing: Promise<unknown> = Promise.resolve();

  constructor(parts: { readonly store: Store; readonly labStore: LabStore }) {
    this.parts = parts;
  }

  /** Shows what is stored. Throws LabError `storage/corrupt`. */
  async restore(): Promise<readonly []> {
    const { store, labStore } = this.parts;
    const descriptions = (await readJson(store, RECORD_KEY, descriptionsSchema)) ?? NOTHING_DESCRIBED;
    labStore.update(() => ({ descriptions }));
    return [];
  }

  /** Changes the descriptions of these runs or experiments. Throws as `changedDescription` does, with nothing changed. */
  describe(kind: DescribedKind, ids: readonly string[], change: DescriptionChange): Promise<void> {
    return this.inTurn((state) => {
      const of = describedBy(state, kind);
      const changed = ids.map((id) => [id, changedDescription(of(id), change)] as const);
      return withMembers(state.descriptions, kind, changed);
    });
  }

  /** Removes what was written about a run that is removed itself. */
  async forget(kind: DescribedKind, id: string): Promise<void> {
    if (ownValue(this.parts.labStore.getState().descriptions[kind], id) === undefined) return;
    await this.inTurn(({ descriptions }) => {
      const { [id]: _removed, ...others } = descriptions[kind];
      return { ...descriptions, [kind]: others };
    });
  }

  private inTurn(next: (state: LabState) => Descriptions): Promise<void> {
    const { store, labStore } = this.parts;
    const done = this.writing.then(async () => {
      const descriptions = next(labStore.getState());
      await writeJson(store, RECORD_KEY, descriptions);
      labStore.update(() => ({ descriptions }));
    });
    this.writing = done.catch(() => undefined);
    return done;
  }
}

/** An empty description is stored, too: it hides that of a result file. */
function withMembers(
  descriptions: Descriptions,
  kind: DescribedKind,
  changed: readonly (readonly [id: string, description: Description])[],
): Descriptions {
  return { ...descriptions, [kind]: { ...descriptions[kind], ...Object.fromEntries(changed) } };
}

/** What was written about the runs of an export, and about the experiments that they make. */
export function describedExport(state: LabState, runs: readonly RunRecord[]): Descriptions | null {
  const models = [...state.models, ...state.results.flatMap(({ file }) => file.models)];
  const layersOf = (id: string): number | undefined => models.find((model) => model.id === id)?.layers;
  return descriptionsFor(state, {
    runs: runs.map(({ spec }) => spec.id),
    experiments: buildComparisons(runs, layersOf).map(({ id }) => id),
  });
}
