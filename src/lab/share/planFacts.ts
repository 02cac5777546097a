// What a shared page says about a plan: what its runs differ in, its settings, the data, the versions, and how to cite it.
import type { TrainingConfig } from '../../schema/config.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import { html, type Html } from '../../util/html.ts';
import { presets, type PresetName } from '../plans/presets.ts';

type Fact = readonly [name: string, value: string | Html];

/** What differs between the runs, and the settings that are not those of a preset, then the whole plan as JSON. */
export function settingsSection({ plan, runs }: ResultFile): Html {
  const { preset, changes } = changesFromPreset(plan.config);
  const { count, epochs } = plan.rounds;
  const tasks = plan.categories.flatMap((category) =>
    category.tasks.map(({ corpus, type }) => `${corpus.name} · ${type ?? 'all types'}`),
  );
  const facts: readonly Fact[] = [
    ['Methods', plan.methods.join(', ')],
    ...(plan.slicingRates.length === 0 ? [] : [['Slicing rates', plan.slicingRates.map((rate) => rate.toFixed(2)).join(', ')] as const]), // prettier-ignore
    ['Tasks', tasks.join('; ')],
    ['Seeds', plan.seeds.join(', ')],
    ['Rounds after the first', count === 0 ? 'none' : `${count} of ${epochs} epochs`],
    ['Runs', `${runs.length}, of which ${runs.filter(({ status }) => status === 'finished').length} finished`],
  ];
  return html`<h2>Settings</h2>
    <h3>What the runs differ in</h3>
    ${factList(facts)}
    <h3>All runs share</h3>
    <p>The settings “${presets[preset].label}” of the lab${changes.length === 0 ? ', unchanged.' : ', except:'}</p>
    ${changes.length === 0 ? null : factList(changes)}
    <details>
      <summary>The whole plan as JSON</summary>
      <pre>${JSON.stringify(plan, null, 2)}</pre>
    </details>`;
}

/** Sentences and leaks of each task, as the runs counted them. */
export function dataSection({ runs }: ResultFile): Html | null {
  const tasks = new Map<string, Html>();
  for (const { spec, counts, leaks } of runs) {
    spec.tasks.forEach(({ corpus, type }, index) => {
      const key = JSON.stringify([corpus.fingerprint, type]);
      const splits = counts?.[index];
      if (tasks.has(key) || splits === undefined) return;
      const leaked = leaks?.[index];
      const sizes = (['train', 'devel', 'test'] as const).map((split) => splits[split]);
      tasks.set(
        key,
        html`<tr>
          <th scope="row" class="name">${corpus.name} · ${type ?? 'all types'}</th>
          ${sizes.map(
            (size) =>
              html`<td>${size.sentences.toLocaleString('en-US')}</td>
                <td>${size.mentions.toLocaleString('en-US')}</td>`,
          )}
          <td>${leaked === undefined ? '–' : `${leaked.exact} exact, ${leaked.near} near`}</td>
          <td>${corpus.fingerprint.slice(0, 16)}</td>
        </tr>`,
      );
    });
  }
  if (tasks.size === 0) return null;
  const splits = ['Train', 'Devel', 'Test'];
  return html`<h2>Data</h2>
    <div class="wide">
      <table aria-label="Data">
        <thead>
          <tr>
            <td></td>
            ${splits.map((split) => html`<th scope="colgroup" colspan="2">${split}</th>`)}
            <td></td>
            <td></td>
          </tr>
          <tr>
            <th scope="col">Task</th>
            ${splits.map(
              () =>
                html`<th scope="col">Sentences</th>
                  <th scope="col">Mentions</th>`,
            )}
            <th scope="col">Test text in training text</th>
            <th scope="col">Fingerprint</th>
          </tr>
        </thead>
        <tbody>
          ${[...tasks.values()]}
        </tbody>
      </table>
    </div>
    <p class="soft">No sentence is in this page: only counts, scores and fingerprints.</p>`;
}

/** Programs, machines and models that the runs were made with. */
export function versionsSection(file: ResultFile): Html {
  const environments = new Set(
    file.runs.flatMap((run) =>
      run.environments.map(({ software, backend, device, threads, platform, precision }) =>
        [software, backend, device, `${threads} threads`, precision ?? 'f32', platform].join(' · '),
      ),
    ),
  );
  const facts: readonly Fact[] = [
    ['Exported by', `${file.software}, ${file.exportedAt.slice(0, 10)}`],
    ...[...environments].map((text): Fact => ['Trained with', text]),
    ...file.models.map((model): Fact => ['Model', modelText(model)]),
    ['Checksum', file.checksum],
  ];
  return html`<h2>Software and models</h2>
    ${factList(facts)}`;
}

function modelText({ name, family, layers, hiddenSize, parameterCount, source, fingerprint }: ModelRecord): string {
  const size = `${family ?? 'xlnet'}, ${layers} layers of width ${hiddenSize}, ${parameterCount.toLocaleString('en-US')} parameters`;
  const from = source === undefined ? '' : ` · ${source.repository} at ${source.commit}`;
  return `${name} · ${size}${from} · fingerprint ${fingerprint.slice(0, 16)}`;
}

/** How to cite the results and the method. */
export function citeSection({ software, exportedAt, checksum }: ResultFile, title: string): Html {
  return html`<h2>How to cite</h2>
    <p>
      These results: ${title}. Trained with ${software}, exported ${exportedAt.slice(0, 10)}, result
      ${checksum.slice(0, 16)}.
    </p>
    <p>
      The methods: Chai, Jin, Shi and others, “Hierarchical shared transfer learning for biomedical named entity
      recognition”, <cite>BMC Bioinformatics</cite> (2022) 23:8.
    </p>`;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl>
    ${facts.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** The preset with the fewest differing settings, and those. */
function changesFromPreset(config: TrainingConfig): { readonly preset: PresetName; readonly changes: readonly Fact[] } {
  const own = flatSettings(config);
  const differences = (Object.keys(presets) as PresetName[]).map((preset) => {
    const theirs = flatSettings(presets[preset].config);
    const paths = [...new Set([...own.keys(), ...theirs.keys()])].sort();
    const changes = paths.flatMap((path): Fact[] => {
      const value = own.get(path) ?? 'not set';
      const usual = theirs.get(path) ?? 'not set';
      return value === usual ? [] : [[path, `${value} (${presets[preset].label}: ${usual})`]];
    });
    return { preset, changes };
  });
  return differences.reduce((best, one) => (one.changes.length < best.changes.length ? one : best));
}

/** Settings by path, as in `adam.beta1`, in JSON. */
function flatSettings(value: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(value).flatMap(([name, member]: [string, unknown]): [string, string][] =>
      typeof member === 'object' && member !== null
        ? [...flatSettings(member, `${prefix}${name}.`)]
        : [[`${prefix}${name}`, JSON.stringify(member) ?? 'not set']],
    ),
  );
}
