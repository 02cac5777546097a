// Lists tagged documents and the mentions of one as tables, and chooses the dictionary that mentions are linked by.
import { useId, useMemo, useState } from 'react';
import type { MentionToLink } from '../../analysis/questions/sentencesQuery.ts';
import type { MentionLink } from '../../data/corpus/corpus.ts';
import { DEFAULT_LINKING, linkDocuments, type LinkAnswer, type LinkCandidate } from '../../data/dictionary/linker.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import type { ReviewedMention } from '../../lab/review/reviewedSentence.ts';
import type { Lab } from '../../lab/state/labState.ts';
import { LabError } from '../../util/labError.ts';
import { shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { TypeLabel } from '../parts/SentenceLine.tsx';
import { ChoiceButton, chosenClass, NumberTable, Pager, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useLab } from '../shared/useLab.ts';
import { useDraft, usePageOf } from '../shared/viewState.ts';
import './links.css';
import { choicesOf, linkedId } from './reviewCommands.ts';

const PAGE_SIZE = 25;

interface MentionTableProps {
  readonly document: AnnotatedDocument;
  readonly types: readonly string[];
  /** The dictionary that mentions are linked by; null for none. */
  readonly dictionaryId: string | null;
}

/** Lists the mentions of one document, in text order or least confident first. */
export function MentionTable({ document, types, dictionaryId }: MentionTableProps) {
  const [item, setItem] = useState(0);
  const [doubtfulFirst, setDoubtfulFirst] = useState(false);
  const mentions = useMemo(
    () =>
      doubtfulFirst
        ? document.mentions.toSorted((left, right) => (left.confidence ?? 1) - (right.confidence ?? 1))
        : document.mentions,
    [document, doubtfulFirst],
  );
  const total = mentions.length;
  const first = Math.floor(Math.min(item, Math.max(0, total - 1)) / PAGE_SIZE) * PAGE_SIZE;
  const shown = mentions.slice(first, first + PAGE_SIZE);
  const wanted = shown.map(({ type, start, end }) => ({ text: document.text.slice(start, end), type }));
  const query =
    dictionaryId === null ? null : { dictionaryId, mentions: wanted, options: { ...DEFAULT_LINKING, types } };
  const hasIds = dictionaryId !== null || document.mentions.some(({ isLinkChosen }) => isLinkChosen === true);
  const links = shownAnswer(useAnalysis('links', query))?.links;
  return (
    <div className="browser">
      <div className="filters">
        <label className="check">
          <input type="checkbox" checked={doubtfulFirst} onChange={(event) => setDoubtfulFirst(event.target.checked)} />
          Least confident first
        </label>
      </div>
      <Pager first={first} size={PAGE_SIZE} total={total} noun="mention" none="No mentions" onGo={setItem} />
      {total > 0 && (
        <TableBox label={`Mentions of ${document.id}`}>
          <thead>
            <tr>
              <th scope="col">Mention</th>
              <th scope="col">Type</th>
              <th scope="col" className="number">
                Start
              </th>
              <th scope="col" className="number">
                End
              </th>
              <th scope="col" className="number">
                Confidence
              </th>
              {hasIds && <th scope="col">Id</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ type, start, end, confidence, link, isLinkChosen }, index) => (
              <tr key={start}>
                <th scope="row" className="message">
                  {document.text.slice(start, end)}
                </th>
                <td>
                  <TypeLabel type={type} types={types} />
                </td>
                <td className="number">{format.count(start)}</td>
                <td className="number">{format.count(end)}</td>
                <td className="number">{format.confidence(confidence)}</td>
                {hasIds && (
                  <td>
                    {isLinkChosen === true ? chosenWords(link) : dictionaryId !== null && idWords(links?.[index])}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
    </div>
  );
}

function chosenWords(link: AnnotatedMention['link']): string {
  return link === undefined ? 'none, chosen by you' : `${link.id} ${link.name ?? ''}, chosen by you`;
}

function idWords(answer: LinkAnswer | undefined): string {
  if (answer === undefined) return '…';
  if (answer.id === null) return answer.isAmbiguous ? 'several' : '–';
  return `${answer.id} ${answer.candidates[0]?.name ?? ''}`;
}

const DOCUMENTS_PER_PAGE = 20;

interface DocumentTableProps {
  readonly documents: readonly AnnotatedDocument[];
  /** Index of the open document. */
  readonly open: number;
  readonly onOpen: (index: number) => void;
}

/** Lists the documents of a batch, a page at a time, each opened by a button. */
export function DocumentTable({ documents, open, onOpen }: DocumentTableProps) {
  const [first, goTo] = usePageOf(DOCUMENTS_PER_PAGE);
  return (
    <div className="browser">
      <Pager
        first={first}
        size={DOCUMENTS_PER_PAGE}
        total={documents.length}
        noun="document"
        none="None yet"
        onGo={goTo}
      />
      <NumberTable
        label="Documents"
        columns={['Document', 'Sentences', 'Mentions']}
        rows={documents.slice(first, first + DOCUMENTS_PER_PAGE).map(({ id, sentences, mentions }, offset) => {
          const index = first + offset;
          return {
            key: id,
            ...chosenClass(index === open),
            head: (
              <ChoiceButton isChosen={index === open} onChoose={() => onOpen(index)}>
                {id}
              </ChoiceButton>
            ),
            numbers: [format.count(sentences.length), format.count(mentions.length)],
          };
        })}
      />
    </div>
  );
}

// Chooses the dictionary that mentions are linked by, and shows what one of them means: id, name, score and the next candidates.

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

/** Asks what a mention means; null without a mention or a dictionary. */
export function useLinks(dictionaryId: string | null, mention: MentionToLink | null, types: readonly string[]) {
  const query = dictionaryId === null || mention === null ? null : { dictionaryId, mentions: [mention], options: { ...DEFAULT_LINKING, types } }; // prettier-ignore
  const state = useAnalysis('links', query);
  return query === null ? null : state;
}

/** The answer of `useLinks`; null before it is there. */
export function linksIn(state: ReturnType<typeof useLinks>): LinkAnswer | null {
  return state?.status === 'ready' ? (state.answer.links[0] ?? null) : null;
}

interface LinkCardProps {
  readonly mention: ReviewedMention;
  /** Text of the mention. */
  readonly words: string;
  /** Its candidates; null without a dictionary. */
  readonly state: ReturnType<typeof useLinks>;
  readonly onChoose: (link: MentionLink | null) => void;
}

/** What a mention means and what else it may mean, to choose from; what a person chose, also without a dictionary. */
export function LinkCard({ mention, words, state, onChoose }: LinkCardProps) {
  const name = useId();
  const { choice } = mention;
  if (state === null && choice === undefined) return null;
  if (state?.status === 'failed') return <p className="problem">{LabError.describe(state.error)}</p>;
  const answer = linksIn(state);
  if (answer === null && state !== null) return <p className="soft link-card">Linking …</p>;
  const id = linkedId(mention, answer);
  const candidates = new Map(answer?.candidates.map((one) => [one.id, one]));
  return (
    <fieldset className="link-card">
      <legend>Id of “{words}”</legend>
      {choice === undefined && answer !== null && <p className="soft">{originWords(answer)}</p>}
      {choicesOf(mention, answer).map((link) => (
        <label key={link.id} className="check">
          <input
            type="radio"
            name={name}
            checked={link.id === id}
            onChange={() => onChoose(link)}
            // A click on what the dictionary chose changes nothing in the browser, and makes it the person's choice here.
            onClick={() => choice === undefined && link.id === id && onChoose(link)}
          />
          <span>
            <code>{link.id}</code> {link.name}{' '}
            <ChoiceFacts candidate={candidates.get(link.id)} isChosen={choice?.id === link.id} />
          </span>
        </label>
      ))}
      <label className="check">
        <input type="radio" name={name} checked={choice === null} onChange={() => onChoose(null)} />
        <span>none of these{choice === null && <span className="soft">, chosen by you</span>}</span>
      </label>
    </fieldset>
  );
}

interface ChoiceFactsProps {
  readonly candidate: LinkCandidate | undefined;
  readonly isChosen: boolean;
}

/** The term that is like the mention, and the score; or that a person chose. */
function ChoiceFacts({ candidate, isChosen }: ChoiceFactsProps) {
  const facts = [
    ...(candidate !== undefined && candidate.term !== candidate.name ? [`as ${candidate.term}`] : []),
    ...(candidate !== undefined ? [`score ${format.confidence(candidate.score)}`] : []),
    ...(isChosen ? ['chosen by you'] : []),
  ];
  return <span className="soft">{facts.join(', ')}</span>;
}

/** Says where the id comes from while nobody chose. */
function originWords(answer: LinkAnswer): string {
  return answer.id === null || answer.step === null
    ? nothingWords(answer)
    : `From the dictionary: ${STEP_WORDS[answer.step]}. Click its id to confirm it.`;
}

function nothingWords({ isAmbiguous, candidates }: LinkAnswer): string {
  if (isAmbiguous) return 'No id: the term belongs to several.';
  return candidates.length === 0 ? 'No id: no term is like it.' : 'No id: the candidates are too little like it.';
}

/** Links the mentions of documents, each different one once, except those whose id a person chose; null when it was cancelled. */
export async function linkedBy<Document extends AnnotatedDocument>(
  lab: Pick<Lab, 'analyse'>,
  dictionaryId: string,
  documents: readonly Document[],
  types: readonly string[],
): Promise<readonly Document[] | null> {
  const mentions = distinctMentions(documents);
  const answer = await lab.analyse('links', { dictionaryId, mentions, options: { ...DEFAULT_LINKING, most: 1, types } })
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
