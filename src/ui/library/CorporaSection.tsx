// Shows the library of corpora and imports new ones.
import { useMemo } from 'react';
import { SPLITS } from '../../data/corpus/corpus.ts';
import { isInstalling } from '../../lab/state/isInstalling.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { Button } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { TypeLabel } from '../parts/TypeLabel.tsx';
import { UnreadableList } from '../parts/UnreadableList.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { useLab } from '../shared/useLab.ts';
import { useDraftChange } from '../train/useDraftChange.ts';
import { CataloguePanel } from './CataloguePanel.tsx';
import { ColumnPicker } from './ColumnPicker.tsx';

export function CorporaSection() {
  const corpora = useLab((state) => state.corpora);
  const none = useLab(isInstalling) ? 'The samples are being installed.' : 'No corpora yet.';
  const questions = useLab((state) => state.columnQuestions);
  return (
    <>
      <p className="soft">Import annotated corpora, check how they were read, and browse their sentences.</p>
      <DropZone>
        <strong>Drop a corpus anywhere in this window</strong>, as files, a folder or a zip, packed with gzip or not:
        rows of tokens and tags (CoNLL, CSV, WebAnno), BRAT and BioNLP standoff, PubTator, BioC (XML or JSON), Parquet,
        or JSON from doccano, spaCy, Prodigy, Label Studio, DataTurks or Hugging Face; up to 128 MB of rows or 64 MB of
        texts a file. Splits are recognised by file name (train, devel, test) and can be corrected. The text stays in
        this browser.
      </DropZone>
      {questions.map((question) => (
        <ColumnPicker key={question.id} question={question} />
      ))}
      <UnreadableList kind="corpus" />
      {corpora.length === 0 ? <p className="soft">{none}</p> : <CorporaTable corpora={corpora} />}
      <CataloguePanel />
    </>
  );
}

const byName = new Intl.Collator('en', { numeric: true });

/** Own corpora come before samples, each by name. */
function compareCorpora(left: CorpusRecord, right: CorpusRecord): number {
  return Number(left.builtIn) - Number(right.builtIn) || byName.compare(left.name, right.name);
}

function CorporaTable({ corpora }: { readonly corpora: readonly CorpusRecord[] }) {
  const { trainOn } = useDraftChange();
  const inOrder = useMemo(() => [...corpora].sort(compareCorpora), [corpora]);
  return (
    <TableBox label="Corpora" className="corpora-table">
      <thead>
        <tr>
          <th scope="col">Name</th>
          {SPLITS.map((split) => (
            <th key={split} scope="col" className="number">
              {split}
            </th>
          ))}
          <th scope="col" className="number">
            Mentions
          </th>
          <th scope="col">Types</th>
          <th scope="col" className="number">
            Issues
          </th>
          <th scope="col">Added</th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {inOrder.map((corpus) => (
          <tr key={corpus.id}>
            <th scope="row">
              <a href={routeHref({ page: 'corpus', corpusId: corpus.id })}>{corpus.name}</a>
              {corpus.builtIn && <span className="tag">sample, invented sentences</span>}
              {corpus.review !== undefined && <span className="tag">reviewed</span>}
              {corpus.silver !== undefined && <span className="tag">terms marked</span>}
            </th>
            {SPLITS.map((split) => (
              <td key={split} className="number">
                {format.count(corpus.counts[split].sentences)}
              </td>
            ))}
            <td className="number">
              {format.count(SPLITS.reduce((sum, split) => sum + corpus.counts[split].mentions, 0))}
            </td>
            <td>
              <span className="type-list">
                {corpus.types.slice(0, 4).map((type) => (
                  <TypeLabel key={type} type={type} types={corpus.types} />
                ))}
                {corpus.types.length > 4 && <span className="faint">and {corpus.types.length - 4} more</span>}
              </span>
            </td>
            <td className="number">
              {corpus.issueCount === 0 ? <span className="faint">0</span> : format.count(corpus.issueCount)}
            </td>
            <td className="faint nowrap">{format.moment(corpus.addedAt)}</td>
            <td>
              <span className="actions row-actions">
                <Button kind="quiet" label={`Train on ${corpus.name}`} onAct={() => trainOn(corpus)}>
                  Train on this
                </Button>
                <a
                  className="button quiet"
                  aria-label={`Tag ${corpus.name}`}
                  href={routeHref({ page: 'tagCorpus', tagger: null, corpusId: corpus.id, split: null })}
                >
                  Tag this
                </a>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
