// Packs results as a research object: the result file, all scores as one long table, and RO-Crate metadata that says what they are.
import type { SpanScore, SplitScores } from '../../metrics/scores/spanScore.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import type { RunRecord, RunSpec } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';
import { fingerprintBytes } from '../../util/digest.ts';
import type { NamedFile } from '../../util/namedFile.ts';

type Entity = Readonly<Record<string, unknown>> & { readonly '@id': string };

const METADATA = 'ro-crate-metadata.json';
const SOFTWARE = '#bioner-lab';
const LICENCE = '#licence';
/** The version of RO-Crate (Soiland-Reyes et al. 2022, Packaging research artefacts with RO-Crate). */
const SPECIFICATION = 'https://w3id.org/ro/crate/1.2';

/**
 * The files of the crate, the metadata among them. `name` and `description` are shown where the crate is published; `pages` are further files of
 * the result, such as its page. The licence is stated as not known: those of the corpora may bind, and only a person can choose the one of the results.
 */
export async function researchCrate(
  result: ResultFile,
  {
    name,
    description,
    pages = [],
  }: { readonly name: string; readonly description: string; readonly pages?: readonly NamedFile[] },
): Promise<readonly NamedFile[]> {
  const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  const [resultName, scoresName] = ['experiment.result.json', 'all-scores.csv'];
  const files: readonly NamedFile[] = [
    { path: resultName, bytes: encode(JSON.stringify(result, null, 2)) },
    { path: scoresName, bytes: encode(longScoresCsv(result.runs)) },
    ...pages,
  ];
  const fileEntities = await Promise.all(
    files.map(async (file): Promise<Entity> => ({ ...(await fileEntity(file)), ...aboutFile(file.path) })),
  );
  const runs = result.runs.map((run) => runEntity(run.spec, run, [resultName, scoresName]));
  const graph: readonly Entity[] = [
    {
      '@id': METADATA,
      '@type': 'CreativeWork',
      about: { '@id': './' },
      conformsTo: { '@id': SPECIFICATION },
    },
    {
      '@id': './',
      '@type': 'Dataset',
      name,
      description,
      datePublished: result.exportedAt,
      license: { '@id': LICENCE },
      keywords: ['named entity recognition', 'biomedical text', 'machine learning'],
      hasPart: fileEntities.map(({ '@id': id }) => ({ '@id': id })),
      mentions: runs.map(({ '@id': id }) => ({ '@id': id })),
    },
    ...fileEntities,
    ...Object.entries(LONG_COLUMNS).map(([column, text]) => ({
      '@id': `#column-${column}`,
      '@type': 'PropertyValue',
      name: column,
      description: text,
    })),
    {
      '@id': SOFTWARE,
      // A SoftwareApplication needs an address, and a lab is wherever somebody serves it.
      '@type': 'CreativeWork',
      name: 'BioNER Lab',
      description: 'Trains taggers of biomedical entities in a browser tab or by a command.',
      license: { '@id': 'https://spdx.org/licenses/Apache-2.0' },
      // "BioNER Lab 0.1.0".
      version: result.software.split(' ').at(-1),
    },
    {
      '@id': 'https://spdx.org/licenses/Apache-2.0',
      '@type': 'CreativeWork',
      name: 'Apache License 2.0',
      description: 'The licence of the program, not of the results.',
    },
    {
      '@id': LICENCE,
      '@type': 'CreativeWork',
      name: 'Not stated',
      description:
        'The licence of these results is not known to the program that wrote them: state it here before publishing.',
    },
    ...corpusEntities(result),
    ...modelEntities(result),
    ...runs,
  ];
  const metadata = { '@context': `${SPECIFICATION}/context`, '@graph': graph };
  return [{ path: METADATA, bytes: encode(`${JSON.stringify(metadata, null, 2)}\n`) }, ...files];
}

/** Name and description of a crate by what its runs are. */
export function crateWords({ plan, runs }: ResultFile): { readonly name: string; readonly description: string } {
  const corpora = [...new Set(runs.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => corpus.name)))];
  const shown = corpora.length > 5 ? `${corpora.length} corpora` : corpora.join(', ');
  const methods = [...new Set(runs.map(({ spec }) => spec.method))].join(', ');
  return {
    name: `${plan.name}: taggers of biomedical entities`,
    description: `Scores and history of ${runs.length} trainings (${methods}) on ${shown}, by BioNER Lab.`,
  };
}

