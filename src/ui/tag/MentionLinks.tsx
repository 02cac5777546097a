// Chooses the dictionary that mentions are linked by, and shows what one of them means: id, name, score and the next candidates.
import type { LinkAnswer } from '../../data/dictionary/linker.ts';
import { DEFAULT_LINKING, linkDocuments } from '../../data/dictionary/linker.ts';
import type { AnnotatedDocument } from '../../data/documents/document.ts';
import type { Lab } from '../../lab/state/labState.ts';
import type { MentionToLink } from '../../analysis/questions/linksQuery.ts';
import { LabError } from '../../util/labError.ts';
import { format } from '../shared/format.ts';
import { useAnalysis } from '../shared/useAnalysis.ts';
import { useLab } from '../shared/useLab.ts';
import { useDraft } from '../shared/viewState.ts';

function isText(stored: unknown): stored is string {
  return typeof stored === 'string';
}

/** The chosen dictionary for as long as the tab is open; null for none, and where it was removed. */
export function useLinkDictionary(): readonly [string | null, (id: string | null) => void] {
  const dictionaries = useLab((state) => state.dictionaries);
  const [chosen, setChosen] = useDraft('linkDictionary', () => '', isText);
  const id = dictionaries.some((one) => one.id === chosen) ? chosen : null;
  return [id, (next) => setChosen(next ?? '')];
}

interface DictionarySelectProps {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

/** Shows nothing but where to get one while there is no dictionary. */
export function DictionarySelect({ value, onChange }: DictionarySelectProps) {
  const dictionaries = useLab((state) => state.dictionaries);
  if (dictionaries.length === 0) {
    return (
      <p className="soft">
        To link mentions to ids, <a href="#/library/dictionaries">add a dictionary</a>.
      </p>
    );
  }
  return (
    <label className="inline-field">
      Link mentions to ids of{' '}
      <select value={value ?? ''} onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}>
        <option value="">no dictionary</option>
        {dictionaries.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const STEP_WORDS = { exact: 'same text', normalised: 'same text, normalised', similar: 'similar' } as const;

interface LinkCardProps extends MentionToLink {
  readonly dictionaryId: string;
}

/** What a mention means, and what else it may mean. */
export function LinkCard({ dictionaryId, text, type }: LinkCardProps) {
  const state = useAnalysis('links', { dictionaryId, mentions: [{ text, type }], options: DEFAULT_LINKING });
  if (state.status === 'failed') return <p className="problem">{LabError.describe(state.error)}</p>;
  if (state.status === 'working') return <p className="soft link-card">Linking …</p>;
  const [answer] = state.answer.links;
  if (answer === undefined) return null;
  const others = answer.id === null ? answer.candidates : answer.candidates.slice(1);
  const [best] = answer.candidates;
  return (
    <div className="link-card" role="group" aria-label="Ids">
      {answer.id !== null && best !== undefined ? (
        <p>
          <code>{answer.id}</code> {best.name}{' '}
          <span className="soft">
            {answer.step !== null && STEP_WORDS[answer.step]}, score {format.confidence(best.score)}
          </span>
        </p>
      ) : (
        <p className="soft">{nothingWords(answer)}</p>
      )}
      {others.length > 0 && (
        <ol className="link-candidates" aria-label="Other candidates">
          {others.map(({ id, name, term, score }) => (
            <li key={id}>
              <code>{id}</code> {name}
              {term !== name && <span className="soft"> as {term}</span>}{' '}
              <span className="soft">{format.confidence(score)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function nothingWords({ isAmbiguous, candidates }: LinkAnswer): string {
  if (isAmbiguous) return 'No id: the term belongs to several.';
  return candidates.length === 0 ? 'No id: no term is like it.' : 'No id: the candidates are too little like it.';
}

/** Links the mentions of documents, each different one once; null when it was cancelled. */
export async function linkedBy<Document extends AnnotatedDocument>(
  lab: Pick<Lab, 'analyse'>,
  dictionaryId: string,
  documents: readonly Document[],
): Promise<readonly Document[] | null> {
  const mentions = distinctMentions(documents);
  const answer = await lab.analyse('links', { dictionaryId, mentions, options: { ...DEFAULT_LINKING, most: 1 } })
    .answer;
  if (answer === null) return null;
  const known = new Map(mentions.map(({ text, type }, index) => [`${type}\n${text}`, answer.links[index]]));
  return linkDocuments(documents, (text, type) => known.get(`${type}\n${text}`));
}

/** The mentions of documents by text and type, each once. */
export function distinctMentions(documents: readonly AnnotatedDocument[]): readonly MentionToLink[] {
  const found = new Map<string, MentionToLink>();
  for (const { text, mentions } of documents) {
    for (const { type, start, end } of mentions) {
      const mention = { text: text.slice(start, end), type };
      found.set(`${type}\n${mention.text}`, mention);
    }
  }
  return [...found.values()];
}
