// One right or wrong mention: its sentence, how it is annotated, and what each snapshot makes of it.
import type { Mention } from '../../data/corpus.ts';
import { mentionText } from '../../metrics/mentionText.ts';
import type { ErrorLine, Finding } from '../../schema/errorsQuery.ts';
import { TypeLabel } from '../components/TypeLabel.tsx';
import { format } from '../format.ts';
import { errorWords } from './errorWords.ts';
import { TrackedSentence } from './TrackedSentence.tsx';

export interface ErrorItemProps {
  readonly line: ErrorLine;
  readonly names: readonly string[];
  /** Empty where all mentions are of one type. */
  readonly types: readonly string[];
  /** Of the sentence in its corpus. */
  readonly href: string;
  readonly onOpen: () => void;
}

export function ErrorItem({ line, names, types, href, onOpen }: ErrorItemProps) {
  const { sentence, gold, findings, frequency } = line;
  // Whose string was looked up in training where nothing is annotated.
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
        {findings.map((finding, place) => (
          <div key={place}>
            <dt>{names.length === 1 ? 'predicted' : names[place]}</dt>
            <dd>
              <Found line={line} finding={finding} types={types} />
              {place === stringFrom && <InTraining frequency={frequency} />}
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
  if (finding === null) return <span className="soft">nothing, rightly</span>;
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