async function fileEntity({ path, bytes }: NamedFile): Promise<Entity> {
  return {
    // An identifier is an address relative to the folder.
    '@id': path.split('/').map(encodeURIComponent).join('/'),
    '@type': 'File',
    contentSize: String(bytes.byteLength),
    sha256: await fingerprintBytes(bytes),
  };
}

function aboutFile(path: string): Readonly<Record<string, unknown>> {
  if (path.endsWith('.result.json')) {
    return {
      name: 'Result file',
      description: 'Settings, history and scores of every run, which BioNER Lab opens; it has no sentence of a corpus.',
      encodingFormat: 'application/json',
    };
  }
  if (path.endsWith('.csv')) {
    return {
      name: 'All scores',
      description: 'One value a line: of each run, epoch, task, split, entity type and metric.',
      encodingFormat: 'text/csv',
      variableMeasured: Object.keys(LONG_COLUMNS).map((column) => ({ '@id': `#column-${column}` })),
    };
  }
  return {
    name: 'Page of the results',
    description: 'Charts and tables that open in any browser.',
    encodingFormat: 'text/html',
  };
}

const corpusId = (corpus: RunSpec['tasks'][number]['corpus']): string => `#corpus-${corpus.id}`;
const modelId = (model: RunSpec['model']): string => `#model-${model.id}`;

/** The corpora that the runs were trained on, by fingerprint: their text is not in the crate. */
function corpusEntities({ runs }: ResultFile): readonly Entity[] {
  const corpora = new Map(runs.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => [corpusId(corpus), corpus])));
  return [...corpora].map(([id, { name, fingerprint }]) => ({
    '@id': id,
    '@type': 'CreativeWork',
    name,
    description: 'A corpus with annotated entities, which is not part of the crate.',
    identifier: `sha256:${fingerprint}`,
  }));
}

function modelEntities({ runs, models }: ResultFile): readonly Entity[] {
  const used = new Map(runs.map(({ spec }) => [modelId(spec.model), spec.model]));
  return [...used].map(([id, { id: stored, name, fingerprint }]) => {
    const source = models.find((model) => model.id === stored)?.source;
    return {
      '@id': id,
      '@type': 'CreativeWork',
      name,
      description: 'A pretrained encoder, which is not part of the crate.',
      identifier: `sha256:${fingerprint}`,
      ...(source === undefined ? {} : { url: `https://huggingface.co/${source.repository}`, version: source.commit }),
    };
  });
}

/** The training of a run as an action, after the Process Run Crate profile. */
function runEntity(
  spec: RunSpec,
  { createdAt, updatedAt, status, environments }: ResultFile['runs'][number],
  results: readonly string[],
): Entity {
  const finished = status === 'finished';
  return {
    '@id': `#run-${spec.id}`,
    '@type': 'CreateAction',
    name: `${spec.method}, ${spec.tasks.map(({ corpus, type }) => [corpus.name, type].filter(Boolean).join(' ')).join(', ')}, seed ${spec.seed}`,
    ...(environments.length === 0
      ? {}
      : {
          description: `Trained on ${environments.map(({ device, backend }) => `${device} (${backend})`).join(', ')}.`,
        }),
    instrument: { '@id': SOFTWARE },
    object: [...new Set(spec.tasks.map(({ corpus }) => corpusId(corpus))), modelId(spec.model)].map((id) => ({
      '@id': id,
    })),
    result: results.map((id) => ({ '@id': id })),
    startTime: createdAt,
    ...(finished ? { endTime: updatedAt } : {}),
    actionStatus: `http://schema.org/${finished ? 'CompletedActionStatus' : status === 'failed' ? 'FailedActionStatus' : 'PotentialActionStatus'}`,
  };
}

// Writes all scores of runs as one long table, a value a line, for programs that track experiments.

