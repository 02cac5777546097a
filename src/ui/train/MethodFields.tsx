// Chooses the methods a plan compares, and how MTL-LS slices the encoder.
import { useState } from 'react';
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import { isCollaborating, isSliced, METHODS, type Method } from '../../schema/methods.ts';
import { Term } from '../help/Term.tsx';
import { Field, NumberField } from '../parts/Field.tsx';
import { MethodPicture } from './MethodPicture.tsx';
import { draftOfSearch, PAPER_RATES, type PlanDraft, type SearchDraft } from './planDraft.ts';
import type { ReadPlan } from './readPlanDraft.ts';

const METHOD_WORDS: Readonly<Record<Method, string>> = {
  STL: 'the pretrained model, on each task alone',
  'MTL-XC': 'the pretrained model, on all tasks of a category together',
  'MTL-LS': 'lower layers from MTL-XC, upper layers pretrained, on each task alone',
  'MTL-PL': 'as MTL-XC, but each corpus keeps its types, and what it does not annotate stays open',
  'PL-LS': 'lower layers from MTL-PL, upper layers pretrained, on each task alone',
  AIO: 'all-in-one: as MTL-XC, but words round each text ask for a type',
  'AIO-LS': 'lower layers from AIO, upper layers pretrained, on each task alone',
  CollaboNet: 'for BiLSTMs: from STL, each task in turn, reading the networks of the other tasks',
  Average: 'from the mean of all tasks’ STL encoders, on each task alone: text is never put together',
  TIES: 'as Average, but of each encoder the largest changes alone, where their signs agree',
};

export interface MethodFieldsProps {
  readonly draft: PlanDraft;
  readonly read: ReadPlan;
  readonly onMethods: (methods: readonly Method[]) => void;
  readonly onChange: (part: Partial<PlanDraft>) => void;
}

export function MethodFields({ draft, read, onMethods, onChange }: MethodFieldsProps) {
  const turn = (method: Method, on: boolean) =>
    onMethods(METHODS.filter((known) => (known === method ? on : draft.methods.includes(known))));
  return (
    <>
      <fieldset className="methods">
        <legend>Methods</legend>
        {METHODS.map((method) => (
          <label key={method} className="method">
            <input
              type="checkbox"
              aria-label={method}
              checked={draft.methods.includes(method)}
              onChange={(event) => turn(method, event.target.checked)}
            />
            <MethodPicture method={method} />
            <span>
              <strong>{method}</strong> <span className="soft">{METHOD_WORDS[method]}</span>
            </span>
          </label>
        ))}
        {read.problems.has('methods') && <p className="field-problem">{read.problems.get('methods')}</p>}
      </fieldset>
      {draft.methods.some(isCollaborating) && (
        <NumberField
          label="Turns of CollaboNet"
          help="In each turn every task is trained once, for all epochs, while the networks of the others stay as they are. The paper has turns of one epoch, until devel stops rising."
          problem={read.problems.get('turns')}
          value={draft.turns ?? '1'}
          onValue={(turns) => onChange({ turns })}
        />
      )}
      {draft.methods.some(isSliced) && <SlicingFields draft={draft} read={read} onChange={onChange} />}
    </>
  );
}

function SlicingFields({ draft, read, onChange }: Omit<MethodFieldsProps, 'onMethods'>) {
  const layers = read.model.found?.layers ?? null;
  const rates = [...new Set([...PAPER_RATES, ...draft.slicingRates])].sort((left, right) => left - right);
  const turn = (rate: number, on: boolean) =>
    onChange({ slicingRates: rates.filter((known) => (known === rate ? on : draft.slicingRates.includes(known))) });
  const problem = read.problems.get('slicingRates');
  return (
    <fieldset className="slicing">
      <legend>
        <Term name="slicing rate">Slicing rates</Term>
      </legend>
      <div className="preset-list">
        {rates.map((rate) => (
          <label key={rate} className={`preset${draft.slicingRates.includes(rate) ? ' chosen' : ''}`}>
            <input
              type="checkbox"
              checked={draft.slicingRates.includes(rate)}
              onChange={(event) => turn(rate, event.target.checked)}
            />
            {rateText(rate)}
            {layers !== null && (
              <span className="faint">
                {Math.round(rate * layers)} of {layers}
              </span>
            )}
          </label>
        ))}
        {layers !== null && (
          <OtherRate
            layers={layers}
            rates={rates}
            onRate={(rate) => onChange({ slicingRates: [...draft.slicingRates, rate] })}
          />
        )}
      </div>
      {problem !== undefined && <p className="field-problem">{problem}</p>}
      <p className="field-help">
        Share of the encoder’s layers taken from the joint model (MTL-XC, MTL-PL or AIO), counted from the bottom; 0
        takes only the embedding. Rates that give the same number of layers are one run.
      </p>
      <SearchFields draft={draft} read={read} onChange={onChange} />
      <div className="fields">
        {(read.model.found == null || factsOf(read.model.found.family).hasStackedBiases) && (
          <BiasesField draft={draft} onChange={onChange} />
        )}
        <Field
          label="Freeze shared layers"
          help="Shared layers and the embedding stay as the joint model has them. The paper trains them further."
        >
          {(control) => (
            <input
              {...control}
              type="checkbox"
              checked={draft.frozen}
              onChange={(event) => onChange({ frozen: event.target.checked })}
            />
          )}
        </Field>
      </div>
    </fieldset>
  );
}

