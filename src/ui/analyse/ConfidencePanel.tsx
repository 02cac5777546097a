// Shows whether the confidences of a snapshot can be believed, in a reliability diagram, and which annotations they speak against.
import { Surface } from 'recharts';
import type { CalibrationAnswer, DoubtLine, LabelDoubtsQuery } from '../../analysis/questions/errorsQuery.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import type { Calibration, ConfidenceBin } from '../../metrics/calibration.ts';
import { doubtRows, REVIEW_COLUMNS } from '../../metrics/reviewRows.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { csvText } from '../../util/csv.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { chartStyle } from '../charts/chartStyle.ts';
import { Term } from '../help/Term.tsx';
import { AnalysisWait, NoSnapshot, PredictionGate, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { MarkedSentence, SentenceLink } from '../parts/SentenceLine.tsx';
import { NumberTable, Pager } from '../parts/TableBox.tsx';
import { indexIn, useInAddress } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import type { PanelProps } from './SubjectFields.tsx';

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
        <NumberTable
          label="Calibration on test"
          columns={[
            'Confidence',
            <Term name="expected calibration error">Expected calibration error</Term>,
            'Brier score',
            'Mentions',
          ]}
          rows={[
            { name: 'as predicted', calibration: before },
            ...(fitted === null ? [] : [{ name: `at temperature ${fitted.temperature.toFixed(2)}`, calibration: fitted.after }]), // prettier-ignore
          ].map(({ name, calibration: { expectedError, brier, mentions } }) => ({
            key: name,
            head: name,
            numbers: [format.ratio(expectedError), brier.toFixed(4), format.count(mentions)],
          }))}
        />
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

// Draws how often mentions of a confidence are correct, beside the diagonal on which every confidence would be true.

/** Confidences as they are, and corrected by a temperature. */
export interface ReliabilitySeries {
  readonly name: string;
  readonly calibration: Calibration;
}

const STYLES = [
  { stroke: 'var(--accent)', dash: undefined },
  { stroke: 'var(--type-1)', dash: '5 3' },
] as const;
const DIAGONAL = { stroke: 'var(--ink-soft)', dash: '2 3' } as const;

export function ReliabilityChart({
  caption,
  series,
}: {
  readonly caption: string;
  readonly series: readonly ReliabilitySeries[];
}) {
  return (
    <ChartFrame
      caption={caption}
      heightPx={SIZE_PX}
      legend={[
        ...series.map(({ name }, index) => ({ name, line: STYLES[index] ?? DIAGONAL })),
        { name: 'as confident as correct', line: DIAGONAL },
      ]}
      rows={() => [
        ['series', 'confidence from', 'to', 'mentions', 'mean confidence', 'correct', '95 % from', '95 % to'],
        ...series.flatMap(
          ({ name, calibration }) =>
          calibration.bins.map(({ from, to, mentions, confidence, accuracy, interval }) => [name, from, to, mentions, confidence, accuracy, interval?.[0] ?? null, interval?.[1] ?? null]), // prettier-ignore
        ),
      ]}
      empty={series.every(({ calibration }) => calibration.mentions === 0) ? 'No mention is predicted in the test split.' : null} // prettier-ignore
      note="Bars are 95 % intervals of the share of correct mentions; a bin without mentions has no point."
    >
      {(width) => <Diagram width={Math.min(width, WIDEST_PX)} title={caption} series={series} />}
    </ChartFrame>
  );
}

const SIZE_PX = 300;
const WIDEST_PX = 460;
const MARGIN = { top: 8, right: 14, bottom: 40, left: 48 } as const;
const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;
/** Points of the second series stand beside those of the first. */
const ASIDE_PX = 4;

interface DiagramProps {
  readonly width: number;
  readonly title: string;
  readonly series: readonly ReliabilitySeries[];
}

function Diagram({ width, title, series }: DiagramProps) {
  const room = { width: width - MARGIN.left - MARGIN.right, height: SIZE_PX - MARGIN.top - MARGIN.bottom };
  const x = (confidence: number): number => MARGIN.left + room.width * confidence;
  const y = (share: number): number => MARGIN.top + room.height * (1 - share);
  return (
    <Surface width={width} height={SIZE_PX} role="img" aria-label={title}>
      {TICKS.map((tick) => (
        <g key={tick}>
          <line
            x1={x(0)}
            x2={x(1)}
            y1={y(tick)}
            y2={y(tick)}
            stroke={tick === 0 ? 'var(--line-strong)' : 'var(--line)'}
          />
          <text {...chartStyle.axis.tick} x={x(0) - 8} y={y(tick) + 4} textAnchor="end">
            {100 * tick}
          </text>
          <text {...chartStyle.axis.tick} x={x(tick)} y={y(0) + 18} textAnchor="middle">
            {100 * tick}
          </text>
        </g>
      ))}
      <text {...chartStyle.axis.tick} x={x(0.5)} y={SIZE_PX - 6} textAnchor="middle">
        confidence, %
      </text>
      <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} stroke={DIAGONAL.stroke} strokeDasharray={DIAGONAL.dash} />
      {series.map(({ name, calibration }, index) => (
        <g key={name} stroke={(STYLES[index] ?? DIAGONAL).stroke} strokeWidth={2} fill="none">
          <polyline
            points={filled(calibration.bins).map((bin) => `${x(bin.confidence)},${y(bin.accuracy)}`).join(' ')} // prettier-ignore
            strokeDasharray={(STYLES[index] ?? DIAGONAL).dash}
          />
          {filled(calibration.bins).map(({ from, confidence, accuracy, interval, mentions }) => {
            const at = x(confidence) + index * ASIDE_PX;
            return (
              <g key={from}>
                <line x1={at} x2={at} y1={y(interval[0])} y2={y(interval[1])} strokeWidth={1} />
                <circle cx={x(confidence)} cy={y(accuracy)} r={3.5} fill={(STYLES[index] ?? DIAGONAL).stroke}>
                  <title>{`${name}, confidence ${format.percent(100 * confidence)}: ${format.percent(100 * accuracy)} of ${format.counted(mentions, 'mention')} correct`}</title>
                </circle>
              </g>
            );
          })}
        </g>
      ))}
    </Surface>
  );
}

type FilledBin = ConfidenceBin & {
  readonly confidence: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
};

function filled(bins: readonly ConfidenceBin[]): readonly FilledBin[] {
  return bins.filter((bin): bin is FilledBin => bin.mentions > 0);
}
