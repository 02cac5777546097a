// Shows the dictionaries of the library, what each was understood as, and marks their terms in text as a corpus to train on.
import { useCallback, useState } from 'react';
import { DEFAULT_RULES, type TermRules } from '../../data/dictionary/termForms.ts';
import type { TermsSource } from '../../lab/dictionaries/storedDictionary.ts';
import type { DictionaryRecord } from '../../schema/corpusRecord.ts';
import type { SilverDivision } from '../../wire/readingProtocol.ts';
import { Button, RemoveButton, useAct } from '../parts/Button.tsx';
import { BringInContext, DropZone, useDropHere, type BringIn } from '../parts/DropZone.tsx';
import { Field, NumberField } from '../parts/Field.tsx';
import { IssueList } from '../parts/IssueList.tsx';
import { UnreadableList } from '../parts/StorageTable.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { enterNumber, format, wholeNumber } from '../shared/format.ts';
import { goTo } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

export function DictionariesSection() {
  const lab = useLabActions();
  const act = useAct();
  const dictionaries = useLab((state) => state.dictionaries);
  // What is dropped here is a list of terms, which looks like a corpus of rows elsewhere.
  const take = useCallback<BringIn>(
    (files) => void act(async () => void (await lab.dictionaries.add(await files()))),
    [act, lab],
  );
  useDropHere(take);
  return (
    <>
      <p className="soft">
        Lists of terms with ids: to mark their terms in text as a corpus to train on, and to link the mentions that a
        tagger finds to ids.
      </p>
      <BringInContext value={take}>
        <DropZone folder={false}>
          <strong>Drop a dictionary on this page</strong>: OBO; TSV or CSV with a header that names id, name, synonyms
          (separated by |) and type, or with an id and a term in each row; JSON or JSON lines of entries, patterns of
          spaCy, or terms by id; packed with gzip or not, up to 256 MB. It stays in this browser.
        </DropZone>
      </BringInContext>
      <UnreadableList kind="dictionary" />
      {dictionaries.length === 0 ? (
        <p className="soft">No dictionaries yet.</p>
      ) : (
        <>
          <DictionariesTable dictionaries={dictionaries} />
          {dictionaries.map((one) => one.issueCount > 0 && <Problems key={one.id} dictionary={one} />)}
          <MarkTermsPanel dictionaries={dictionaries} />
        </>
      )}
    </>
  );
}

function Problems({ dictionary }: { readonly dictionary: DictionaryRecord }) {
  return (
    <details className="fold">
      <summary>
        {dictionary.name}: {format.counted(dictionary.issueCount, 'problem')}
      </summary>
      <IssueList issues={dictionary.issues} issueCount={dictionary.issueCount} />
    </details>
  );
}

const SHOWN_TYPES = 4;