const SEARCHES: readonly (readonly ['none' | SearchDraft['policy'], string])[] = [
  ['none', 'train every rate to its end'],
  ['top', 'keep the best rates after an epoch'],
  ['race', 'race the rates'],
  ['all', 'train every rate, and count devel sentences for replays'],
];

/** Chooses how the slicing rate is found. */
function SearchFields({ draft, read, onChange }: Omit<MethodFieldsProps, 'onMethods'>) {
  const { search } = draft;
  const change = (part: Partial<SearchDraft>) => onChange({ search: search && { ...search, ...part } });
  const drops = search !== undefined && search.policy !== 'all';
  return (
    <div className="fields">
      <Field
        label="Find the rate"
        help="A search tries all rates with the first seed and trains only the chosen one to its end; test is read for that one alone."
        problem={read.problems.get('search')}
      >
        {(control) => (
          <select
            {...control}
            value={search?.policy ?? 'none'}
            onChange={(event) => {
              const [policy = 'none'] = SEARCHES.find(([name]) => name === event.target.value) ?? [];
              onChange({
                search:
                  policy === 'none'
                    ? undefined
                    : { ...draftOfSearch(policy, Number(draft.config['epochs'])), ...search, policy },
              });
            }}
          >
            {SEARCHES.map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {search !== undefined && (
        <NumberField
          label={search.policy === 'top' ? 'Compare after epoch' : 'Compare after epochs'}
          help={
            search.policy === 'race' ? 'A rate that is worse than the best by more than noise is dropped.' : undefined
          }
          problem={read.problems.get('search.rungs')}
          value={search.rungs}
          onValue={(rungs) => change({ rungs })}
        />
      )}
      {drops && (
        <NumberField
          label="Rates kept"
          help="These are trained with the other seeds, up to the last epoch above."
          problem={read.problems.get('search.finalists')}
          value={search.finalists}
          onValue={(finalists) => change({ finalists })}
        />
      )}
      {drops && (
        <Field label="Choose the rate" help="By devel F1, the mean over seeds where there are several.">
          {(control) => (
            <select
              {...control}
              value={search.choose}
              onChange={(event) => change({ choose: event.target.value === 'end' ? 'end' : 'rung' })}
            >
              <option value="rung">after that epoch</option>
              <option value="end">when all are trained</option>
            </select>
          )}
        </Field>
      )}
    </div>
  );
}

/** Chooses the source of biases, which the XLNet release alone stores once for all layers. */
function BiasesField({ draft, onChange }: Pick<MethodFieldsProps, 'draft' | 'onChange'>) {
  return (
    <Field
      label="Biases and segments"
      help="The released checkpoint stores them once for all layers, so they all come from the joint model."
    >
      {(control) => (
        <select
          {...control}
          value={draft.biases}
          onChange={(event) => onChange({ biases: event.target.value === 'perLayer' ? 'perLayer' : 'released' })}
        >
          <option value="released">of all layers, as released</option>
          <option value="perLayer">of the shared layers</option>
        </select>
      )}
    </Field>
  );
}

interface OtherRateProps {
  readonly layers: number;
  readonly rates: readonly number[];
  readonly onRate: (rate: number) => void;
}

/** Adds a number of layers that no rate gives yet. */
function OtherRate({ layers, rates, onRate }: OtherRateProps) {
  const taken = new Set(rates.map((rate) => Math.round(rate * layers)));
  const free = Array.from({ length: layers + 1 }, (_, shared) => shared).filter((shared) => !taken.has(shared));
  const [chosen, setChosen] = useState('');
  if (free.length === 0) return null;
  return (
    <select
      aria-label="Another number of shared layers"
      value={chosen}
      onChange={(event) => {
        setChosen('');
        if (event.target.value !== '') onRate(Number(event.target.value) / layers);
      }}
    >
      <option value="">another number of layers</option>
      {free.map((shared) => (
        <option key={shared} value={shared}>
          {shared} of {layers}
        </option>
      ))}
    </select>
  );
}

function rateText(rate: number): string {
  return rate === 0 || rate === 1 ? rate.toFixed(0) : rate.toFixed(2);
}
