// Tags a text while it is typed, with the tagger that comes with the lab, and shows its mentions in colour.
import { useEffect, useId, useState, type CSSProperties, type ReactNode } from 'react';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { taggerKey } from '../../lab/tagging/offeredTaggers.ts';
import { MOST_LIVE_CHARACTERS, shippedTagger } from '../../lab/tagging/predictions.ts';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import { Button, Meter } from '../parts/Button.tsx';
import { typeClass } from '../parts/SentenceLine.tsx';
import { TaggerCard } from '../parts/TaggerCard.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { storeDraft, useDraft } from '../shared/viewState.ts';
import './liveTagging.css';

/** Invented for this page. */
const EXAMPLE =
  'Mice without the PTEN gene that were given rapamycin developed fewer prostate tumours, and metformin lowered the risk of breast cancer in patients with diabetes.';
/** A pause in typing. */
const TAGGED_AFTER_MS = 250;

/** The draft of the page Tag, which takes the text over. */
const TAG_PAGE_DRAFT = 'text';

function isText(stored: unknown): stored is string {
  return typeof stored === 'string';
}

/** Says why nothing is tagged now; null if it can be. */
function hindranceIn({ opened, backend, activeRunId, owner }: LabState): string | null {
  if (!opened) return 'Opening the lab …';
  if (owner === 'elsewhere') return 'The lab is open in another tab: type there.';
  if (backend.status === 'starting') return 'Starting the engine …';
  if (backend.status === 'failed') return 'Nothing can be tagged: no backend works in this browser.';
  return activeRunId === null ? null : 'Paused while a run trains: the text is tagged when it is done or paused.';
}

type Tagged = Pick<AnnotatedDocument, 'text' | 'mentions'>;

/** The text as it was tagged last, and what prevented it. */
function useLiveTags(text: string, isPossible: boolean) {
  const lab = useLabActions();
  const tagger = useLab(({ models }) => shippedTagger({ models })?.model ?? null);
  const modelId = tagger?.id ?? null;
  const [tagged, setTagged] = useState<Tagged | null>(null);
  const [problem, setProblem] = useState<LabErrorData | null>(null);
  const isFirst = tagged === null;
  useEffect(() => {
    if (!isPossible || modelId === null) return;
    let isLatest = true;
    const tag = async (): Promise<void> => {
      try {
        const found = await lab.tagLive({ kind: 'model', modelId }, text);
        if (!isLatest || found === null) return;
        setTagged(found);
        setProblem(null);
      } catch (error) {
        if (isLatest) setProblem(LabError.toData(error));
      }
    };
    const timer = setTimeout(() => void tag(), isFirst ? 0 : TAGGED_AFTER_MS);
    return () => {
      isLatest = false;
      clearTimeout(timer);
    };
  }, [lab, modelId, text, isPossible, isFirst]);
  return { tagger, tagged, problem };
}

export function LiveTagging() {
  const lab = useLabActions();
  const id = useId();
  const [text, setText] = useDraft('live', () => EXAMPLE, isText);
  const hindrance = useLab(hindranceIn);
  const shipped = useLab((state) => state.shipped);
  const { tagger, tagged, problem } = useLiveTags(text, hindrance === null);
  const [isCardOpen, setCardOpen] = useState(false);
  const types = tagger?.tagger?.types ?? [];
  useEffect(() => void lab.wantShippedTagger(), [lab]);
  return (
    <section className="panel live" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Type a sentence, see its entities</h2>
      <textarea
        rows={3}
        value={text}
        aria-label="Text to tag as you type"
        aria-describedby={`${id}-note`}
        onChange={(event) => setText(event.target.value)}
      />
      {tagged !== null && (
        <>
          <TaggedText tagged={tagged} types={types} />
          <Legend tagged={tagged} types={types} />
        </>
      )}
      <Waiting hindrance={hindrance} problem={problem} hasTagger={tagger !== null} isTagged={tagged !== null} />
      <p id={`${id}-note`} className="soft live-note">
        {text === EXAMPLE && 'The example is invented. '}
        {text.length > MOST_LIVE_CHARACTERS &&
          `Only the first ${format.count(MOST_LIVE_CHARACTERS)} characters are tagged here. `}
        The text stays in this tab.
      </p>
      <div className="actions">
        {tagger !== null && (
          <a
            href={routeHref({ page: 'tagWith', tagger: taggerKey({ kind: 'model', modelId: tagger.id }) })}
            onClick={() => storeDraft(TAG_PAGE_DRAFT, text)}
          >
            Tag more text
          </a>
        )}
        {shipped.status === 'known' && (
          <button
            type="button"
            className="link"
            aria-expanded={isCardOpen}
            aria-controls={`${id}-card`}
            onClick={() => setCardOpen(!isCardOpen)}
          >
            What is this tagger?
          </button>
        )}
      </div>
      <div id={`${id}-card`} hidden={!isCardOpen}>
        {isCardOpen && shipped.status === 'known' && <TaggerCard card={shipped.card} />}
      </div>
    </section>
  );
}

