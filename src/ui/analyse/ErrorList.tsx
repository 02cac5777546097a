// Lists correct and wrong mentions in their sentences, one page at a time, with keyboard navigation, and words for them.
import { memo, useEffect, useRef, type KeyboardEvent } from 'react';
import type {
  ErrorLine,
  ErrorsPage,
  Finding,
  KindChoice,
  RightChoice,
  SeenChoice,
} from '../../analysis/questions/errorsQuery.ts';
import type { Mention, Split } from '../../data/corpus/corpus.ts';
import type { ErrorKind, SemevalView } from '../../metrics/errorKinds.ts';
import { mentionText } from '../../metrics/text/nearIndex.ts';
import { MarkedSentence, TRACK_CLASSES, TypeLabel } from '../parts/SentenceLine.tsx';
import { Pager, rowAfterKey } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { goTo, routeHref, type Route } from '../shared/route.ts';
import { useLasting } from '../shared/viewState.ts';

/** Shows the sentence of an error with its annotated and predicted mentions, the error in bold. */
const TrackedSentence = memo(function TrackedSentence({ line }: { readonly line: ErrorLine }) {
  const { tokens, annotated, predicted, gold, findings } = line;
  const mentions = [gold, ...findings.map((finding) => finding?.predicted ?? null)].filter((one) => one !== null);
  // From the first of its mentions to the last.
  const about = {
    start: Math.min(...mentions.map(({ start }) => start)),
    end: Math.max(...mentions.map(({ end }) => end)),
  };
  return <MarkedSentence tokens={tokens} about={[about]} annotated={annotated} predicted={predicted} />;
});

interface ErrorItemProps {
  readonly line: ErrorLine;
  readonly names: readonly string[];
  /** Empty where all mentions are of one type. */
  readonly types: readonly string[];
  /** Address of the sentence in its corpus. */
  readonly href: string;
  readonly onOpen: () => void;
}

