// What a tagger found: counts, scores where the text came annotated, the documents, and the way to save them.
import { memo, useDeferredValue, useMemo, useState } from 'react';
import type { AnnotationFormat } from '../../data/formats/writeDocuments.ts';
import { writeDocuments } from '../../data/formats/writeDocuments.ts';
import type { TaggingView } from '../../lab/labState.ts';
import { confidentDocuments, countTypes } from '../confidentDocuments.ts';
import { format } from '../format.ts';
import { saveFiles } from '../saveFiles.ts';
import { Button } from './Button.tsx';
import { DocumentTable } from './DocumentTable.tsx';
import { documentFormats, FormatSelect } from './FormatSelect.tsx';
import { GoldScores } from './GoldScores.tsx';
import { MentionTable } from './MentionTable.tsx';
import { TaggedDocument } from './TaggedDocument.tsx';
import { ThresholdField } from './ThresholdField.tsx';
import { TypeCounts } from './TypeCounts.tsx';

export type TaggingResultsProps = Pick<TaggingView, 'documents' | 'types' | 'source' | 'status'>;

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
            <p className="soft">The text came annotated; it is compared when all of it is tagged.</p>
          ) : (
            <>
              <GoldScores documents={shown} types={types} goldTypes={goldTypes} />
              <p className="soft">
                The text came annotated. Exact spans are compared, those below the threshold left out.
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
  return (
    <div className="actions">
      <FormatSelect label="Save as" formats={documentFormats} value={savedAs} onChange={setSavedAs} />
      <Button onAct={() => saveFiles(name, writeDocuments(savedAs, documents, { name }))}>
        Save {format.counted(documents.length, 'document')}
      </Button>
      {hidden > 0 && (
        <span className="soft">
          {format.counted(hidden, 'mention')} below {Math.round(100 * threshold)} % will be left out.
        </span>
      )}
    </div>
  );
}

/** The types annotated in the documents as they came, in code-unit order. */
function typesOf(documents: TaggingView['documents']): readonly string[] {
  return [...new Set(documents.flatMap(({ gold }) => gold.map(({ type }) => type)))].sort();
}
