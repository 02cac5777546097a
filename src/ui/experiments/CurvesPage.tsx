// Overlays the curves of any runs in one chart each for loss and devel F1, and puts their settings side by side; all choices are in the address.
import { useDeferredValue, useMemo } from 'react';
import { develCurve, lossCurve, smoothed } from '../../lab/comparison/comparisonCurves.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';
import { OverlayChart, type OverlaidCurve } from '../charts/RunCharts.tsx';
import { rateStyle, seriesStyle } from '../charts/chartStyle.ts';
import { Button } from '../parts/Button.tsx';
import { SampleRemark } from '../parts/ScoreTable.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { backendName, format } from '../shared/format.ts';
import { useLayers } from '../shared/memoryEstimates.ts';
import { CURVE_AXES, goTo, routeHref, type CurvesRoute } from '../shared/route.ts';
import { methodName, runName, useDescriptions } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { shallow, useLab } from '../shared/useLab.ts';
import { configSections } from '../train/configFields.ts';
import { settingText } from '../train/planDraft.ts';

export function CurvesPage({ route }: { readonly route: CurvesRoute }) {
  const records = useNamedRuns(route.runs);
  const layersOf = useLayers();
  const names = useRunNames(records);
  const settings = useMemo(() => settingGroups(records, layersOf), [records, layersOf]);
  const missing = route.runs.length - records.length;
  return (
    <>
      <p className="crumb">
        <a href="#/experiments">Experiments</a>
      </p>
      <h1>{records.length === 0 ? 'Curves' : `Curves of ${format.counted(records.length, 'run')}`}</h1>
      <p className="soft">
        Compare how runs learn, and what differs in their settings. To choose others, select rows of a table of runs.
      </p>
      {missing > 0 && (
        <p className="problem boxed">
          {format.counted(missing, 'run')} of this address {missing === 1 ? 'is' : 'are'} not in this browser: removed,
          or of another one. A result file brings runs here.
        </p>
      )}
      {route.runs.length === 0 && (
        <p>
          No run is chosen. Select runs in <a href="#/experiments">Experiments</a>, then compare their curves.
        </p>
      )}
      {records.length > 0 && (
        <>
          <SampleRemark specs={records.map(({ spec }) => spec)} />
          <Curves route={route} records={records} names={names} />
          <SettingsTable route={route} records={records} names={names} groups={settings} />
        </>
      )}
    </>
  );
}

/** Finds runs by id, own ones first, then those of result files, in the order of the address. */
function useNamedRuns(ids: readonly string[]): readonly RunRecord[] {
  return useLab(({ runs, results }) => {
    return ids.flatMap((id) => {
      const own = runs.find(({ record }) => record.spec.id === id)?.record;
      if (own !== undefined) return own;
      for (const { file } of results) {
        const found = file.runs.find(({ spec }) => spec.id === id);
        if (found !== undefined) return found;
      }
      return [];
    });
  }, shallow);
}

/** Names runs by what a person called them, else by what tells them apart. */
function useRunNames(records: readonly RunRecord[]): readonly string[] {
  const of = useDescriptions('runs');
  const layersOf = useLayers();
  const tasks = new Set(records.map(({ spec }) => runName(spec)));
  const models = new Set(records.map(({ spec }) => spec.model.name));
  const names = records.map(({ spec }) => {
    const parts = [
      methodName(spec, layersOf(spec.model.id)),
      ...(tasks.size > 1 ? [runName(spec)] : []),
      ...(models.size > 1 ? [spec.model.name] : []),
      `seed ${spec.seed}`,
    ];
    return of(spec.id).name ?? parts.join(' · ');
  });
  // Runs that differ only in settings are distinguished by their ids.
  return names.map((name, index) => {
    const isTwice = names.indexOf(name) !== index || names.lastIndexOf(name) !== index;
    return isTwice ? `${name} · ${records[index]?.spec.id.slice(0, 6)}` : name;
  });
}

interface CurvesProps {
  readonly route: CurvesRoute;
  readonly records: readonly RunRecord[];
  readonly names: readonly string[];
}