/** Shows one correct or wrong mention: its sentence, its annotation, and the prediction of each snapshot. */
function ErrorItem({ line, names, types, href, onOpen }: ErrorItemProps) {
  const { sentence, gold, findings, frequency } = line;
  // The mention whose frequency in training is shown where nothing is annotated.
  const stringFrom = gold === null ? findings.findIndex((finding) => finding !== null) : null;
  return (
    <>
      <a
        className="sentence-number"
        href={href}
        onClick={onOpen}
        tabIndex={-1}
        aria-label={`Sentence ${format.count(sentence + 1)}`}
      >
        {format.count(sentence + 1)}
      </a>
      <TrackedSentence line={line} />
      <dl className="findings">
        <div>
          <dt>annotated</dt>
          <dd>
            {gold === null ? (
              <span className="soft">nothing</span>
            ) : (
              <>
                <Named line={line} mention={gold} types={types} />
                <InTraining frequency={frequency} />
              </>
            )}
          </dd>
        </div>
        {findings.map((finding, index) => (
          <div key={index}>
            <dt>{names.length === 1 ? 'predicted' : names[index]}</dt>
            <dd>
              <Found line={line} finding={finding} types={types} />
              {index === stringFrom && <InTraining frequency={frequency} />}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function InTraining({ frequency }: { readonly frequency: number }) {
  return (
    <span className="soft">
      {frequency === 0 ? 'not in training' : `${format.counted(frequency, 'time')} in training`}
    </span>
  );
}

interface FoundProps {
  readonly line: ErrorLine;
  readonly finding: Finding | null;
  readonly types: readonly string[];
}

function Found({ line, finding, types }: FoundProps) {
  if (finding === null) return <span className="soft">nothing, correctly</span>;
  const { kind, predicted } = finding;
  return (
    <>
      <span className={`kind ${kind}`}>{errorWords.kinds[kind]}</span>
      {predicted !== null && kind !== 'correct' && <Named line={line} mention={predicted} types={types} />}
      {predicted !== null && predicted.confidence !== null && (
        <span className="soft number">{format.confidence(predicted.confidence)}</span>
      )}
    </>
  );
}

interface NamedProps {
  readonly line: ErrorLine;
  readonly mention: Mention;
  readonly types: readonly string[];
}

function Named({ line, mention, types }: NamedProps) {
  return (
    <>
      <span className="string">{mentionText(line, mention)}</span>
      {types.length > 0 && <TypeLabel type={mention.type} types={types} />}
    </>
  );
}

export const PAGE_SIZE = 25;

interface ErrorListProps {
  /** Key under which the list remembers the opened line. */
  readonly view: string;
  readonly page: ErrorsPage;
  /** The line that has, or would get, the keyboard focus; may be missing from `page` while the next one loads. */
  readonly index: number;
  readonly isCurrent: boolean;
  readonly names: readonly string[];
  /** Empty where all mentions are of one type. */
  readonly types: readonly string[];
  readonly hrefOf: { readonly corpusId: string; readonly split: Split };
  readonly onPosition: (position: number) => void;
}

export function ErrorList(props: ErrorListProps) {
  const { view, page, index: position, isCurrent, names, types, hrefOf, onPosition } = props;
  const { first, total, lines } = page;
  const list = useRef<HTMLOListElement>(null);
  // Coming back from a sentence puts the focus on its line again.
  const [wasOpened, setOpened] = useLasting(`${view}/opened`, false);
  const follow = useRef(wasOpened);

  useEffect(() => {
    const line = list.current?.children[position - first];
    if (!follow.current || !isCurrent || !(line instanceof HTMLElement)) return;
    follow.current = false;
    setOpened(false);
    line.focus();
  });

  const routeOf = (index: number): Route => ({
    page: 'sentence',
    ...hrefOf,
    number: (lines[index - first]?.sentence ?? 0) + 1,
  });
  const walk = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' && event.target === list.current?.children[position - first]) {
      setOpened(true);
      goTo(routeOf(position));
      return;
    }
    const target = rowAfterKey(event.key, { index: position, count: total, pageSize: PAGE_SIZE });
    if (target === null) return;
    event.preventDefault();
    follow.current = true;
    onPosition(target);
  };

  return (
    <>
      <Pager first={first} size={PAGE_SIZE} total={total} noun="mention" none="No mention matches" onGo={onPosition} />
      <div className="list-notes soft">
        <span className="tracks-legend">
          {['annotated', ...names.map((name) => (names.length === 1 ? 'predicted' : name))].map((name, track) => (
            <span key={name}>
              <span className={`track ${TRACK_CLASSES[track] ?? ''}`}>{name}</span>
            </span>
          ))}
        </span>
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> or <kbd>k</kbd> <kbd>j</kbd> and <kbd>PageUp</kbd> <kbd>PageDown</kbd>{' '}
          <kbd>Home</kbd> <kbd>End</kbd> move through the list, <kbd>Enter</kbd> opens the sentence.
        </span>
      </div>
      <ol
        className={`sentences errors${names.length > 1 ? ' two' : ''}`}
        ref={list}
        onKeyDown={walk}
        aria-label="Mentions"
        aria-busy={!isCurrent}
      >
        {lines.map((line, offset) => (
          <li
            key={first + offset}
            tabIndex={first + offset === position ? 0 : -1}
            onFocus={() => position !== first + offset && onPosition(first + offset)}
          >
            <ErrorItem
              line={line}
              names={names}
              types={types}
              href={routeHref(routeOf(first + offset))}
              onOpen={() => setOpened(true)}
            />
          </li>
        ))}
      </ol>
    </>
  );
}

// Words for correct and wrong mentions.

const kinds: Readonly<Record<ErrorKind, string>> = {
  correct: 'correct',
  boundary: 'boundary',
  type: 'type',
  boundaryAndType: 'boundary and type',
  missed: 'missed',
  spurious: 'spurious',
};

const meanings: Readonly<Record<ErrorKind, string>> = {
  correct: 'the annotated boundaries and type',
  boundary: 'the correct type, wrong boundaries',
  type: 'the correct boundaries, wrong type',
  boundaryAndType: 'overlaps, with wrong boundaries and type',
  missed: 'annotated, but not predicted',
  spurious: 'predicted, but not annotated',
};

const kindChoices: Readonly<Record<KindChoice, string>> = {
  ...kinds,
  wrong: 'all errors',
  any: 'all mentions',
};

const views: Readonly<Record<SemevalView, readonly [name: string, meaning: string]>> = {
  strict: ['strict', 'boundaries and type'],
  exact: ['exact', 'boundaries only'],
  partial: ['partial', 'boundaries, an overlap counts half'],
  type: ['type', 'type, for overlapping mentions'],
};

const seen: Readonly<Record<SeenChoice, string>> = {
  any: 'seen or unseen',
  seen: 'seen in training',
  unseen: 'not seen in training',
};

/** Returns the words for the choices between two snapshots of these names. */
function rights([a = 'A', b = 'B']: readonly string[]): Readonly<Record<RightChoice, string>> {
  return {
    any: 'any',
    a: `${a} correct, ${b} wrong`,
    b: `${a} wrong, ${b} correct`,
    neither: 'both wrong',
    differ: 'differ',
  };
}

export const errorWords = { kinds, meanings, kindChoices, views, seen, rights };

type Row = readonly (string | number | null)[];

/** Returns one row per line, with the finding of each snapshot by its name. Starts and ends count tokens from 0, ends behind the last. */
export function errorRows(lines: readonly ErrorLine[], names: readonly string[]): readonly Row[] {
  const ofEach = (columns: readonly string[]) => names.flatMap((name) => columns.map((column) => `${name}: ${column}`));
  return [
    [
      'sentence',
      'annotated',
      'type',
      'start',
      'end',
      ...ofEach(['kind', 'predicted', 'type', 'start', 'end', 'confidence']),
      'times in training',
      'text',
    ],
    ...lines.map((line): Row => {
      const { sentence, tokens, gold, findings, frequency } = line;
      return [
        sentence + 1,
        ...cellsOf(line, gold),
        ...findings.flatMap((finding) => [
          finding === null ? 'rightly nothing' : errorWords.kinds[finding.kind],
          ...cellsOf(line, finding?.predicted ?? null),
          finding?.predicted?.confidence ?? null,
        ]),
        frequency,
        tokens.join(' '),
      ];
    }),
  ];
}

function cellsOf(line: ErrorLine, mention: ErrorLine['gold']): Row {
  if (mention === null) return [null, null, null, null];
  return [mentionText(line, mention), mention.type, mention.start, mention.end];
}
