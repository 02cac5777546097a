// Shows whether the confidences of a snapshot can be believed, and which annotations they speak against.
import type { CalibrationAnswer, DoubtLine, LabelDoubtsQuery } from '../../analysis/questions/confidenceQuery.ts';
import { taskOf } from '../../lab/comparison/analysableTasks.ts';
import { doubtRows, REVIEW_COLUMNS } from '../../metrics/reviewRows.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { csvText } from '../../util/csv.ts';
import { ReliabilityChart } from '../charts/ReliabilityChart.tsx';
import { Term } from '../help/Term.tsx';
import { AnalysisWait, NoSnapshot, PredictionGate } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { Pager } from '../parts/Pager.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { indexIn, useInAddress } from '../shared/addressTexts.ts';
import { MarkedSentence, SentenceLink } from './MarkedSentence.tsx';
import type { PanelProps } from './subject.ts';

export function ConfidencePanel({ subject: { task, run, prediction }, route }: PanelProps) {
  const sentences =
    useLab(({ corpora }) => corpora.find(({ id }) => id === task.corpus.id))?.counts.devel.sentences ?? 0;
  if (run === null || prediction === null) return <NoSnapshot route={route} />;
  const devel: PredictionRequest | null = hasUnseenDevel(run.record, sentences) ? { ...prediction, split: 'devel' } : null; // prettier-ignore
  const requests = devel === null ? [prediction] : [prediction, devel];
  return (
    <PredictionGate requests={requests} need="annotated">
      <CalibrationSection key={JSON.stringify(prediction)} task={task} test={prediction} devel={devel} />
      <DoubtSection key={`doubts ${JSON.stringify(prediction)}`} task={task} test={prediction} devel={devel} />
    </PredictionGate>
  );
}

/** What a tagger was trained on says nothing about its confidence in new text. */
function hasUnseenDevel({ spec }: RunRecord, sentences: number): boolean {
  return spec.config.trainOn === 'train' && sentences > 0;
}

interface SnapshotProps {
  readonly task: TaskRef;
  readonly test: PredictionRequest;
  /** Null where devel was trained on, or is empty. */
  readonly devel: PredictionRequest | null;
}

