// Makes a network of words from corpora and, if there are any, vectors of words, to train from nothing.
import { useState } from 'react';
import { BASELINES, baselineForms, type BaselineName, type WordsOrigin } from '../../data/words/baselines.ts';
import { baselineName, FIRST_WORDS, MOST_FIRST_WORDS } from '../../lab/library/newBaseline.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { BaselineMade } from '../../wire/trainingProtocol.ts';
import { Button } from '../parts/Button.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Field } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/useDraftChange.ts';

export function BaselinePanel() {
  const corpora = useLab((state) => state.corpora);
  const lab = useLabActions();
  const [form, setForm] = useState<BaselineName>('ma-hovy');
  const [unchosen, setUnchosen] = useState<readonly string[]>([]);
  const [file, setFile] = useState<File | null>(null);
  const [firstWords, setFirstWords] = useState(String(FIRST_WORDS));
  const [made, setMade] = useState<BaselineMade | null>(null);
  const chosen = corpora.filter(({ id }) => !unchosen.includes(id));
  const words = wholeNumber(firstWords);
  const turn = (id: string, on: boolean) => setUnchosen(on ? unchosen.filter((one) => one !== id) : [...unchosen, id]);
  const make = async () => {
    setMade(null);
    const vectors = file && { name: file.name, sizeBytes: file.size, bytes: file };
    const named = chosen.map(({ id, name }) => ({ id, name }));
    const name = baselineName(form, named, file?.name ?? null);
    setMade(await lab.makeBaseline({ name, form, corpora: named, vectors, firstWords: words ?? 0 }));
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
      <Button kind="strong" disabled={chosen.length === 0 || (file !== null && words === null)} onAct={make}>
        Make network
      </Button>
      {made !== null && <Made record={made.record} origin={made.origin} />}
    </details>
  );
}

function Made({ record, origin: { vectors } }: { readonly record: ModelRecord; readonly origin: WordsOrigin }) {
  const { trainWith } = useDraftChange();
  return (
    <div role="status">
      <p>
        <strong>{record.name}</strong> is in the library: {format.counted(record.vocabularySize, 'word')},{' '}
        {format.parameters(record.parameterCount)} weights.
      </p>
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

function wholeNumber(text: string): number | null {
  const value = Number(text.replaceAll(',', ''));
  return text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= MOST_FIRST_WORDS ? value : null;
}