function Curves({ route, records, names }: CurvesProps) {
  const { across, hidden, isLog } = route;
  const layersOf = useLayers();
  // The slider moves at once, the curves follow.
  const smoothing = useDeferredValue(route.smoothing);
  const styles = useMemo(() => stylesOf(records, layersOf), [records, layersOf]);
  const change = (part: Partial<CurvesRoute>) => goTo({ page: 'curves', ...route, ...part });
  const curveOf = (points: (record: RunRecord) => OverlaidCurve['points']): readonly OverlaidCurve[] =>
    records.map((record, index) => ({
      id: record.spec.id,
      name: names[index] ?? '',
      style: styles[index] ?? seriesStyle(index),
      points: points(record),
      isHidden: hidden.includes(record.spec.id),
    }));
  const losses = useMemo(
    () => records.map((record) => smoothed(lossCurve(record, across), smoothing / 100)),
    [records, across, smoothing],
  );
  const toggle = (id: string) => {
    change({ hidden: hidden.includes(id) ? hidden.filter((one) => one !== id) : [...hidden, id] });
  };
  return (
    <section aria-label="Curves" className="stack">
      <div className="filters">
        <label>
          Smoothing of the loss
          <input
            type="range"
            min={0}
            max={99}
            value={route.smoothing}
            aria-valuetext={`${route.smoothing} %`}
            onChange={(event) => replaceRoute({ ...route, smoothing: Number(event.target.value) })}
          />
          <output className="number">{route.smoothing === 0 ? 'none' : (route.smoothing / 100).toFixed(2)}</output>
        </label>
        <label>
          Across
          <select
            value={across}
            onChange={(event) => change({ across: CURVE_AXES.find((one) => one === event.target.value) ?? 'steps' })}
          >
            {CURVE_AXES.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label className="check">
          <input type="checkbox" checked={isLog} onChange={(event) => change({ isLog: event.target.checked })} />
          Logarithmic loss axis
        </label>
        {hidden.length > 0 && (
          <button type="button" className="link" onClick={() => change({ hidden: [] })}>
            Show all runs
          </button>
        )}
      </div>
      <div className="pair charts">
        <OverlayChart
          caption={`Training loss across ${across}`}
          measure="loss"
          across={across}
          curves={curveOf((record) => losses[records.indexOf(record)] ?? [])}
          isLog={isLog}
          onToggle={toggle}
          whyEmpty="None of these runs has made a step yet."
        />
        <OverlayChart
          caption={`Devel F1 across ${across}`}
          measure="F1"
          across={across}
          curves={curveOf((record) => develCurve(record, across))}
          isLog={false}
          onToggle={toggle}
          whyEmpty="None of these runs has a devel score yet: devel is scored after each epoch."
        />
      </div>
      <p className="soft">
        The loss is smoothed by an exponential moving average; devel F1 is the mean over the tasks of a run. Press a run
        in a legend to hide it.
      </p>
    </section>
  );
}

/** Changes the address without a step in the history: a slider would leave hundreds. */
function replaceRoute(route: CurvesRoute): void {
  window.history.replaceState(null, '', routeHref({ page: 'curves', ...route }));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

/** By method and slicing rate where these tell the runs apart, as in all charts of rates; else by their order. */
function stylesOf(
  records: readonly RunRecord[],
  layersOf: (modelId: string) => number | undefined,
): OverlaidCurve['style'][] {
  const kinds = records.map(({ spec: { method, slicing, model } }) => {
    const layers = layersOf(model.id);
    return { method, rate: slicing === null || layers === undefined ? null : slicing.layers / layers };
  });
  const isDistinct = new Set(kinds.map(({ method, rate }) => `${method} ${rate}`)).size === kinds.length;
  return kinds.map((kind, index) => (isDistinct ? rateStyle(kind) : seriesStyle(index)));
}

interface SettingsTableProps extends CurvesProps {
  readonly groups: readonly SettingGroup[];
}

function SettingsTable({ route, records, names, groups }: SettingsTableProps) {
  const { isComplete } = route;
  const differing = differingGroups(groups);
  const shown = isComplete ? groups : differing;
  const count = differing.reduce((sum, { rows }) => sum + rows.length, 0);
  const save = () => {
    const rows = shown.flatMap(({ title, rows: own }) => own.map(({ name, values }) => [title, name, ...values]));
    saveFile('settings.csv', new Blob([csvText([['group', 'setting', ...names], ...rows])], { type: 'text/csv' }));
  };
  return (
    <section aria-labelledby="settings-title" className="stack">
      <div className="title-row">
        <h2 id="settings-title">Settings side by side</h2>
        <Button kind="quiet" label="Save settings as CSV" onAct={save}>
          CSV
        </Button>
      </div>
      <div className="filters">
        <label className="check">
          <input
            type="checkbox"
            checked={isComplete}
            onChange={(event) => goTo({ page: 'curves', ...route, isComplete: event.target.checked })}
          />
          Show settings that all have in common
        </label>
        <span className="soft">
          {records.length < 2
            ? 'One run alone has no differences.'
            : count === 0
              ? 'No setting differs.'
              : `${format.counted(count, 'setting')} ${count === 1 ? 'differs' : 'differ'}.`}
        </span>
      </div>
      {shown.length > 0 && (
        <TableBox label="Settings side by side" className="settings">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              {records.map(({ spec }, index) => (
                <th key={spec.id} scope="col">
                  {names[index]}
                </th>
              ))}
            </tr>
          </thead>
          {shown.map(({ title, rows }) => (
            <tbody key={title}>
              <tr className="group-row">
                <th scope="rowgroup" colSpan={records.length + 1} className="soft">
                  {title}
                </th>
              </tr>
              {rows.map(({ name, values, differs }) => (
                <tr key={name}>
                  <th scope="row" className="indent">
                    {name}
                  </th>
                  {values.map((value, index) => (
                    <td key={index} className={differs && isComplete ? 'strong' : undefined}>
                      {value}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        </TableBox>
      )}
    </section>
  );
}

// Puts the settings of several runs side by side: what went into them, and which of it differs.

export interface SettingRow {
  readonly name: string;
  /** By run, in words. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

export interface SettingGroup {
  readonly title: string;
  readonly rows: readonly SettingRow[];
}

type ValueOf = (record: RunRecord) => string;

/** Lists everything that went into runs, by group. A dash stands for what a run does not have. */
export function settingGroups(
  records: readonly RunRecord[],
  layersOf: (modelId: string) => number | undefined,
): readonly SettingGroup[] {
  const row = (name: string, valueOf: ValueOf): SettingRow => {
    const values = records.map(valueOf);
    return { name, values, differs: values.some((value) => value !== values[0]) };
  };
  const tasks = records.reduce((most, { spec }) => Math.max(most, spec.tasks.length), 0);
  const corpora = Array.from({ length: tasks }, (_, index) => {
    const number = tasks > 1 ? ` ${index + 1}` : '';
    return [
      row(`Corpus${number}`, ({ spec }) => spec.tasks[index]?.corpus.name ?? '–'),
      row(`Fingerprint of corpus${number}`, ({ spec }) => spec.tasks[index]?.corpus.fingerprint.slice(0, 16) ?? '–'),
      row(`Entity type${number}`, ({ spec: { tasks: own } }) => {
        return own[index] === undefined ? '–' : format.typeName(own[index].type);
      }),
    ];
  });
  return [
    {
      title: 'Inputs',
      rows: [
        row('Method', ({ spec }) => methodName(spec, layersOf(spec.model.id))),
        row('Category', ({ spec: { category } }) => category?.name ?? '–'),
        ...corpora.flat(),
        row('Model', ({ spec }) => spec.model.name),
        row('Fingerprint of model', ({ spec }) => spec.model.fingerprint.slice(0, 16)),
        row('Biases from MTL-XC', ({ spec: { slicing } }) => {
          return slicing === null ? '–' : slicing.biases === 'released' ? 'of all layers' : 'of the shared layers';
        }),
        row('Shared layers', ({ spec: { slicing } }) => {
          return slicing === null ? '–' : slicing.frozen ? 'frozen' : 'trained';
        }),
        row('Seed', ({ spec }) => String(spec.seed)),
      ],
    },
    ...configSections.map(({ title, fields }) => ({
      title,
      rows: fields.map((field) => row(field.label, ({ spec }) => settingText(field, spec.config) || '–')),
    })),
    {
      title: 'Trained with',
      rows: [
        row(
          'Software',
          trained(({ software }) => software),
        ),
        row('Backend', trained(({ backend, engine }) => `${backendName(backend)}${engine === undefined ? '' : ', engine'}`)), // prettier-ignore
        row(
          'Device',
          trained(({ device }) => device),
        ),
        row(
          'Precision',
          trained(({ precision }) => precision ?? 'f32'),
        ),
      ],
    },
  ];
}

type Environment = RunRecord['environments'][number];

/** A run that was moved has several values. */
function trained(valueOf: (environment: Environment) => string): ValueOf {
  return ({ environments }) => [...new Set(environments.map(valueOf))].join(', then ') || '–';
}

/** Leaves out what all runs have in common, and groups without a row. */
export function differingGroups(groups: readonly SettingGroup[]): readonly SettingGroup[] {
  return groups
    .map(({ title, rows }) => ({ title, rows: rows.filter(({ differs }) => differs) }))
    .filter(({ rows }) => rows.length > 0);
}
