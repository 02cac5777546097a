// Tags text with a trained tagger: pasted, from files or a split of a corpus; leads to the review, and lists the stored reviews.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { SPLITS } from '../../data/corpus/corpus.ts';
import type { LabState, TaggingSource } from '../../lab/state/labState.ts';
import { restingRunView } from '../../lab/state/runViews.ts';
import { offeredTaggers, taggerKey, type OfferedTagger } from '../../lab/tagging/offeredTaggers.ts';
import { groupTaggers, taggerName, type TaggerGroup } from '../../lab/tagging/taggerGroups.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { LabError } from '../../util/labError.ts';
import { Button, useAct } from '../parts/Button.tsx';
import { DropZone, useDropHere, type BringIn } from '../parts/DropZone.tsx';
import { Field } from '../parts/Field.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { SampleRemark } from '../parts/ScoreTable.tsx';
import { TypeLabel } from '../parts/SentenceLine.tsx';
import { ShippedTaggerCard } from '../parts/TaggerCard.tsx';
import { format } from '../shared/format.ts';
import { useLayers } from '../shared/memoryEstimates.ts';
import { replaceWith, type TagChoice } from '../shared/route.ts';
import { meanF1, useDescriptions, useRunNaming } from '../shared/runName.ts';
import { saveTaggerPage } from '../shared/saveFile.ts';
import { useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';
import { useDraft } from '../shared/viewState.ts';
import { DictionarySelect, useLinkDictionary } from './MentionTables.tsx';
import { reviewAddress, StoredReviews, TaggingProgress } from './TaggingProgress.tsx';

export function TagPage({ choice }: { readonly choice: TagChoice }) {
  const records = useRunRecords();
  const models = useLab((state) => state.models);
  const last = useLab((state) => (state.tagging === null ? null : taggerKey(state.tagging.tagger)));
  const layersOf = useLayers();
  const experimentOf = useDescriptions('experiments');
  const taggers = useMemo(() => offeredTaggers({ runs: records.map(restingRunView), models }), [records, models]);
  const groups = useMemo(
    () => groupTaggers(taggers, records, layersOf, (id) => experimentOf(id).name),
    [taggers, records, layersOf, experimentOf],
  );
  const find = (key: string | null) => taggers.find(({ ref }) => taggerKey(ref) === key);
  // A tagger of this lab's own runs was trained for what the person tags; what comes with the lab is for everything else.
  const newest = groups.find(({ kind }) => kind === 'experiment') ?? groups[0];
  const tagger = find(choice.tagger) ?? find(last) ?? newest?.taggers[0];
  const choose = (key: string) => {
    const { corpusId, split } = choice;
    if (corpusId === null) replaceWith({ page: 'tagWith', tagger: key });
    else replaceWith({ page: 'tagCorpus', tagger: key, corpusId, split });
  };
  return (
    <>
      <h1>Tag and review</h1>
      <p className="soft">
        Find entity mentions in text with a trained tagger, correct what it finds, and train on your corrections.
      </p>
      {tagger === undefined ? (
        <p className="soft">
          There is no tagger yet. <a href="#/">Train one</a>, or drop a trained tagger on this page.
        </p>
      ) : (
        <section className="panel stack" aria-label="Text to tag">
          <TaggerSelect groups={groups} chosen={tagger} onChoose={choose} />
          <Tagging choice={choice} tagger={tagger} />
          <ShareTagger tagger={tagger} />
        </section>
      )}
      <StoredReviews />
    </>
  );
}

interface TaggingProps {
  readonly choice: TagChoice;
  readonly tagger: OfferedTagger;
}

function Tagging({ choice, tagger }: TaggingProps) {
  const lab = useLabActions();
  const act = useAct();
  const tagging = useLab((state) => state.tagging);
  const corpora = useLab((state) => state.corpora);
  const hindrance = useLab(hindranceIn);
  /** Whether what is being tagged was begun here, so that its review is shown when it is done. */
  const isWaiting = useRef(false);
  const tag = useCallback(
    (source: TaggingSource) => {
      isWaiting.current = true;
      void act(() => lab.tag(tagger.ref, source));
    },
    [act, lab, tagger.ref],
  );
  const take = useCallback<BringIn>(
    (files) =>
      void act(async () => {
        const dropped = await files();
        const { holdsModel } = await import('../../data/import/sortDrop.ts');
        if (await holdsModel(dropped)) await lab.importFiles(dropped);
        else if (hindrance === null) tag({ kind: 'files', files: dropped });
        else throw new LabError('tagger/busy', hindrance);
      }),
    [act, hindrance, lab, tag],
  );
  useDropHere(take);
  const reviewId = tagging !== null && tagging.review !== null ? tagging.id : null;
  useEffect(() => {
    if (reviewId === null || !isWaiting.current) return;
    isWaiting.current = false;
    window.location.hash = reviewAddress(reviewId);
  }, [reviewId]);
  return (
    <>
      <LinkChoice />
      <TagForm corpora={corpora} choice={choice} hindrance={hindrance} onTag={tag} />
      {tagging !== null && (
        <div className="stack">
          <TaggingProgress tagging={tagging} />
          {tagging.review === null && tagging.issueCount > 0 && (
            <IssueList issues={tagging.issues} issueCount={tagging.issueCount} />
          )}
          {reviewId !== null && (
            <p>
              <a href={reviewAddress(reviewId)}>Continue the review of {tagging.source}</a>
            </p>
          )}
        </div>
      )}
    </>
  );
}

/** Chooses the dictionary for what is tagged next; the review has the same choice. */
function LinkChoice() {
  const [dictionaryId, setDictionaryId] = useLinkDictionary();
  return <DictionarySelect value={dictionaryId} onChange={setDictionaryId} />;
}

/** Saves the chosen tagger as a page of one file, for people who have no lab. */
function ShareTagger({ tagger }: { readonly tagger: OfferedTagger }) {
  const lab = useLabActions();
  const layersOf = useLayers();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const { types, ref } = tagger;
  const share = (): Promise<void> => {
    const name = format.fileName('tagger', taggerName(tagger, layersOf));
    return saveTaggerPage(lab, ref, { title: `Tagger for ${types.join(', ')}`, types }, name);
  };
  return (
    <details className="fold">
      <summary>Share this tagger</summary>
      <p className="soft">
        One HTML file with the tagger inside. It tags text wherever it is opened, without a lab, a server or a network.
        Its weights are rounded to 16 bits. The licences of the pretrained model and of the corpora may bind what you
        pass on.
      </p>
      <p className="actions">
        <Button onAct={share} disabled={isElsewhere}>
          Save tagger as a page
        </Button>
        {isElsewhere && <span className="soft">Save it in the other tab, where the lab is active.</span>}
      </p>
    </details>
  );
}

/** Says why tagging is not possible now; null if it is. */
function hindranceIn({ backend, activeRunId, owner }: LabState): string | null {
  if (owner === 'elsewhere') return 'Tag text in the other tab, where the lab is active.';
  if (backend.status === 'failed')
    return 'No backend is available for tagging: choose another behind the badge in the header.';
  if (backend.status === 'starting') return 'The backend is starting.';
  return activeRunId === null ? null : 'A run is using the device: pause it to tag text, or wait until it is done.';
}

// Chooses the text to tag: pasted, dropped or chosen as files, or a split of a corpus.

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
