// Lists the paper's public corpora: those present, those to download with their licences, and which corpus represents each sub-task.
import { CATEGORY_NAMES, LICENCE_NOTE, type CategoryName } from '../../data/catalogue/catalogue.ts';
import { catalogueStatus, type SubTaskStatus } from '../../lab/library/publicCorpora.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

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
