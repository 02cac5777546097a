// Names, notes, tags and the archive of runs and experiments: stored with the lab, and read from result files for what has none here.
import {
  descriptionLimits,
  descriptionsSchema,
  NOTHING_DESCRIBED,
  type DescribedKind,
  type Description,
  type Descriptions,
} from '../../schema/descriptions.ts';
import { readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import { ownValue } from '../../util/validate.ts';
import type { LabState } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';

/** What changes of a description: members that are absent stay. */
export interface DescriptionChange {
  readonly name?: string;
  readonly notes?: string;
  readonly archived?: boolean;
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
}

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

/**
 * Returns a description after a change, without members that say nothing. Throws LabError `description/too-long` or `description/too-many-tags`.
 */
export function changedDescription(before: Description, change: DescriptionChange): Description {
  const { nameLength, notesLength, tagLength, tags: mostTags } = descriptionLimits;
  const name = withinLength('name', change.name?.trim() ?? before.name ?? '', nameLength);
  const notes = withinLength('notes', change.notes?.trim() ?? before.notes ?? '', notesLength);
  const removed = new Set(change.removeTags);
  const added = (change.addTags ?? []).map((tag) => withinLength('tag', tag.trim().replace(/\s+/g, ' '), tagLength));
  const tags = [...new Set([...(before.tags ?? []).filter((tag) => !removed.has(tag)), ...added])].filter((tag) => tag !== ''); // prettier-ignore
  if (tags.length > mostTags) {
    throw new LabError('description/too-many-tags', 'There are too many tags.', {
      expected: `at most ${mostTags}`,
      got: String(tags.length),
    });
  }
  const archived = change.archived ?? before.archived ?? false;
  return {
    ...(name !== '' && { name }),
    ...(notes !== '' && { notes }),
    ...(tags.length > 0 && { tags }),
    ...(archived && { archived }),
  };
}

function withinLength(what: string, text: string, most: number): string {
  if (text.length <= most) return text;
  throw new LabError('description/too-long', `The ${what} is too long.`, {
    expected: `at most ${most} characters`,
    got: `${text.length} characters`,
  });
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
