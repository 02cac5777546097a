// Compares the mention strings of training, of test annotations and of predictions as sets: diagram, ratios, and strings by region.
import type { EntitySetsQuery } from '../../analysis/questions/sentencesQuery.ts';
import { taskKey } from '../../lab/comparison/comparison.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import { ENTITY_REGIONS, type EntityRegion } from '../../metrics/entitySets.ts';
import { Term } from '../help/Term.tsx';
import { AnalysisWait, NoSnapshot, PredictionGate, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { hashWithTexts, textsInHash } from '../shared/addressTexts.ts';
import { routeHref } from '../shared/route.ts';
import { EulerDiagram } from './EulerDiagram.tsx';
import { RatioSection } from './RatioSection.tsx';
import { RegionStrings, RegionTable, STRINGS_IN_ADDRESS, StringSentences } from './RegionStrings.tsx';
import type { PanelProps } from './SubjectFields.tsx';

/** What the entity set view shows, as given in the address. */
interface SetsDetail {
  readonly trainOnly: boolean;
  readonly lowerCase: boolean;
  /** The region whose strings are listed. */
  readonly region: EntityRegion | null;
  /** The string whose sentences are shown. */
  readonly text: string | null;
}

export function parseSetsDetail(detail: string | null): SetsDetail {
  const members = new URLSearchParams(detail ?? '');
  return {
    trainOnly: members.get('training') === 'train',
    lowerCase: members.get('case') === 'lower',
    region: ENTITY_REGIONS.find((region) => region === members.get('region')) ?? null,
    text: members.get('text'),
  };
}

/** Writes what `parseSetsDetail` reads back; null for the default view. */
export function setsDetailText({ trainOnly, lowerCase, region, text }: SetsDetail): string | null {
  const members = new URLSearchParams({
    ...(trainOnly && { training: 'train' }),
    ...(lowerCase && { case: 'lower' }),
    ...(region !== null && { region }),
    ...(text !== null && { text }),
  });
  return members.size === 0 ? null : members.toString();
}

export function SetsPanel({ subject, route }: PanelProps) {
  const detail = parseSetsDetail(route.detail);
  const { prediction } = subject;
  const change = (part: Partial<SetsDetail>) => {
    const next = { ...detail, ...part };
    const address = routeHref({ page: 'analyse', ...route, detail: setsDetailText(next) });
    // A string is chosen on a page of the list, which stays.
    const isSameList = setsDetailText({ ...next, text: null }) === setsDetailText({ ...detail, text: null });
    const ofList = isSameList ? textsInHash(window.location.hash, STRINGS_IN_ADDRESS) : {};
    window.location.hash = hashWithTexts(address, STRINGS_IN_ADDRESS, ofList);
  };
  const parts = { subject, route, detail, onChange: change };
  return (
    <>
      <div className="filters">
        <label>
          Training text
          <select
            value={detail.trainOnly ? 'train' : 'both'}
            onChange={(event) => change({ trainOnly: event.target.value === 'train' })}
          >
            <option value="both">train and devel, as in the paper</option>
            <option value="train">train only</option>
          </select>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={detail.lowerCase}
            onChange={(event) => change({ lowerCase: event.target.checked, text: null })}
          />
          Lower case
        </label>
      </div>
      {prediction === null ? (
        <>
          <NoSnapshot route={route} />
          <Sets {...parts} prediction={null} />
        </>
      ) : (
        <PredictionGate requests={[prediction]} need="mentions" meanwhile={<Sets {...parts} prediction={null} />}>
          <Sets {...parts} prediction={prediction} />
        </PredictionGate>
      )}
    </>
  );
}

interface SetsProps extends PanelProps, Pick<EntitySetsQuery, 'prediction'> {
  readonly detail: SetsDetail;
  readonly onChange: (part: Partial<SetsDetail>) => void;
}

function Sets({ subject, detail, prediction, onChange }: SetsProps) {
  const { task, category } = subject;
  const { trainOnly, lowerCase, region, text } = detail;
  const query: EntitySetsQuery = {
    task: taskOf(task),
    category: category.tasks.map(taskOf),
    prediction,
    trainOnly,
    lowerCase,
  };
  const state = useAnalysis('entityDiagram', query);
  const diagram = shownAnswer(state);
  const choose = (next: SetsDetail['region']) => onChange({ region: next, text: null });
  return (
    <>
      <section aria-labelledby="sets-title">
        <h2 id="sets-title">
          <Term name="entity set T, L and P">Entity sets</Term>
        </h2>
        {state.status !== 'ready' && <AnalysisWait state={state} doing="Reading the corpora of the category" />}
        {diagram !== null && (
          <div className="sets-pair">
            <EulerDiagram
              diagram={diagram}
              caption={`Strings of ${task.corpus.name} in training text of ${category.name}`}
              chosen={region}
              onChoose={choose}
            />
            <RegionTable diagram={diagram} chosen={region} onChoose={choose} />
          </div>
        )}
      </section>
      {region !== null && (
        <div className="sets-pair strings">
          <RegionStrings
            key={JSON.stringify([query, region])}
            sets={query}
            region={region}
            chosen={text}
            onChoose={(next) => onChange({ text: next })}
          />
          {text !== null && (
            <StringSentences key={JSON.stringify([query, text])} sets={query} tasks={category.tasks} text={text} />
          )}
        </div>
      )}
      <RatioSection
        key={category.tasks.map(taskKey).join()}
        subject={subject}
        prediction={prediction}
        trainOnly={trainOnly}
        lowerCase={lowerCase}
      />
    </>
  );
}
