// Chooses the text to tag: pasted, dropped or chosen as files, or a split of a corpus.
import { useState } from 'react';
import { SPLITS } from '../../data/corpus/corpus.ts';
import type { TaggingSource } from '../../lab/state/labState.ts';
import { taggerName, type TaggerGroup } from '../../lab/tagging/taggerGroups.ts';
import { taggerKey, type OfferedTagger } from '../../lab/tagging/offeredTaggers.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { Button } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { Field } from '../parts/Field.tsx';
import { SampleRemark } from '../parts/SampleRemark.tsx';
import { ShippedTaggerCard } from '../parts/TaggerCard.tsx';
import { TypeLabel } from '../parts/TypeLabel.tsx';
import { format } from '../shared/format.ts';
import type { TagChoice } from '../shared/route.ts';
import { meanF1 } from '../shared/selectedSnapshot.ts';
import { useRunNaming } from '../shared/useDescriptions.ts';
import { useDraft } from '../shared/viewState.ts';

interface TagFormProps {
  readonly corpora: readonly CorpusRecord[];
  /** The corpus and split that the address names. */
  readonly choice: Pick<TagChoice, 'corpusId' | 'split'>;
  /** Why tagging is not possible now; null if it is. */
  readonly hindrance: string | null;
  readonly onTag: (source: TaggingSource) => void;
}

export function TagForm({ corpora, choice, hindrance, onTag }: TagFormProps) {
  const [text, setText] = useDraft('text', () => '', isText);
  return (
    <>
      {hindrance !== null && <p className="problem">{hindrance}</p>}
      <Field label="Text">
        {(control) => (
          <textarea
            {...control}
            rows={7}
            value={text}
            spellCheck={false}
            placeholder="Paste text here"
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <div className="actions">
        <Button
          kind="primary"
          disabled={hindrance !== null || text.trim() === ''}
          onAct={() => onTag({ kind: 'text', text })}
        >
          Tag text
        </Button>
      </div>
      <DropZone>
        <strong>Or drop files, folders or zips</strong> of plain text or any corpus format. Annotations in them are
        compared with what the tagger finds.
      </DropZone>
      {corpora.length > 0 && (
        <CorpusRow
          key={`${choice.corpusId ?? ''} ${choice.split ?? ''}`}
          corpora={corpora}
          choice={choice}
          hindered={hindrance !== null}
          onTag={onTag}
        />
      )}
    </>
  );
}

function isText(stored: unknown): stored is string {
  return typeof stored === 'string';
}

interface CorpusRowProps {
  readonly corpora: readonly CorpusRecord[];
  readonly choice: Pick<TagChoice, 'corpusId' | 'split'>;
  readonly hindered: boolean;
  readonly onTag: (source: TaggingSource) => void;
}

function CorpusRow({ corpora, choice, hindered, onTag }: CorpusRowProps) {
  const [chosen, setChosen] = useState(choice.corpusId);
  const [chosenSplit, setSplit] = useState(choice.split);
  const corpus = corpora.find(({ id }) => id === chosen) ?? corpora[0];
  if (corpus === undefined) return null;
  const filled = (['test', 'devel', 'train'] as const).find((one) => corpus.counts[one].sentences > 0);
  const split = chosenSplit ?? filled ?? 'test';
  const sentences = corpus.counts[split].sentences;
  return (
    <div className="filters corpus-row">
      <label>
        Or a corpus{' '}
        <select value={corpus.id} onChange={(event) => setChosen(event.target.value)}>
          {corpora.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Split{' '}
        <select
          value={split}
          onChange={(event) => setSplit(SPLITS.find((known) => known === event.target.value) ?? 'test')}
        >
          {SPLITS.map((known) => (
            <option key={known} value={known}>
              {known} ({format.count(corpus.counts[known].sentences)})
            </option>
          ))}
        </select>
      </label>
      <Button
        disabled={hindered || sentences === 0}
        onAct={() => onTag({ kind: 'corpus', corpusId: corpus.id, split })}
      >
        Tag corpus
      </Button>
    </div>
  );
}

interface TaggerSelectProps {
  readonly groups: readonly TaggerGroup[];
  readonly chosen: OfferedTagger;
  readonly onChoose: (key: string) => void;
}

/** Chooses a tagger among what comes with the lab, saved snapshots by experiment, and imported models with a head; lists its types and scores. */
export function TaggerSelect({ groups, chosen, onChoose }: TaggerSelectProps) {
  const { layersOf, givenName } = useRunNaming();
  return (
    <div className="stack">
      <Field label="Tagger">
        {(control) => (
          <select {...control} value={taggerKey(chosen.ref)} onChange={(event) => onChoose(event.target.value)}>
            {groups.map(({ kind, name, taggers }) => (
              <optgroup key={`${kind} ${taggers[0] === undefined ? name : taggerKey(taggers[0].ref)}`} label={name}>
                {taggers.map((tagger) => (
                  <option key={taggerKey(tagger.ref)} value={taggerKey(tagger.ref)}>
                    {taggerName(tagger, layersOf, givenName)}
                    {'selected' in tagger && tagger.selected ? ' (selected)' : ''}
                  </option>
                ))}
              </optgroup>
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
        {(['devel', 'test'] as const).map((split) => {
          const f1 = f1Of(chosen, split);
          return f1 === null ? null : <span key={split} className="nowrap">{` · ${split} F1 ${format.percent(f1)}`}</span>; // prettier-ignore
        })}
      </p>
      {'model' in chosen ? chosen.model.builtIn && <ShippedTaggerCard /> : <SampleRemark specs={[chosen.run.spec]} />}
    </div>
  );
}

function f1Of(tagger: OfferedTagger, split: 'devel' | 'test'): number | null {
  const scores = 'model' in tagger ? tagger.model.tagger?.provenance : tagger.snapshot;
  return meanF1(scores?.[split] ?? []);
}
