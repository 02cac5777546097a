// Shows the library of corpora, imports new ones, and lists the paper's public corpora: present, to download, and which represents a sub-task.
import { useMemo } from 'react';
import { CATEGORY_NAMES, LICENCE_NOTE, type CategoryName } from '../../data/catalogue/catalogue.ts';
import { SPLITS } from '../../data/corpus/corpus.ts';
import { catalogueStatus, type SubTaskStatus } from '../../lab/library/publicCorpora.ts';
import { isInstalling } from '../../lab/state/labStore.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { Button, useAct } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { TypeLabel } from '../parts/SentenceLine.tsx';
import { UnreadableList } from '../parts/StorageTable.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/planDraft.ts';
import { ColumnPicker } from './CorpusOrigin.tsx';

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

// Lists the paper's public corpora: those present, those to download with their licences, and which corpus represents each sub-task.

export function CataloguePanel() {
  const corpora = useLab((state) => state.corpora);
  const assignments = useLab((state) => state.assignments);
  const statuses = catalogueStatus({ corpora, assignments });
  const here = statuses.filter(({ task }) => task !== null).length;
  return (
    <section aria-labelledby="catalogue-title">
      <h2 id="catalogue-title">Public corpora</h2>
      <p className="lead">
        The paper’s 22 sub-tasks, from the public collection github.com/cambridgeltl/MTL-Bioinformatics-2016. {here} are
        in the library. Nothing is requested from that site until you press a button; you can also drop the repository,
        its <code>data</code> folder or its zip anywhere on the page.
      </p>
      <p className="soft lead">{LICENCE_NOTE}</p>
      {CATEGORY_NAMES.map((category) => (
        <CatalogueCategory
          key={category}
          category={category}
          statuses={statuses.filter(({ subTask }) => subTask.category === category)}
          corpora={corpora}
        />
      ))}
    </section>
  );
}

interface CatalogueCategoryProps {
  readonly category: CategoryName;
  readonly statuses: readonly SubTaskStatus[];
  readonly corpora: readonly CorpusRecord[];
}

function CatalogueCategory({ category, statuses, corpora }: CatalogueCategoryProps) {
  const lab = useLabActions();
  const missing = statuses.filter(({ subTask, task }) => task === null && subTask.sizeBytes !== null);
  const sizeBytes = missing.reduce((sum, { subTask }) => sum + (subTask.sizeBytes ?? 0), 0);
  const here = statuses.filter(({ task }) => task !== null).length;
  return (
    <details className="fold catalogue">
      <summary>
        {category}{' '}
        <span className="faint">
          {here} of {statuses.length} in the library
        </span>
      </summary>
      <TableBox label={`Public corpora, ${category}`}>
        <thead>
          <tr>
            <th scope="col">Corpus</th>
            <th scope="col">Type</th>
            <th scope="col" className="number">
              Size
            </th>
            <th scope="col">Licence</th>
            <th scope="col">In library as</th>
          </tr>
        </thead>
        <tbody>
          {statuses.map((status) => (
            <tr key={status.subTask.id}>
              <th scope="row">{status.subTask.dataset}</th>
              <td>{status.subTask.type}</td>
              <td className="number nowrap">{format.bytes(status.subTask.sizeBytes)}</td>
              <td>{status.subTask.licence}</td>
              <td>
                <StandIn status={status} corpora={corpora} />
              </td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      {missing.length > 0 && (
        <div className="actions">
          <Button onAct={async () => void (await lab.fetchCatalogueTasks(missing.map(({ subTask }) => subTask.id)))}>
            Download {format.counted(missing.length, `${category} corpus`, `${category} corpora`)} (
            {format.bytes(sizeBytes)})
          </Button>
          <span className="soft">Under the licences above; an interrupted download resumes where it stopped.</span>
        </div>
      )}
    </details>
  );
}

/** Shows the corpus that represents the sub-task, and lets the person choose another. */
function StandIn({
  status: { subTask, task, differing },
  corpora,
}: {
  readonly status: SubTaskStatus;
  readonly corpora: readonly CorpusRecord[];
}) {
  const lab = useLabActions();
  const choices = corpora.flatMap((corpus) =>
    corpus.types.map((type) => ({ corpus, type, value: `${corpus.id}/${type}` })),
  );
  const chosen = task?.by === 'hand' ? `${task.corpus.id}/${task.type}` : '';
  const assign = (value: string) => {
    const choice = choices.find((candidate) => candidate.value === value);
    return lab.assignSubTask(
      subTask.id,
      choice === undefined ? null : { corpusId: choice.corpus.id, type: choice.type },
    );
  };
  const act = useAct();
  return (
    <>
      <select
        aria-label={`Corpus used for ${subTask.dataset} ${subTask.category}`}
        value={chosen}
        onChange={(event) => void act(() => assign(event.target.value))}
      >
        <option value="">{task === null || task.by === 'hand' ? 'none' : `${task.corpus.name}, found by name`}</option>
        {choices.map(({ corpus, type, value }) => (
          <option key={value} value={value}>
            {format.taskName(corpus.name, type)}
          </option>
        ))}
      </select>
      {task !== null && (
        <>
          {' '}
          <a href={routeHref({ page: 'corpus', corpusId: task.corpus.id })}>Show</a>
        </>
      )}
      {differing.length > 0 && (
        <p className="field-help">
          Differs from the published corpus:{' '}
          {differing
            .map(({ split, expected, found }) => `${format.count(found)} ${split} instead of ${format.count(expected)}`)
            .join(', ')}
          .
        </p>
      )}
    </>
  );
}
