// Shows doubtful labels of a category: possible missing annotations in test, inconsistently labelled texts, and similar sentences with different labels.
import type { ReviewQuery } from '../../analysis/questions/labelsQuery.ts';
import type { EntitySetsQuery } from '../../analysis/questions/sentencesQuery.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import type { Lab } from '../../lab/state/labState.ts';
import { REVIEW_COLUMNS, type ReviewRow } from '../../metrics/reviewRows.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';
import { AnalysisWait, NoSnapshot, PredictionGate, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { MarkedSentence, SentenceLink } from '../parts/SentenceLine.tsx';
import { Pager } from '../parts/TableBox.tsx';
import { indexIn, useInAddress, usePageInAddress } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLabActions } from '../shared/useLab.ts';
import { ConflictSection, type ConflictSectionProps } from './ConflictSection.tsx';
import type { PanelProps } from './SubjectFields.tsx';

const MISSED_PER_PAGE = 10;

/** Lists predicted mentions whose strings are in training but never annotated in test, most confident first. */
function MissedSection({ sets, task }: { readonly sets: EntitySetsQuery; readonly task: TaskRef }) {
  const [first, goTo] = usePageInAddress(MISSED_PER_PAGE, 'missing-page');
  const state = useAnalysis('missedLabels', { sets, first, count: MISSED_PER_PAGE });
  const page = shownAnswer(state);
  if (page === null) return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Comparing the sets" />;
  return (
    <div className="browser paged">
      <Pager first={first} size={MISSED_PER_PAGE} total={page.total} noun="mention" none="None found" onGo={goTo} />
      <p className="tracks-legend small browser-note">
        <span className="track annotated">annotated</span>
        <span className="track first">predicted</span>
      </p>
      <ol className="sentences places" aria-label="Possible missing annotations" aria-busy={state.status === 'working'}>
        {page.missed.map((one) => (
          <li key={`${one.sentence}/${one.start}`}>
            <p className="place-head">
              <strong className="certainty">{format.confidence(one.confidence)}</strong>
              <span className="string">{one.text}</span>
              <span className="soft">{format.counted(one.training, 'time')} in training</span>
              <SentenceLink task={task} split="test" index={one.sentence} />
            </p>
            <MarkedSentence tokens={one.tokens} about={[one]} annotated={one.mentions} predicted={[[one]]} />
          </li>
        ))}
      </ol>
    </div>
  );
}

const PAIRS_PER_PAGE = 5;
/** Whether near duplicates are included, and the page of the pairs. */
const PAIRS_IN_ADDRESS = ['near', 'pair-page'];

interface PairSectionProps extends ConflictSectionProps {
  readonly near: boolean;
  /** Index of the first pair shown. */
  readonly first: number;
  readonly onGo: (item: number) => void;
}

