// Shows what a review has so far: counts of mentions, scores if the text was annotated, and how to save the documents as files.
import { memo, useDeferredValue, useId, useMemo, useState } from 'react';
import {
  lostIdsWords,
  type AnnotatedDocument,
  type AnnotatedMention,
  type AnnotationFormat,
} from '../../data/documents/document.ts';
import { reviewedDocuments, type Review } from '../../lab/review/review.ts';
import { matchTypes, scoreDocuments, type LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import { ownValue } from '../../util/validate.ts';
import { Button } from '../parts/Button.tsx';
import { documentFormats, FormatSelect } from '../parts/FormatSelect.tsx';
import { ScoreTable } from '../parts/ScoreTable.tsx';
import { TypeLabel } from '../parts/SentenceLine.tsx';
import { NumberTable } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { saveFiles } from '../shared/saveFile.ts';
import { useLabActions } from '../shared/useLab.ts';
import { DocumentTable, linkedBy, MentionTable } from './MentionTables.tsx';

/** Returns whether a mention reaches the threshold; one without a confidence always does. */
function isConfident({ confidence }: AnnotatedMention, threshold: number): boolean {
  return confidence === null || confidence >= threshold;
}

/** Returns the documents without the mentions below the threshold. */
export function confidentDocuments<Document extends AnnotatedDocument>(
  documents: readonly Document[],
  threshold: number,
): readonly Document[] {
  if (threshold <= 0) return documents;
  return documents.map((document) => ({
    ...document,
    mentions: document.mentions.filter((mention) => isConfident(mention, threshold)),
  }));
}

interface TypeCount {
  readonly type: string;
  readonly shown: number;
  /** Mentions below the threshold. */
  readonly hidden: number;
  /** Mean confidence of those shown that the tagger found as they are; null for none. */
  readonly meanConfidence: number | null;
}

/** Counts the mentions shown and, of `all`, those hidden; in the order of `types`, each of which has an entry. */
export function countTypes(
  shown: readonly AnnotatedDocument[],
  all: readonly AnnotatedDocument[],
  types: readonly string[],
): readonly TypeCount[] {
  const tallies = new Map(types.map((type) => [type, { shown: 0, all: 0, sure: 0, confidence: 0 }]));
  for (const { mentions } of all) {
    for (const { type } of mentions) {
      const tally = tallies.get(type);
      if (tally !== undefined) tally.all++;
    }
  }
  for (const { mentions } of shown) {
    for (const { type, confidence } of mentions) {
      const tally = tallies.get(type);
      if (tally === undefined) continue;
      tally.shown++;
      if (confidence === null) continue;
      tally.sure++;
      tally.confidence += confidence;
    }
  }
  return [...tallies].map(([type, tally]) => ({
    type,
    shown: tally.shown,
    hidden: tally.all - tally.shown,
    meanConfidence: tally.sure === 0 ? null : tally.confidence / tally.sure,
  }));
}

interface GoldScoresProps {
  /** Documents with the mentions shown. */
  readonly documents: readonly LabelledDocument[];
  readonly types: readonly string[];
  readonly goldTypes: readonly string[];
}

/** Shows precision, recall and F1 of the found mentions against the annotations, and chooses the types to compare. */
function GoldScores({ documents, types, goldTypes }: GoldScoresProps) {
  const [chosen, setChosen] = useState<Readonly<Record<string, string | null>>>({});
  const matched = useMemo(() => ({ ...matchTypes(types, goldTypes), ...chosen }), [types, goldTypes, chosen]);
  const scores = useMemo(() => scoreDocuments(documents, matched), [documents, matched]);
  const compared = types.filter((type) => matched[type] !== null);
  return (
    <>
      <div className="filters">
        {types.map((type) => (
          <label key={type}>
            {type} is compared with{' '}
            <select
              value={matched[type] === null ? '' : `type:${matched[type]}`}
              onChange={(event) => {
                const { value } = event.target;
                setChosen({ ...chosen, [type]: value === '' ? null : value.slice('type:'.length) });
              }}
            >
              <option value="">nothing</option>
              {goldTypes.map((gold) => (
                <option key={gold} value={`type:${gold}`}>
                  {gold}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      {compared.length === 0 ? (
        <p className="soft">No tagger type is compared with an annotated type.</p>
      ) : (
        <ScoreTable
          label="Scores of the tagged documents"
          types={compared}
          cell={(_reading, type, measure) => format.percent(scoreOf(scores, type)?.[measure])}
          countsOf={(type) => scoreOf(scores, type)}
        />
      )}
    </>
  );
}

type Entities = ReturnType<typeof scoreDocuments>;

function scoreOf({ overall, perType }: Entities, type: string | null): Entities['overall'] | undefined {
  return type === null ? overall : ownValue(perType, type);
}

interface ThresholdFieldProps {
  /** 0 to 1. */
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** Sets the minimum confidence of mentions to show and save, by a slider or a number in percent. */
export function ThresholdField({ value, onChange }: ThresholdFieldProps) {
  const id = useId();
  const percent = Math.round(100 * value);
  const take = (text: string) => {
    const entered = Number(text);
    if (Number.isFinite(entered)) onChange(Math.min(100, Math.max(0, entered)) / 100);
  };
  return (
    <div className="threshold">
      <label htmlFor={id}>Minimum confidence</label>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        value={percent}
        aria-valuetext={`${percent} percent`}
        onChange={(event) => take(event.target.value)}
      />
      <input
        type="text"
        inputMode="numeric"
        size={3}
        aria-label="Minimum confidence in percent"
        value={percent}
        onChange={(event) => take(event.target.value)}
      />
      <span aria-hidden="true">%</span>
    </div>
  );
}

/** Counts the mentions of each type, above and below the threshold. */
function TypeCounts({ counts }: { readonly counts: readonly TypeCount[] }) {
  const types = counts.map(({ type }) => type);
  return (
    <NumberTable
      label="Mentions by type"
      columns={['Type', 'Mentions', 'Below the threshold', 'Mean confidence']}
      rows={counts.map(({ type, shown, hidden, meanConfidence }) => ({
        key: type,
        head: <TypeLabel type={type} types={types} />,
        numbers: [format.count(shown), format.count(hidden), format.confidence(meanConfidence)],
      }))}
    />
  );
}

interface TaggingResultsProps {
  readonly review: Review;
  /** Types of the tagger. */
  readonly types: readonly string[];
  readonly source: string;
  /** 0 to 1. */
  readonly threshold: number;
  /** The dictionary that mentions are linked by; null for none. */
  readonly dictionaryId: string | null;
}

/** Shows the mentions as reviewed so far: how many there are, their documents as files and tables, and the tagger's scores on annotated text. */
export const TaggingResults = memo(function TaggingResults(props: TaggingResultsProps) {
  const { types, source, dictionaryId } = props;
  const [open, setOpen] = useState(0);
  // An edit changes the sentence at once, and what is counted of all sentences a moment later.
  const review = useDeferredValue(props.review);
  const threshold = useDeferredValue(props.threshold);
  const all = useMemo(() => reviewedDocuments(review, 0), [review]);
  const shown = useMemo(() => (threshold <= 0 ? all : reviewedDocuments(review, threshold)), [all, review, threshold]);
  const counts = useMemo(() => countTypes(shown, all, review.types), [shown, all, review.types]);
  const found = useMemo(() => confidentDocuments(review.documents, threshold), [review.documents, threshold]);
  const goldTypes = useMemo(() => typesOf(review.documents), [review.documents]);
  const document = shown[open] ?? shown[0];
  if (document === undefined) return null;
  return (
    <>
      <section aria-labelledby="found-title">
        <h2 id="found-title">Mentions</h2>
        <TypeCounts counts={counts} />
        <SaveRow
          documents={shown}
          name={format.fileName(source) || 'tagged'}
          threshold={threshold}
          counts={counts}
          types={review.types}
          dictionaryId={dictionaryId}
        />
      </section>
      {goldTypes.length > 0 && (
        <section aria-labelledby="scores-title">
          <h2 id="scores-title">Scores of the tagger</h2>
          <GoldScores documents={found} types={types} goldTypes={goldTypes} />
          <p className="soft">
            The text came with annotation. Exact spans as found are compared with it, without those below the threshold
            and before any correction.
          </p>
        </section>
      )}
      <section aria-labelledby="document-title" className="stack">
        <h2 id="document-title">{document.id}</h2>
        {shown.length > 1 && <DocumentTable documents={shown} open={open} onOpen={setOpen} />}
        <MentionTable key={document.id} document={document} types={review.types} dictionaryId={dictionaryId} />
      </section>
    </>
  );
});

interface SaveRowProps {
  readonly documents: readonly AnnotatedDocument[];
  readonly name: string;
  readonly threshold: number;
  readonly counts: ReturnType<typeof countTypes>;
  /** Types that the mentions may have. */
  readonly types: readonly string[];
  readonly dictionaryId: string | null;
}

function SaveRow({ documents, name, threshold, counts, types, dictionaryId }: SaveRowProps) {
  const lab = useLabActions();
  const [savedAs, setSavedAs] = useState<AnnotationFormat>('BRAT');
  const hidden = counts.reduce((sum, count) => sum + count.hidden, 0);
  const lost = useMemo(() => {
    const words = lostIdsWords(savedAs);
    const hasIds = () => documents.some(({ mentions }) => mentions.some(({ link }) => link !== undefined));
    return words === null || (dictionaryId === null && !hasIds()) ? null : words;
  }, [documents, savedAs, dictionaryId]);
  const save = async () => {
    // Loaded when needed, because the formats are a large part of the page.
    const { writeDocuments } = await import('../../data/formats/writeDocuments.ts');
    const linked = dictionaryId === null ? documents : await linkedBy(lab, dictionaryId, documents, types);
    if (linked !== null) await saveFiles(name, writeDocuments(savedAs, linked, { name }));
  };
  return (
    <div className="actions">
      <FormatSelect label="Save as" formats={documentFormats} value={savedAs} onChange={setSavedAs} />
      <Button onAct={save}>Save {format.counted(documents.length, 'document')}</Button>
      {lost !== null && <span className="soft">{lost}</span>}
      {hidden > 0 && (
        <span className="soft">
          {format.counted(hidden, 'mention')} below {Math.round(100 * threshold)} % will be left out.
        </span>
      )}
    </div>
  );
}

/** Returns the types annotated in the input documents, in code-unit order. */
function typesOf(documents: readonly LabelledDocument[]): readonly string[] {
  return [...new Set(documents.flatMap(({ gold }) => gold.map(({ type }) => type)))].sort();
}
