// Makes a network of words from corpora and, if there are any, vectors of words, to train from nothing.
import { useState } from 'react';
import {
  baselineForms,
  BASELINES,
  languageText,
  MOST_LANGUAGE,
  type BaselineName,
  type LanguageChoice,
  type WordsOrigin,
} from '../../data/words/baselines.ts';
import { baselineName, FIRST_WORDS, MOST_FIRST_WORDS } from '../../lab/library/suggestedModels.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { BaselineMade } from '../../wire/trainingProtocol.ts';
import { Button } from '../parts/Button.tsx';
import { Field, NumberField } from '../parts/Field.tsx';
import { Facts } from '../parts/TableBox.tsx';
import { format, wholeNumber } from '../shared/format.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/planDraft.ts';

export function BaselinePanel() {
  const corpora = useLab((state) => state.corpora);
  const lab = useLabActions();
  const [form, setForm] = useState<BaselineName>('ma-hovy');
  const [unchosen, setUnchosen] = useState<readonly string[]>([]);
  const [file, setFile] = useState<File | null>(null);
  const [firstWords, setFirstWords] = useState(String(FIRST_WORDS));
  const [made, setMade] = useState<BaselineMade | null>(null);
  const [language, setLanguage] = useState<LanguageDraft>(trainedHere('hunflair'));
  const chosen = corpora.filter(({ id }) => !unchosen.includes(id));
  const words = wholeNumber(firstWords.replaceAll(',', ''), 0, MOST_FIRST_WORDS);
  const models = baselineForms[form].language === undefined ? 'none' : languageProblem(language);
  const turn = (id: string, on: boolean) => setUnchosen(on ? unchosen.filter((one) => one !== id) : [...unchosen, id]);
  const make = async () => {
    setMade(null);
    const vectors = file && { name: file.name, sizeBytes: file.size, bytes: file };
    const named = chosen.map(({ id, name }) => ({ id, name }));
    const name = baselineName(form, named, file?.name ?? null);
    const read = baselineForms[form].language === undefined ? undefined : await languageChoice(language);
    setMade(await lab.makeBaseline({ name, form, corpora: named, vectors, firstWords: words ?? 0, language: read }));
  };
  return (
    <details className="fold">
      <summary>Make a network to train from nothing</summary>
      <p className="soft">
        The networks of the systems that the paper compares with: small, quick to train, and without pretraining but
        vectors of words.
      </p>
      <div className="fields">
        <Field label="Network" help={baselineForms[form].description}>
          {(control) => (
            <select {...control} value={form} onChange={(event) => setForm(event.target.value as BaselineName)}>
              {BASELINES.map((name) => (
                <option key={name} value={name}>
                  {baselineForms[name].label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Vectors of words"
          help="Optional: word2vec (binary or text), GloVe, or fastText (.vec or .bin), also packed with gzip. Only the words below are read from it, however large it is."
        >
          {(control) => (
            <input {...control} type="file" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
          )}
        </Field>
        {file !== null && (
          <Field
            label="Frequent words"
            help="Of the file’s first words, for text that you tag later; those of the corpora are read in any case."
            problem={words === null ? `Enter a number from 0 to ${format.count(MOST_FIRST_WORDS)}.` : undefined}
          >
            {(control) => (
              <input
                {...control}
                inputMode="numeric"
                value={firstWords}
                onChange={(event) => setFirstWords(event.target.value)}
              />
            )}
          </Field>
        )}
      </div>
      {baselineForms[form].language !== undefined && <LanguageFields draft={language} onDraft={setLanguage} />}
      <fieldset className="tasks">
        <legend>Corpora whose words it knows</legend>
        {corpora.map(({ id, name }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={!unchosen.includes(id)}
              onChange={(event) => turn(id, event.target.checked)}
            />{' '}
            {name}
          </label>
        ))}
      </fieldset>
      <Button
        kind="strong"
        disabled={chosen.length === 0 || (file !== null && words === null) || models === 'problem'}
        onAct={make}
      >
        Make network
      </Button>
      {made !== null && <Made record={made.record} origin={made.origin} />}
    </details>
  );
}

/** Language models over characters as a person chooses them: numbers as typed, or two files. */
interface LanguageDraft {
  readonly from: 'training' | 'files';
  readonly hidden: string;
  readonly epochs: string;
  readonly files: readonly (File | null)[];
}

function trainedHere(form: BaselineName): LanguageDraft {
  const { hidden = 0, epochs = 0 } = baselineForms[form].language ?? {};
  return { from: 'training', hidden: String(hidden), epochs: String(epochs), files: [null, null] };
}

function languageProblem({ from, hidden, epochs, files }: LanguageDraft): 'none' | 'problem' {
  const isFit =
    from === 'files'
      ? files.every((file) => file !== null)
      : wholeNumber(hidden, 1, MOST_LANGUAGE.hidden) !== null && wholeNumber(epochs, 1, MOST_LANGUAGE.epochs) !== null;
  return isFit ? 'none' : 'problem';
}

async function languageChoice({ from, hidden, epochs, files }: LanguageDraft): Promise<LanguageChoice> {
  if (from === 'training') return { hidden: Number(hidden), epochs: Number(epochs) };
  const read = files.flatMap((file) => file ?? []);
  return {
    files: await Promise.all(
      read.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    ),
  };
}

function LanguageFields({
  draft,
  onDraft,
}: {
  readonly draft: LanguageDraft;
  readonly onDraft: (draft: LanguageDraft) => void;
}) {
  const number = (member: 'hidden' | 'epochs', label: string, help: string) => (
    <NumberField
      label={label}
      help={help}
      problem={
        wholeNumber(draft[member], 1, MOST_LANGUAGE[member]) === null
          ? `Enter a number from 1 to ${format.count(MOST_LANGUAGE[member])}.`
          : undefined
      }
      value={draft[member]}
      onValue={(value) => onDraft({ ...draft, [member]: value })}
    />
  );
  return (
    <div className="fields">
      <Field
        label="Language models"
        help="One reads a sentence’s characters forward, one backward. They are not trained any further when the tagger is."
      >
        {(control) => (
          <select
            {...control}
            value={draft.from}
            onChange={(event) => onDraft({ ...draft, from: event.target.value === 'files' ? 'files' : 'training' })}
          >
            <option value="training">train on the training text</option>
            <option value="files">from two files of flair</option>
          </select>
        )}
      </Field>
      {draft.from === 'training' ? (
        <>
          {number('hidden', 'Units of each', 'flair’s usual models have 2,048, far beyond a processor.')}
          {number('epochs', 'Epochs', 'Passes over the training text, to predict each next character.')}
        </>
      ) : (
        draft.files.map((_, index) => (
          <Field
            key={index}
            label={index === 0 ? 'First model' : 'Second model'}
            help="As flair’s LanguageModel.save writes it (.pt): one forward, one backward."
          >
            {(control) => (
              <input
                {...control}
                type="file"
                onChange={(event) => {
                  const chosen = event.target.files?.[0] ?? null;
                  onDraft({ ...draft, files: draft.files.map((one, at) => (at === index ? chosen : one)) });
                }}
              />
            )}
          </Field>
        ))
      )}
    </div>
  );
}

function Made({
  record,
  origin: { vectors, language },
}: {
  readonly record: ModelRecord;
  readonly origin: WordsOrigin;
}) {
  const { trainWith } = useDraftChange();
  return (
    <div role="status">
      <p>
        <strong>{record.name}</strong> is in the library: {format.counted(record.vocabularySize, 'word')},{' '}
        {format.parameters(record.parameterCount)} weights.
      </p>
      {language !== undefined && <p>{languageText(language)}.</p>}
      {vectors !== null && <Coverage vectors={vectors} />}
      <Button kind="primary" label={`Train with ${record.name}`} onAct={() => trainWith(record)}>
        Train with this
      </Button>
    </div>
  );
}

function Coverage({
  vectors: { file, format: kind, words, dimensions, coverage },
}: {
  readonly vectors: NonNullable<WordsOrigin['vectors']>;
}) {
  // prettier-ignore
  const { all } = coverage;
  const row = (part: { readonly types: number; readonly tokens: number }): string =>
    `${format.shareOf(part.tokens, all.tokens)} of tokens, ${format.shareOf(part.types, all.types)} of different ones`;
  return (
    <Facts
      kind="list"
      facts={[
        [file, `${kind}: ${format.counted(words, 'word')}, ${format.counted(dimensions, 'dimension')}`],
        ['Found as spelled', row(coverage.asSpelled)],
        ['Found in lower case or with digits as 0', row(coverage.otherwiseSpelled)],
        ...(coverage.composed.types === 0 ? [] : [['Made from n-grams', row(coverage.composed)] as const]),
        ['Without a vector', row(coverage.without)],
      ]}
    />
  );
}