/** Lists pairs of identical or similar sentences whose mentions differ. */
function PairSection({ category, tasks, near, first, onGo }: PairSectionProps) {
  const state = useAnalysis('labelPairs', { category, near, first, count: PAIRS_PER_PAGE });
  const page = shownAnswer(state);
  if (page === null)
    return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Finding similar sentences" />;
  return (
    <div className="browser paged">
      <Pager first={first} size={PAIRS_PER_PAGE} total={page.total} noun="pair" none="None found" onGo={onGo} />
      {page.left > 0 && (
        <p className="soft small browser-note">{format.counted(page.left, 'more pair')}, less similar, not listed.</p>
      )}
      <ol className="sentences places" aria-label="Pairs" aria-busy={state.status === 'working'}>
        {page.pairs.map(({ kind, similarity, sides }) => (
          <li key={sides.map(({ task, split, index }) => `${task}/${split}/${index}`).join()}>
            <p className="place-head">
              <strong>{kind === 'exact' ? 'same text' : `${format.share(similarity)} similar`}</strong>
            </p>
            <div className="pair-sides">
              {sides.map((side) => (
                <div key={`${side.task}/${side.split}/${side.index}`} className="pair-side">
                  <SentenceLink task={tasks[side.task]} split={side.split} index={side.index} />
                  <MarkedSentence tokens={side.tokens} about={side.only} annotated={side.mentions} />
                </div>
              ))}
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Number of rows per request, small enough to keep the page responsive. */
const ROWS = 1000;

/** Writes the doubtful labels of a category as a file for manual review, fetched a few at a time. */
async function reviewList(
  lab: Lab,
  query: Omit<ReviewQuery, 'first' | 'count'>,
  format: 'csv' | 'json',
): Promise<Blob> {
  // Blobs, since one of a long text would be encoded in one long task.
  const parts: Blob[] = [new Blob([format === 'csv' ? csvText([REVIEW_COLUMNS]) : '['])];
  for (let first = 0, total = 1; first < total; first += ROWS) {
    const page = await lab.analyse('labelReview', { ...query, first, count: ROWS }).answer;
    total = page?.total ?? 0;
    parts.push(new Blob([rowsText(page?.rows ?? [], format, first > 0)]));
  }
  if (format === 'json') parts.push(new Blob(['\n]\n']));
  return new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/json' });
}

function rowsText(rows: readonly ReviewRow[], format: 'csv' | 'json', goesOn: boolean): string {
  if (format === 'csv')
    return rows.length === 0 ? '' : csvText(rows.map((row) => REVIEW_COLUMNS.map((name) => row[name])));
  return rows.map((row, index) => `${goesOn || index > 0 ? ',' : ''}\n${JSON.stringify(row)}`).join('');
}

export function LabelsPanel({ subject, route }: PanelProps) {
  const lab = useLabActions();
  const [pairs, setPairs] = useInAddress(null, PAIRS_IN_ADDRESS);
  const near = pairs['near'] !== 'no';
  const showPairs = (isNear: boolean, item: number) => {
    const page = Math.floor(item / PAIRS_PER_PAGE);
    setPairs({ ...(!isNear && { near: 'no' }), ...(page > 0 && { 'pair-page': String(page + 1) }) });
  };
  const { task, prediction } = subject;
  const { tasks } = subject.category;
  const category = tasks.map(taskOf);
  const sets: EntitySetsQuery = { task: taskOf(task), category, prediction, trainOnly: false, lowerCase: false };
  const save = async (kind: 'csv' | 'json') => {
    // Predictions may have been stored since this page was opened; the list uses what is there now.
    const states = prediction && (await lab.analyse('predictionStates', [prediction]).answer);
    const query = {
      category,
      names: tasks.map(taskRefName),
      near,
      sets: states === null || states[0] === 'none' ? null : sets,
    };
    saveFile(`review-${format.fileName(taskRefName(task))}.${kind}`, await reviewList(lab, query, kind));
  };
  const key = JSON.stringify(sets);
  return (
    <>
      <div className="title-row">
        <p className="soft lead">
          Possible annotation errors in {format.counted(tasks.length, 'task')}. The review list contains all rows of
          this page.
        </p>
        <div className="actions">
          <Button label="Save the review list as CSV" onAct={() => save('csv')}>
            Review list, CSV
          </Button>
          <Button label="Save the review list as JSON" onAct={() => save('json')}>
            JSON
          </Button>
        </div>
      </div>
      <section aria-labelledby="missed-title">
        <h2 id="missed-title">Possible missing annotations (test)</h2>
        <p className="soft lead">
          Strings predicted in test that are annotated in training but never in test (wrong and known, T∩P∖L), most
          confident first.
        </p>
        {prediction === null ? (
          <NoSnapshot route={route} />
        ) : (
          <PredictionGate requests={[prediction]} need="confidences">
            <MissedSection key={key} sets={sets} task={task} />
          </PredictionGate>
        )}
      </section>
      <section aria-labelledby="conflicts-title">
        <h2 id="conflicts-title">Inconsistent labels</h2>
        <p className="soft lead">
          The same tokens labelled in some occurrences and unlabelled, or labelled with another type, in others;
          occurrences inside longer mentions do not count.
        </p>
        <ConflictSection key={JSON.stringify(category)} category={category} tasks={tasks} />
      </section>
      <section aria-labelledby="pairs-title">
        <h2 id="pairs-title">Similar sentences with different labels</h2>
        <div className="filters">
          <label className="check">
            <input type="checkbox" checked={near} onChange={(event) => showPairs(event.target.checked, 0)} />
            Include near duplicates
          </label>
        </div>
        <PairSection
          key={JSON.stringify([category, near])}
          category={category}
          tasks={tasks}
          near={near}
          first={indexIn(pairs['pair-page']) * PAIRS_PER_PAGE}
          onGo={(item) => showPairs(near, item)}
        />
      </section>
    </>
  );
}
