// Shows one corpus: how it was read, its issues, its counts, and its sentences.
import { useState } from 'react';
import { SPLITS, type Split, type SplitCounts } from '../../data/corpus/corpus.ts';
import type { AnnotationFormat } from '../../data/documents/document.ts';
import type { CorpusRecord, ReviewProvenance } from '../../schema/corpusRecord.ts';
import { ownValue } from '../../util/validate.ts';
import { LengthChart } from '../charts/StrataChart.tsx';
import { AnalysisWait, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button, RemoveButton, useAct } from '../parts/Button.tsx';
import { documentFormats, FormatSelect } from '../parts/FormatSelect.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { TypeLabel } from '../parts/SentenceLine.tsx';
import { NumberTable, Pager, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { goTo, routeHref } from '../shared/route.ts';
import { saveFiles } from '../shared/saveFile.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/planDraft.ts';
import { ColumnPicker, SilverOrigin } from './CorpusOrigin.tsx';
import { SentenceBrowser } from './SentenceBrowser.tsx';

const ROWS: readonly (readonly [name: string, of: (counts: SplitCounts) => number])[] = [
  ['Sentences', (counts) => counts.sentences],
  ['Tokens', (counts) => counts.tokens],
  ['Longest sentence, tokens', (counts) => counts.longest],
  ['Mentions', (counts) => counts.mentions],
];

/** Counts the sentences, tokens and mentions of a corpus by split and type. */
function CorpusCounts({ corpus }: { readonly corpus: CorpusRecord }) {
  return (
    <NumberTable
      label="Counts"
      columns={[null, ...SPLITS]}
      rows={[
        ...ROWS.map(([name, of]) => ({
          key: name,
          head: name,
          numbers: SPLITS.map((split) => format.count(of(corpus.counts[split]))),
        })),
        ...corpus.types.map((type) => ({
          key: `type ${type}`,
          headClass: 'indent',
          head: <TypeLabel type={type} types={corpus.types} />,
          numbers: SPLITS.map((split) => format.count(ownValue(corpus.counts[split].perType, type) ?? 0)),
        })),
      ]}
    />
  );
}

/** A folder may hold thousands of files. */
const SOURCES_A_PAGE = 50;

/** Lists the files a corpus was read from, how each was interpreted, and its split. */
function CorpusSources({ corpus }: { readonly corpus: CorpusRecord }) {
  const lab = useLabActions();
  const act = useAct();
  const [first, setFirst] = useState(0);
  const move = (file: string, split: Split) =>
    void act(async () => {
      const corpusId = await lab.moveSource(corpus.id, file, split);
      goTo({ page: 'corpus', corpusId });
    });
  const { sources } = corpus;
  return (
    <>
      {sources.length > SOURCES_A_PAGE && (
        <Pager
          first={first}
          size={SOURCES_A_PAGE}
          total={sources.length}
          noun="file"
          none="No file"
          onGo={(item) => setFirst(Math.floor(item / SOURCES_A_PAGE) * SOURCES_A_PAGE)}
        />
      )}
      <TableBox label="Sources">
        <thead>
          <tr>
            <th scope="col">File</th>
            <th scope="col">Split</th>
            <th scope="col">Tag scheme</th>
            <th scope="col">Separator</th>
            <th scope="col">Columns</th>
            <th scope="col" className="number">
              Sentences
            </th>
            <th scope="col" className="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {sources.slice(first, first + SOURCES_A_PAGE).map((source) => (
            <tr key={source.file}>
              <th scope="row" className="mono nowrap">
                {source.file}
              </th>
              <td>
                <select
                  aria-label={`Split of ${source.file}`}
                  value={source.split}
                  disabled={corpus.builtIn}
                  onChange={(event) => {
                    const split = SPLITS.find((candidate) => candidate === event.target.value);
                    if (split !== undefined) move(source.file, split);
                  }}
                >
                  {SPLITS.map((split) => (
                    <option key={split} value={split}>
                      {split}
                    </option>
                  ))}
                </select>
              </td>
              {'format' in source ? (
                <td colSpan={3}>
                  {source.format}, {format.counted(source.documents, 'document')}
                </td>
              ) : (
                <>
                  <td>{source.scheme === 'none' ? <span className="faint">no mentions</span> : source.scheme}</td>
                  <td>{source.separator}</td>
                  <td className="nowrap">
                    token {source.tokenColumn + 1}, tag {source.tagColumn + 1}
                  </td>
                </>
              )}
              <td className="number">{format.count(source.sentences)}</td>
              <td className="number">{format.bytes(source.sizeBytes)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
    </>
  );
}

interface CorpusPageProps {
  readonly corpus: CorpusRecord;
  /** The sentence to show first, counted from 1 in its split; null for the start. */
  readonly at: { readonly split: Split; readonly number: number } | null;
}

export function CorpusPage({ corpus, at }: CorpusPageProps) {
  const question = useLab(({ columnQuestions }) =>
    columnQuestions.find(({ corpusIds }) => corpusIds.includes(corpus.id)),
  );
  const lengths = useAnalysis('sentenceLengths', { corpusId: corpus.id });
  return (
    <>
      <CorpusTitle corpus={corpus} />
      {corpus.review !== undefined && <ReviewOrigin review={corpus.review} />}
      {corpus.silver !== undefined && <SilverOrigin silver={corpus.silver} />}
      {question !== undefined && <ColumnPicker key={question.id} question={question} />}
      <section aria-labelledby="sources-title">
        <h2 id="sources-title">Sources</h2>
        <CorpusSources corpus={corpus} />
      </section>
      {corpus.issueCount > 0 && (
        <section aria-labelledby="issues-title">
          <h2 id="issues-title">Issues</h2>
          <IssueList issues={corpus.issues} issueCount={corpus.issueCount} />
        </section>
      )}
      <div className="pair">
        <section aria-labelledby="counts-title">
          <h2 id="counts-title">Counts</h2>
          <CorpusCounts corpus={corpus} />
        </section>
        <section aria-labelledby="lengths-title">
          <h2 id="lengths-title">Sentence lengths</h2>
          {lengths.status === 'ready' ? (
            <LengthChart histogram={lengths.answer} />
          ) : (
            <AnalysisWait state={lengths} doing="Counting lengths" />
          )}
        </section>
      </div>
      <section aria-labelledby="export-title" className="stack">
        <h2 id="export-title">Export</h2>
        <CorpusExport corpus={corpus} />
      </section>
      <section aria-labelledby="sentences-title">
        <h2 id="sentences-title">Sentences</h2>
        <SentenceBrowser corpus={corpus} at={at} />
      </section>
    </>
  );
}

/** Saves the corpus as files of a format. */
function CorpusExport({ corpus }: { readonly corpus: CorpusRecord }) {
  const lab = useLabActions();
  const [chosen, setChosen] = useState<AnnotationFormat>('CoNLL');
  const save = async () => saveFiles(format.fileName(corpus.name), await lab.exportCorpus(corpus.id, chosen));
  const saveDescribed = async () => {
    const { withCroissant } = await import('../../lab/library/croissant.ts');
    const files = await withCroissant(corpus, await lab.exportCorpus(corpus.id, 'Hugging Face'));
    await saveFiles(format.fileName(corpus.name, 'croissant'), files);
  };
  return (
    <>
      <div className="actions">
        <FormatSelect label="Save corpus as" formats={documentFormats} value={chosen} onChange={setChosen} />
        <Button onAct={save}>Save corpus</Button>
        <Button onAct={saveDescribed}>Save with Croissant</Button>
      </div>
      <p className="soft">
        Croissant describes the corpus, as JSON lines, to data catalogues and libraries for training; complete its
        licence and address in <code>croissant.json</code>.
      </p>
      {corpus.review !== undefined && (
        <p className="soft">
          Documents are saved with their whole text, and so with sentences that were not reviewed; CoNLL has the
          sentences of the corpus alone.
        </p>
      )}
    </>
  );
}

/** Says how a corpus came out of a review. */
function ReviewOrigin({ review }: { readonly review: ReviewProvenance }) {
  const { source, taggerName, taggedAt, savedAt, joinedWith, seed } = review;
  return (
    <section aria-labelledby="origin-title" className="stack">
      <h2 id="origin-title">Origin</h2>
      <p>
        Review of {source}, tagged {format.moment(taggedAt)} by {taggerName}, saved {format.moment(savedAt)}.{' '}
        {joinedWith !== null && `Joined with ${joinedWith} as training text. `}
        {seed !== null && `Divided into splits by seed ${seed}. `}
      </p>
      <p className="soft">
        {format.counted(review.reviewedSentences, 'sentence')} reviewed, {format.count(review.untouchedSentences)} as
        the tagger left them. Mentions: {format.count(review.accepted)} accepted as found,{' '}
        {format.count(review.changed)} changed, {format.count(review.added)} added, {format.count(review.untouched)}{' '}
        taken from the tagger without a look
        {review.untouched > 0 && ` from ${Math.round(100 * review.threshold)} % confidence on`},{' '}
        {format.count(review.rejected)} rejected and not in it.
      </p>
    </section>
  );
}

function CorpusTitle({ corpus }: { readonly corpus: CorpusRecord }) {
  const lab = useLabActions();
  const act = useAct();
  const { trainOn } = useDraftChange();
  const [name, setName] = useState<string | null>(null);
  const rename = async () => {
    if (name !== null && name.trim() !== '' && name.trim() !== corpus.name)
      await lab.renameCorpus(corpus.id, name.trim());
    setName(null);
  };
  const remove = async () => {
    await lab.removeCorpus(corpus.id);
    goTo({ page: 'library', section: 'corpora' });
  };
  return (
    <div className="title-row">
      <div>
        <p className="crumb">
          <a href="#/library/corpora">Corpora</a>
        </p>
        <h1>{corpus.name}</h1>
        <p className="soft">Check how this corpus was read, correct its splits, and browse its sentences.</p>
        <p className="soft">
          Added {format.moment(corpus.addedAt)} · fingerprint{' '}
          <code title={corpus.fingerprint}>{format.shortFingerprint(corpus.fingerprint)}</code>
          {corpus.builtIn && ' · sample that comes with the lab: its sentences are invented'}
        </p>
      </div>
      {name === null ? (
        <div className="actions">
          <Button kind="strong" onAct={() => trainOn(corpus)}>
            Train on this
          </Button>
          <a className="button" href={routeHref({ page: 'tagCorpus', tagger: null, corpusId: corpus.id, split: null })}>
            Tag this
          </a>
          <Button onAct={() => setName(corpus.name)}>Rename</Button>
          <RemoveButton subject={`corpus ${corpus.name}`} loss={<Loss corpus={corpus} />} onRemove={remove} />
        </div>
      ) : (
        <form
          className="actions"
          onSubmit={(event) => {
            event.preventDefault();
            void act(rename);
          }}
        >
          <input
            type="text"
            aria-label="New name"
            value={name}
            autoFocus
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && setName(null)}
          />
          <Button kind="strong" onAct={rename}>
            Save name
          </Button>
          <Button onAct={() => setName(null)}>Cancel</Button>
        </form>
      )}
    </div>
  );
}

function Loss({ corpus }: { readonly corpus: CorpusRecord }) {
  const sentences = SPLITS.reduce((sum, split) => sum + corpus.counts[split].sentences, 0);
  const unfinished = useLab(
    ({ runs }) =>
      runs.filter(
        ({ record: { spec, status } }) =>
          spec.tasks.some((task) => task.corpus.id === corpus.id) && status !== 'finished',
      ).length,
  );
  return (
    <>
      <p>
        {format.counted(sentences, 'sentence')} from {format.counted(corpus.sources.length, 'file')} will be removed
        from this browser. Your original files are not affected, and runs keep their scores.
      </p>
      {unfinished > 0 && (
        <p className="problem">
          {format.counted(unfinished, 'unfinished run')} on this corpus cannot continue unless you import it again.
        </p>
      )}
    </>
  );
}