function CalibrationSection({ task, test, devel }: SnapshotProps) {
  const state = useAnalysis('calibration', { task: taskOf(task), test, devel });
  const answer = shownAnswer(state);
  if (answer === null) return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Comparing confidences with annotations" />; // prettier-ignore
  const { before, fitted } = answer;
  return (
    <section aria-labelledby="calibration-title">
      <h2 id="calibration-title">Is it as sure as it is right?</h2>
      <p className="lead">{calibrationText(answer)}</p>
      <div className="pair charts">
        <ReliabilityChart
          caption="Correct mentions by confidence, test"
          series={[
            { name: 'confidence', calibration: before },
            ...(fitted === null ? [] : [{ name: 'with temperature', calibration: fitted.after }]),
          ]}
        />
        <TableBox label="Calibration on test">
          <thead>
            <tr>
              <th scope="col">Confidence</th>
              <th scope="col" className="number">
                <Term name="expected calibration error">Expected calibration error</Term>
              </th>
              <th scope="col" className="number">
                Brier score
              </th>
              <th scope="col" className="number">
                Mentions
              </th>
            </tr>
          </thead>
          <tbody>
            {[
              { name: 'as predicted', calibration: before },
              ...(fitted === null ? [] : [{ name: `at temperature ${fitted.temperature.toFixed(2)}`, calibration: fitted.after }]), // prettier-ignore
            ].map(({ name, calibration }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{format.ratio(calibration.expectedError)}</td>
                <td className="number">{calibration.brier.toFixed(4)}</td>
                <td className="number">{format.count(calibration.mentions)}</td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      </div>
    </section>
  );
}

/** A distance smaller than this share is not worth a word. */
const SLIGHT = 0.02;

/** Says in words how sure the tagger is, how often it is right, and what a temperature changes. */
export function calibrationText({ before, fitted }: CalibrationAnswer): string {
  if (before.mentions === 0) return 'The tagger predicts no mention on test.';
  const mean = (of: 'confidence' | 'accuracy'): number =>
    before.bins.reduce((sum, bin) => sum + bin.mentions * (bin[of] ?? 0), 0) / before.mentions;
  const [sure, right] = [mean('confidence'), mean('accuracy')];
  const verdict = Math.abs(sure - right) < SLIGHT ? 'as sure as it is right' : sure > right ? 'too sure' : 'not sure enough'; // prettier-ignore
  const found = `Of its ${format.counted(before.mentions, 'mention')} on test, ${format.ratio(right)} are annotated just so; its confidence is ${format.ratio(sure)} on average: it is ${verdict}.`;
  if (fitted === null) return `${found} A temperature is fitted on devel, which this run has not left out of training, or which the corpus lacks.`; // prettier-ignore
  const change = fitted.after.expectedError < before.expectedError ? 'lowers' : 'does not lower';
  return `${found} A temperature of ${fitted.temperature.toFixed(2)}, fitted on ${format.counted(fitted.develMentions, 'mention')} of devel, ${change} the expected calibration error: ${format.ratio(before.expectedError)} before, ${format.ratio(fitted.after.expectedError)} after.`;
}

const DOUBTS_PER_PAGE = 10;
const DOUBTS_IN_ADDRESS = ['split', 'page'];
/** Rows a request when all are saved. */
const SAVED_AT_ONCE = 500;

/** Lists where annotation and prediction differ, the least probable annotations first. */
function DoubtSection({ task, test, devel }: SnapshotProps) {
  const lab = useLabActions();
  const [texts, setTexts] = useInAddress(null, DOUBTS_IN_ADDRESS);
  const prediction = texts['split'] === 'devel' && devel !== null ? devel : test;
  const first = indexIn(texts['page']) * DOUBTS_PER_PAGE;
  const show = (split: string, item: number) => {
    const page = Math.floor(item / DOUBTS_PER_PAGE);
    setTexts({ ...(split === 'devel' && { split }), ...(page > 0 && { page: String(page + 1) }) });
  };
  const query = (from: number, count: number): LabelDoubtsQuery => ({
    task: taskOf(task),
    prediction,
    first: from,
    count,
  });
  const state = useAnalysis('labelDoubts', query(first, DOUBTS_PER_PAGE));
  const page = shownAnswer(state);
  if (page === null) return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Ranking annotations" />; // prettier-ignore
  const save = async (): Promise<void> => {
    const lines: DoubtLine[] = [];
    while (lines.length < page.total) {
      const answer = await lab.analyse('labelDoubts', query(lines.length, SAVED_AT_ONCE)).answer;
      if (answer === null || answer.lines.length === 0) break;
      lines.push(...answer.lines);
    }
    const rows = doubtRows(lines, { task: taskRefName(task), split: prediction.split });
    const text = csvText([REVIEW_COLUMNS, ...rows.map((row) => REVIEW_COLUMNS.map((name) => row[name]))]);
    saveFile(`improbable-${format.fileName(taskRefName(task))}.csv`, new Blob([text], { type: 'text/csv' }));
  };
  return (
    <section aria-labelledby="doubts-title">
      <div className="title-row">
        <h2 id="doubts-title">Annotations that are probably wrong</h2>
        <div className="actions">
          <Button onAct={save} disabled={page.total === 0}>
            Save the list as CSV
          </Button>
        </div>
      </div>
      <p className="soft lead">
        Where annotation and prediction differ, by the exact probability of what the tagger finds instead; annotated
        mentions where it finds nothing come last. Tagger errors stand here, too: what is high on the list is worth a
        look.
      </p>
      {devel !== null && (
        <div className="filters">
          <label>
            Split{' '}
            <select value={prediction.split} onChange={(event) => show(event.target.value, 0)}>
              <option value="test">test</option>
              <option value="devel">devel</option>
            </select>
          </label>
        </div>
      )}
      <div className="browser paged">
        <Pager
          first={first}
          size={DOUBTS_PER_PAGE}
          total={page.total}
          noun="difference"
          none="None found"
          onGo={(item) => show(prediction.split, item)}
        />
        <p className="tracks-legend small browser-note">
          <span className="track annotated">annotated</span>
          <span className="track first">predicted</span>
        </p>
        <ol className="sentences places" aria-label="Improbable annotations" aria-busy={state.status === 'working'}>
          {page.lines.map((line) => (
            <li key={`${line.sentence}/${line.annotated?.start ?? ''}/${line.predicted?.start ?? ''}`}>
              <Doubt line={line} task={task} split={prediction.split} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function Doubt({
  line,
  task,
  split,
}: {
  readonly line: DoubtLine;
  readonly task: TaskRef;
  readonly split: 'devel' | 'test';
}) {
  const { annotated, predicted, tokens, mentions, score, sentence } = line;
  const about = [annotated, predicted].filter((mention) => mention !== null);
  return (
    <>
      <p className="place-head">
        <strong className="certainty">{format.confidence(score)}</strong>
        <span className="soft">
          {annotated === null
            ? 'not annotated, but predicted'
            : predicted === null
              ? 'annotated, but not predicted'
              : 'annotated otherwise than predicted'}
        </span>
        <SentenceLink task={task} split={split} index={sentence} />
      </p>
      <MarkedSentence
        tokens={tokens}
        about={about}
        annotated={mentions}
        predicted={[predicted === null ? [] : [predicted]]}
      />
    </>
  );
}