/** What a line of the table says, in order; README of the crate describes them. */
export const LONG_COLUMNS = {
  run: 'identifier of the run',
  method: 'STL, MTL-XC, MTL-LS, MTL-PL or PL-LS',
  category: 'category of a joint or sliced run; empty for STL',
  corpus: 'corpus of the task',
  type: 'entity type of the task; empty for all types of the corpus',
  model: 'pretrained model',
  seed: 'seed of the run',
  round: 'round of training, from 0',
  shared_layers: 'layers that a sliced run shares; empty for others',
  epoch: 'epochs done',
  step: 'updates done; empty where only the epoch is known',
  selected: '1 for the epoch whose snapshot was selected by devel, else 0',
  split: 'train, devel or test',
  matching:
    'lenient, as conlleval counts, or strict, without mentions that break the tag scheme; empty for other metrics',
  entity: 'entity type that is scored; empty for all together',
  metric: 'precision, recall, f1, accuracy (percent), gold, predicted, correct (mentions), or loss',
  value: 'the number',
} as const;

type LongRow = Readonly<Record<keyof typeof LONG_COLUMNS, string | number | null>>;

/** One line for each value of each epoch and snapshot of each run. Takes time linear in the scores. */
export function longScoresCsv(runs: readonly RunRecord[]): string {
  const columns = Object.keys(LONG_COLUMNS) as (keyof typeof LONG_COLUMNS)[];
  return csvText([columns, ...longScores(runs).map((row) => columns.map((column) => row[column]))]);
}

export function longScores(runs: readonly RunRecord[]): readonly LongRow[] {
  return runs.flatMap(rowsOfRun);
}

function rowsOfRun({ spec, epochs, snapshots, selectedEpoch }: RunRecord): readonly LongRow[] {
  const known = new Map(epochs.map(({ epoch, step }) => [epoch, step]));
  const at = (epoch: number) => ({
    run: spec.id,
    method: spec.method,
    category: spec.category?.name ?? null,
    model: spec.model.name,
    seed: spec.seed,
    round: spec.round,
    shared_layers: spec.slicing?.layers ?? null,
    epoch,
    step: known.get(epoch) ?? null,
    selected: epoch === selectedEpoch ? 1 : 0,
  });
  const scored = (epoch: number, split: 'devel' | 'test', scores: readonly (SplitScores | null)[]): LongRow[] =>
    spec.tasks.flatMap(({ corpus, type }, task) => {
      const own = scores[task];
      if (own == null) return [];
      return valuesOf(own).map((value) => ({ ...at(epoch), corpus: corpus.name, type, split, ...value }));
    });
  const losses = epochs.map(({ epoch, loss }): LongRow => ({
    ...at(epoch),
    // Of all tasks of the run together.
    ...{ corpus: spec.tasks.length === 1 ? (spec.tasks[0]?.corpus.name ?? null) : null, type: null },
    ...{ split: 'train', matching: null, entity: null, metric: 'loss', value: loss },
  }));
  return [
    ...losses,
    ...epochs.flatMap(({ epoch, devel }) => scored(epoch, 'devel', devel)),
    ...snapshots.filter(({ epoch }) => !known.has(epoch)).flatMap(({ epoch, devel }) => scored(epoch, 'devel', devel)),
    ...snapshots.flatMap(({ epoch, test }) => scored(epoch, 'test', test)),
  ];
}

type Scored = Pick<LongRow, 'matching' | 'entity' | 'metric' | 'value'>;

function valuesOf({ accuracy, lenient, strict }: SplitScores): readonly Scored[] {
  const ofMatching = (matching: string, { overall, perType }: SplitScores['lenient']): Scored[] => [
    ...metricsOf(overall).map((one) => ({ matching, entity: null, ...one })),
    ...Object.entries(perType).flatMap(([entity, score]) =>
      metricsOf(score).map((one) => ({ matching, entity, ...one })),
    ),
  ];
  return [
    { matching: null, entity: null, metric: 'accuracy', value: accuracy },
    ...ofMatching('lenient', lenient),
    ...ofMatching('strict', strict),
  ];
}

function metricsOf({ precision, recall, f1, gold, predicted, correct }: SpanScore) {
  return Object.entries({ precision, recall, f1, gold, predicted, correct }).map(([metric, value]) => ({
    metric,
    value,
  }));
}