/** The text with its mentions; the probability of each is shown on hover and focus. */
function TaggedText({
  tagged: { text, mentions },
  types,
}: {
  readonly tagged: Tagged;
  readonly types: readonly string[];
}) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const mention of mentions) {
    parts.push(text.slice(at, mention.start));
    parts.push(
      <mark
        key={mention.start}
        className={`mention live-mention ${typeClass(mention.type, types)}`}
        style={sureness(mention)}
        tabIndex={0}
      >
        {text.slice(mention.start, mention.end)}
        <span className="mention-type">{mention.type}</span>
        <span className="live-confidence">{`${mention.type}, ${format.confidence(mention.confidence)} sure`}</span>
      </mark>,
    );
    at = mention.end;
  }
  parts.push(text.slice(at));
  return <p className="live-text">{parts}</p>;
}

/** Passes the probability to the style sheet. */
function sureness({ confidence }: AnnotatedMention): CSSProperties {
  return { '--sure': String(confidence ?? 1) } as CSSProperties;
}

/** Counts the mentions of each type, and reads them out when they change. */
function Legend({ tagged, types }: { readonly tagged: Tagged; readonly types: readonly string[] }) {
  const { text, mentions } = tagged;
  const named = mentions.map(({ type, start, end }) => `${text.slice(start, end)} (${type})`);
  return (
    <>
      <ul className="live-legend" aria-label="Types">
        {types.map((type) => (
          <li key={type}>
            <span className={`type-label ${typeClass(type, types)}`}>{type}</span>{' '}
            {format.count(mentions.filter((mention) => mention.type === type).length)}
          </li>
        ))}
      </ul>
      <p className="visually-hidden" role="status">
        {mentions.length === 0 ? 'No mentions.' : `${format.counted(mentions.length, 'mention')}: ${named.join(', ')}.`}
      </p>
    </>
  );
}

interface WaitingProps {
  readonly hindrance: string | null;
  readonly problem: LabErrorData | null;
  readonly hasTagger: boolean;
  readonly isTagged: boolean;
}

/** Says what is waited for, and what went wrong. */
function Waiting({ hindrance, problem, hasTagger, isTagged }: WaitingProps) {
  const lab = useLabActions();
  const shipped = useLab((state) => state.shipped);
  const isElsewhere = useLab(({ owner }) => owner === 'elsewhere');
  const again = () => lab.wantShippedTagger(true);
  if (problem !== null) return <p className="problem">{LabError.describe(problem)}</p>;
  if (!hasTagger && !isElsewhere) {
    if (shipped.status === 'failed') {
      return (
        <div className="live-waiting">
          <p className="problem">The tagger could not be fetched. {LabError.describe(shipped.problem)}</p>
          <Button onAct={again}>Try again</Button>
        </div>
      );
    }
    if (shipped.status === 'known') {
      const sizeBytes = shipped.card.files.reduce((sum, file) => sum + file.sizeBytes, 0);
      return (
        <div className="live-waiting">
          <p>The tagger that comes with the lab was removed from the library.</p>
          <Button onAct={again}>{`Fetch it again (${format.bytes(sizeBytes)})`}</Button>
        </div>
      );
    }
    const { doneBytes, ofBytes } = shipped.status === 'fetching' ? shipped : { doneBytes: 0, ofBytes: 0 };
    return (
      <div className="live-waiting">
        <Meter label="Fetching the tagger" done={doneBytes} total={ofBytes} />
        <span className="soft">
          Fetching the tagger{ofBytes > 0 && `: ${format.bytes(doneBytes)} of ${format.bytes(ofBytes)}`}
        </span>
      </div>
    );
  }
  if (hindrance !== null) return <p className="soft">{hindrance}</p>;
  return isTagged ? null : <p className="soft">Tagging …</p>;
}
