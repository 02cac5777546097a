// Chooses a tagger among kept snapshots and models with a head, and says what it knows.
import { taggerKey, type OfferedTagger } from '../../lab/taggers.ts';
import { format } from '../format.ts';
import { methodName, runName } from '../runName.ts';
import { meanF1 } from '../selectedSnapshot.ts';
import { Field } from './Field.tsx';
import { TypeLabel } from './TypeLabel.tsx';

export interface TaggerSelectProps {
  readonly taggers: readonly OfferedTagger[];
  readonly chosen: OfferedTagger;
  readonly onChoose: (key: string) => void;
}

export function TaggerSelect({ taggers, chosen, onChoose }: TaggerSelectProps) {
  return (
    <div className="stack">
      <Field label="Tagger">
        {(control) => (
          <select {...control} value={taggerKey(chosen.ref)} onChange={(event) => onChoose(event.target.value)}>
            {taggers.map((tagger) => (
              <option key={taggerKey(tagger.ref)} value={taggerKey(tagger.ref)}>
                {taggerName(tagger)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <p className="soft">
        Finds{' '}
        <span className="type-list">
          {chosen.types.map((type) => (
            <TypeLabel key={type} type={type} types={chosen.types} />
          ))}
        </span>
        {' · '}devel F1 {format.percent(f1Of(chosen, 'devel'))} · test F1 {format.percent(f1Of(chosen, 'test'))}
      </p>
    </div>
  );
}

/** `sample-gene-b · Gene, STL, seed 1, epoch 5 (selected)`. */
export function taggerName(tagger: OfferedTagger): string {
  if ('model' in tagger) {
    const { name, tagger: head } = tagger.model;
    return head === undefined ? name : `${name}, ${head.provenance.method}, epoch ${head.provenance.epoch}`;
  }
  const { run, snapshot, selected } = tagger;
  const parts = [runName(run.spec), methodName(run.spec), `seed ${run.spec.seed}`, `epoch ${snapshot.epoch}`];
  return `${parts.join(', ')}${selected ? ' (selected)' : ''}`;
}

function f1Of(tagger: OfferedTagger, split: 'devel' | 'test'): number | null {
  const scores = 'model' in tagger ? tagger.model.tagger?.provenance : tagger.snapshot;
  return meanF1(scores?.[split] ?? []);
}
