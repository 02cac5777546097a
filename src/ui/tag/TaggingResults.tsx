// Shows what a tagger found: counts, scores if the text was annotated, the documents, and how to save them.
import { memo, useDeferredValue, useId, useMemo, useState } from 'react';
import type { AnnotationFormat } from '../../data/documents/annotationFormats.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import type { TaggingView } from '../../lab/state/labState.ts';
import { matchTypes, scoreDocuments, type LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import { ownValue } from '../../util/validate.ts';
import { Button } from '../parts/Button.tsx';
import { documentFormats, FormatSelect } from '../parts/FormatSelect.tsx';
import { ScoreTable } from '../parts/ScoreTable.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { TypeLabel } from '../parts/TypeLabel.tsx';
import { format } from '../shared/format.ts';
import { saveFiles } from '../shared/saveFile.ts';
import { DocumentTable, MentionTable, TaggedDocument } from './TaggedDocument.tsx';

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
  /** Mean confidence of those shown; null for none. */
  readonly meanConfidence: number | null;
}

/** In the order of `types`, each of which has an entry. */
export function countTypes(
  documents: readonly AnnotatedDocument[],
  types: readonly string[],
  threshold: number,
): readonly TypeCount[] {
  const tallies = new Map(types.map((type) => [type, { shown: 0, hidden: 0, confidence: 0 }]));
  for (const { mentions } of documents) {
    for (const mention of mentions) {
      const tally = tallies.get(mention.type);
      if (tally === undefined) continue;
      if (!isConfident(mention, threshold)) {
        tally.hidden++;
        continue;
      }
      tally.shown++;
      tally.confidence += mention.confidence ?? 1;
    }
  }
  return [...tallies].map(([type, { shown, hidden, confidence }]) => ({
    type,
    shown,
    hidden,
    meanConfidence: shown === 0 ? null : confidence / shown,
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
          cell={(reading, type, measure) => format.percent(scoreOf(scores[reading], type)?.[measure])}
          countsOf={(type) => scoreOf(scores.lenient, type)}
        />
      )}
    </>
  );
}

type Entities = ReturnType<typeof scoreDocuments>['lenient'];

function scoreOf({ overall, perType }: Entities, type: string | null): Entities['overall'] | undefined {
  return type === null ? overall : ownValue(perType, type);
}

interface ThresholdFieldProps {
  /** 0 to 1. */
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** Sets the minimum confidence of mentions to show and save, by a slider or a number in percent. */
function ThresholdField({ value, onChange }: ThresholdFieldProps) {
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
    <TableBox label="Mentions by type">
      <thead>
        <tr>
          <th scope="col">Type</th>
          <th scope="col" className="number">
            Mentions
          </th>
          <th scope="col" className="number">
            Below the threshold
          </th>
          <th scope="col" className="number">
            Mean confidence
          </th>
        </tr>
      </thead>
      <tbody>
        {counts.map(({ type, shown, hidden, meanConfidence }) => (
          <tr key={type}>
            <th scope="row">
              <TypeLabel type={type} types={types} />
            </th>
            <td className="number">{format.count(shown)}</td>
            <td className="number">{format.count(hidden)}</td>
            <td className="number">{format.confidence(meanConfidence)}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

type TaggingResultsProps = Pick<TaggingView, 'documents' | 'types' | 'source' | 'status'>;

export const TaggingResults = memo(function TaggingResults({ documents, types, source, status }: TaggingResultsProps) {
  const [threshold, setThreshold] = useState(0);
  const [open, setOpen] = useState(0);
  const deferred = useDeferredValue(threshold);
  const shown = useMemo(() => confidentDocuments(documents, deferred), [documents, deferred]);
  const counts = useMemo(() => countTypes(documents, types, deferred), [documents, types, deferred]);
  const goldTypes = useMemo(() => typesOf(documents), [documents]);
  const document = shown[open] ?? shown[0];
  if (document === undefined) return null;
  return (
    <>
      <section aria-labelledby="found-title">
        <h2 id="found-title">Mentions</h2>
        <ThresholdField value={threshold} onChange={setThreshold} />
        <TypeCounts counts={counts} />
        <SaveRow documents={shown} name={format.fileName(source) || 'tagged'} threshold={deferred} counts={counts} />
      </section>
      {goldTypes.length > 0 && (
        <section aria-labelledby="scores-title">
          <h2 id="scores-title">Scores</h2>
          {status === 'tagging' ? (
            <p className="soft">The text is annotated; it will be compared once all of it is tagged.</p>
          ) : (
            <>
              <GoldScores documents={shown} types={types} goldTypes={goldTypes} />
              <p className="soft">
                The text is annotated. Exact spans are compared, without those below the threshold.
              </p>
            </>
          )}
        </section>
      )}
      {shown.length > 1 && (
        <section aria-labelledby="documents-title">
          <h2 id="documents-title">Documents</h2>
          <DocumentTable documents={shown} open={open} onOpen={setOpen} />
        </section>
      )}
      <section aria-labelledby="document-title">
        <h2 id="document-title">{document.id}</h2>
        <TaggedDocument key={`text ${document.id}`} document={document} types={types} />
        <MentionTable key={`list ${document.id}`} document={document} types={types} />
      </section>
    </>
  );
});

interface SaveRowProps {
  readonly documents: TaggingView['documents'];
  readonly name: string;
  readonly threshold: number;
  readonly counts: ReturnType<typeof countTypes>;
}

function SaveRow({ documents, name, threshold, counts }: SaveRowProps) {
  const [savedAs, setSavedAs] = useState<AnnotationFormat>('BRAT');
  const hidden = counts.reduce((sum, count) => sum + count.hidden, 0);
  const save = async () => {
    // Loaded when needed, because the formats are a large part of the page.
    const { writeDocuments } = await import('../../data/formats/writeDocuments.ts');
    await saveFiles(name, writeDocuments(savedAs, documents, { name }));
  };
  return (
    <div className="actions">
      <FormatSelect label="Save as" formats={documentFormats} value={savedAs} onChange={setSavedAs} />
      <Button onAct={save}>Save {format.counted(documents.length, 'document')}</Button>
      {hidden > 0 && (
        <span className="soft">
          {format.counted(hidden, 'mention')} below {Math.round(100 * threshold)} % will be left out.
        </span>
      )}
    </div>
  );
}

/** Returns the types annotated in the input documents, in code-unit order. */
function typesOf(documents: TaggingView['documents']): readonly string[] {
  return [...new Set(documents.flatMap(({ gold }) => gold.map(({ type }) => type)))].sort();
}