function DictionariesTable({ dictionaries }: { readonly dictionaries: readonly DictionaryRecord[] }) {
  const lab = useLabActions();
  return (
    <TableBox label="Dictionaries">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Types</th>
          <th scope="col" className="number">
            Entries
          </th>
          <th scope="col" className="number">
            Terms
          </th>
          <th scope="col" className="number">
            Obsolete
          </th>
          <th scope="col" className="number">
            Size
          </th>
          <th scope="col">Licence and origin</th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {dictionaries.map((dictionary) => {
          const types = Object.keys(dictionary.types);
          return (
            <tr key={dictionary.id}>
              <th scope="row">
                {dictionary.name}
                <div className="field-help">
                  {dictionary.format}: {dictionary.understood}
                </div>
              </th>
              <td>
                {types.length === 0 ? <span className="faint">none</span> : types.slice(0, SHOWN_TYPES).join(', ')}
                {types.length > SHOWN_TYPES && ` and ${types.length - SHOWN_TYPES} more`}
              </td>
              <td className="number">{format.count(dictionary.entries)}</td>
              <td className="number">{format.count(dictionary.terms)}</td>
              <td className="number">{format.count(dictionary.obsolete)}</td>
              <td className="number">{format.bytes(dictionary.sizeBytes)}</td>
              <td>
                <LicenceNote key={dictionary.licence} dictionary={dictionary} />
              </td>
              <td>
                <span className="actions row-actions">
                  <RemoveButton
                    subject={`dictionary ${dictionary.name}`}
                    loss={
                      <p>
                        {format.counted(dictionary.entries, 'entry', 'entries')} will be removed from this browser. Your
                        file is not affected, and corpora made with it stay.
                      </p>
                    }
                    onRemove={() => lab.dictionaries.remove(dictionary.id)}
                  />
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </TableBox>
  );
}

/** A note that is stored when it is saved: what a person knows about licence and origin. */
function LicenceNote({ dictionary: { id, name, licence } }: { readonly dictionary: DictionaryRecord }) {
  const lab = useLabActions();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const [text, setText] = useState(licence);
  return (
    <span className="actions">
      <input
        type="text"
        aria-label={`Licence and origin of ${name}`}
        value={text}
        disabled={isElsewhere}
        onChange={(event) => setText(event.target.value)}
      />
      {text !== licence && (
        <Button label={`Save note of ${name}`} onAct={() => lab.dictionaries.describe(id, { licence: text })}>
          Save
        </Button>
      )}
    </span>
  );
}

// Marks the terms of a dictionary in text, as a corpus to train on: which text, which rules, which splits.

const RULES: readonly (readonly [rule: 'plurals' | 'joins' | 'greek' | 'commonWords', label: string])[] = [
  ['plurals', 'Singular and plural are the same, and a possessive ’s is passed over'],
  ['joins', 'Hyphens and spaces do not count: IL-2, IL 2 and IL2'],
  ['greek', 'Greek letters and their names are the same'],
  ['commonWords', 'Terms that are common English words are left out'],
];

const SEEDS = [0, 4294967295] as const;
const LENGTHS = [0, 20] as const;
/** The choice of the text in the list of corpora. */
const PASTED = '';

export function MarkTermsPanel({ dictionaries }: { readonly dictionaries: readonly DictionaryRecord[] }) {
  const lab = useLabActions();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const corpora = useLab((state) => state.corpora);
  const [chosen, setChosen] = useState<string | null>(null);
  const [corpusId, setCorpusId] = useState<string | null>(null);
  const [text, setText] = useState('');
  const [type, setType] = useState('');
  const [name, setName] = useState<string | null>(null);
  const [splits, setSplits] = useState<'own' | 'annotated' | 'divided' | 'train' | null>(null);
  const [seed, setSeed] = useState('1');
  const [length, setLength] = useState(String(DEFAULT_RULES.symbolLength));
  const [rules, setRules] = useState<TermRules>(DEFAULT_RULES);
  const dictionary = dictionaries.find(({ id }) => id === chosen) ?? dictionaries[0];
  const corpus = corpusId === PASTED ? undefined : (corpora.find(({ id }) => id === corpusId) ?? corpora[0]);
  const isOfCorpus = corpus !== undefined;
  const division = isOfCorpus ? (splits ?? 'own') : splits === 'train' ? 'train' : 'divided';
  const [seedNumber, symbolLength] = [wholeNumber(seed, ...SEEDS), wholeNumber(length, ...LENGTHS)];
  const wanted = name ?? `${corpus?.name ?? 'text'}-terms`;
  if (dictionary === undefined) return null;
  const mark = async () => {
    const made: SilverDivision =
      division === 'divided'
        ? { kind: 'divided', seed: seedNumber ?? 1 }
        : division === 'train'
          ? { kind: 'train' }
          : { kind: 'own', test: division === 'annotated' ? 'annotated' : 'terms' };
    const source: TermsSource = isOfCorpus ? { kind: 'corpus', corpusId: corpus.id } : { kind: 'text', text };
    const id = await lab.dictionaries.markTerms({
      dictionaryId: dictionary.id,
      source,
      name: wanted,
      rules: { ...rules, symbolLength: symbolLength ?? DEFAULT_RULES.symbolLength },
      type: type.trim() === '' ? null : type.trim(),
      division: made,
    });
    if (id !== null) goTo({ page: 'corpus', corpusId: id });
  };
  return (
    <section className="panel stack" aria-labelledby="terms-title">
      <h2 id="terms-title">Mark terms in text</h2>
      <p className="soft">
        Makes a corpus in which the longest terms are mentions, to train on without annotation by hand. Terms of several
        types are not marked, and terms of several ids get none: the page of the corpus lists both.
      </p>
      <div className="fields">
        <Field label="Dictionary">
          {(control) => (
            <select {...control} value={dictionary.id} onChange={(event) => setChosen(event.target.value)}>
              {dictionaries.map(({ id, name: label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Text" help="Of a corpus, its sentences; its annotation is ignored.">
          {(control) => (
            <select {...control} value={corpus?.id ?? PASTED} onChange={(event) => setCorpusId(event.target.value)}>
              {corpora.map(({ id, name: label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
              <option value={PASTED}>pasted text</option>
            </select>
          )}
        </Field>
        <Field label="Type of the terms" help="Leave it empty for the types of the file.">
          {(control) => (
            <input
              {...control}
              type="text"
              value={type}
              placeholder={Object.keys(dictionary.types)[0] ?? 'entity'}
              onChange={(event) => setType(event.target.value)}
            />
          )}
        </Field>
        <Field label="Name of the corpus">
          {(control) => (
            <input {...control} type="text" value={wanted} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Field label="Splits">
          {(control) => (
            <select
              {...control}
              value={division}
              onChange={(event) => setSplits(event.target.value as 'own' | 'annotated' | 'divided' | 'train')}
            >
              {isOfCorpus && <option value="own">as in the corpus</option>}
              {isOfCorpus && <option value="annotated">as in the corpus, with its annotated test</option>}
              <option value="divided">divided by a seed: train, devel, test</option>
              <option value="train">all for training</option>
            </select>
          )}
        </Field>
        {division === 'divided' && (
          <NumberField
            label="Seed"
            value={seed}
            onValue={setSeed}
            problem={seedNumber === null ? enterNumber(...SEEDS) : undefined}
          />
        )}
        <NumberField
          label="Symbols up to"
          help="Letters and digits of a term whose capitals count, as in CAT. 0: capitals never count."
          value={length}
          onValue={setLength}
          problem={symbolLength === null ? enterNumber(...LENGTHS) : undefined}
        />
      </div>
      {!isOfCorpus && (
        <Field label="Text to mark">
          {(control) => (
            <textarea {...control} rows={5} value={text} onChange={(event) => setText(event.target.value)} />
          )}
        </Field>
      )}
      <fieldset className="tasks">
        <legend>What does not count</legend>
        {RULES.map(([rule, label]) => (
          <label key={rule}>
            <input
              type="checkbox"
              checked={rules[rule]}
              onChange={(event) => setRules({ ...rules, [rule]: event.target.checked })}
            />{' '}
            {label}
          </label>
        ))}
      </fieldset>
      <div className="actions">
        <Button
          kind="strong"
          disabled={isElsewhere || seedNumber === null || symbolLength === null || (!isOfCorpus && text.trim() === '')}
          onAct={mark}
        >
          Mark terms
        </Button>
      </div>
    </section>
  );
}
