// Damages every kind of file of small stored labs, one at a time, reopens them with headless, and says whether the damage was mended, offered or lost.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runHeadless } from '../headless/runHeadless.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import type { Store } from '../src/storage/store.ts';
import { connect, portWire } from '../src/wire/port.ts';
import type { RunEvent, ServerCalls, ServerClient } from '../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';
import { createTrainingServer } from '../workers/trainingServer.ts';
import { damageFile, damages, fileOfKind, type FileKind } from './fileDamage.ts';
import { outcomeIn } from './headlessKills.ts';
import { sharingPlan, writePlanFolder, type PlanFolder } from './killPlans.ts';
import type { SoakRow } from './soakRow.ts';
import { outcomeDifferences, type TrainedOutcome } from './trainedOutcome.ts';

/** A lab as it was left, and the kinds of files that matter to it. */
interface LeftLab {
  readonly name: string;
  /** Its folder of results. */
  readonly out: string;
  readonly kinds: readonly FileKind[];
  readonly options: readonly string[];
}

const run = 'run/[^/]+';
const inputs: readonly FileKind[] = [
  { name: 'record of a corpus', key: /^corpus\/[^/]+\/record$/ },
  { name: 'sentences of a corpus', key: /^corpus\/[^/]+\/train$/ },
  { name: 'record of a model', key: /^model\/[^/]+\/record$/ },
  { name: 'weights of a model', key: /\/model\.safetensors$/ },
  { name: 'configuration of a model', key: /\/config\.json$/ },
  { name: 'tokenizer of a model', key: /\/tokenizer\.json$/ },
  { name: 'settings of the machine', key: /^machine\/settings\/record$/ },
  { name: 'queue', key: /^lab\/queue$/ },
];
const underWay: readonly FileKind[] = [
  { name: 'record of a run under way', key: new RegExp(`^${run}/record$`) },
  { name: 'record of a run before its last', key: new RegExp(`^${run}/record-before$`) },
  { name: 'manifest of the last resume point', key: new RegExp(`^${run}/resume/.*/manifest$`), index: -1 },
  { name: 'tensor of the last resume point', key: new RegExp(`^${run}/resume/.*/tensor/`), index: -1 },
  { name: 'manifest of the resume point before', key: new RegExp(`^${run}/resume/.*/manifest$`) },
  {
    name: 'manifest of a snapshot older than both',
    key: new RegExp(`^${run}/snapshot/0*1/manifest$`),
    like: new RegExp(`^${run}/snapshot/.*/manifest$`),
  },
  { name: 'tensor of a snapshot older than both', key: new RegExp(`^${run}/snapshot/0*1/tensor/`) },
];
const parent: readonly FileKind[] = [
  { name: 'record of a finished parent', key: new RegExp(`^${run}/record$`) },
  { name: 'manifest of a parent’s last snapshot', key: new RegExp(`^${run}/snapshot/.*/manifest$`), index: -1 },
  { name: 'tensor of a parent’s last snapshot', key: new RegExp(`^${run}/snapshot/.*/tensor/`), index: -1 },
];
const finished: readonly FileKind[] = [
  { name: 'record of a finished run', key: new RegExp(`^${run}/record$`) },
  { name: 'manifest of an exported snapshot', key: new RegExp(`^${run}/snapshot/.*/manifest$`) },
  { name: 'tensor of an exported snapshot', key: new RegExp(`^${run}/snapshot/.*/tensor/`) },
  { name: 'predictions', key: new RegExp(`^${run}/predictions/`) },
];

const EPOCHS = 3;

export interface DamagesRequest {
  /** Names of the labs and kinds of files to damage; all without it. */
  readonly only?: RegExp;
  readonly say: (line: string) => void;
}

/** Returns a row for each kind of file and damage. */
export async function damagesSoak({ only = /./, say }: DamagesRequest): Promise<readonly SoakRow[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'bioner-damages-'));
  try {
    // Two tasks together, then one run of each from there: further rounds would add only time.
    const plan = { ...sharingPlan(EPOCHS).plan, rounds: { count: 0, epochs: 1 } };
    const folder = await writePlanFolder(home, { plan, runs: 3 });
    const { whole, labs } = await leaveLabs(home, folder, plan);
    const rows: SoakRow[] = [];
    for (const lab of labs) {
      for (const kind of lab.kinds.filter(({ name }) => only.test(`${name}, ${lab.name}`))) {
        for (const damage of damages) {
          const out = path.join(home, 'damaged');
          await cp(lab.out, out, { recursive: true });
          const store = path.join(out, 'store');
          const { key, like } = await fileOfKind(store, kind);
          if (damage === 'swapped with a like one' && like === null) continue;
          await damageFile(store, damage, key, like);
          const outcome = await reopened(folder, out, plan, lab.options, whole);
          await rm(out, { recursive: true, force: true });
          say(`${kind.name} ${damage}, ${lab.name}: ${outcome.text}`);
          const injected = `${kind.name} ${damage}, ${lab.name}: ${outcome.verdict}`;
          rows.push({ injected, times: 1, lost: outcome.verdict === 'lost' ? 1 : 0 });
        }
      }
    }
    return rows;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Trains the plan to its end, once more until its first run is amid its last epoch, and its first run alone. */
async function leaveLabs(
  home: string,
  folder: PlanFolder,
  plan: PlanFile,
): Promise<{ readonly whole: TrainedOutcome; readonly labs: readonly LeftLab[] }> {
  const outs = {
    whole: path.join(home, 'whole'),
    paused: path.join(home, 'paused'),
    parent: path.join(home, 'parent'),
  };
  // The settings are those of every machine, so that there is a record of them.
  const settings = ['--activations', 'auto'];
  await expectCode(0, await headless(folder.planFile, folder, outs.whole, settings));
  const interrupt = new AbortController();
  const pausing = await headless(folder.planFile, folder, outs.paused, settings, interrupt, (text) => {
    if (text.includes(`epoch ${EPOCHS - 1}/${EPOCHS}`)) interrupt.abort();
  });
  await expectCode(130, pausing);
  const shared = await writePlanFolder(path.join(home, 'shared'), {
    plan: { ...plan, methods: ['MTL-XC'], slicingRates: [] },
    runs: 1,
  });
  await expectCode(0, await headless(shared.planFile, folder, outs.parent, settings));
  return {
    whole: await outcomeIn(outs.whole, { plan, runs: 3 }),
    labs: [
      { name: 'a run under way', out: outs.paused, kinds: [...inputs, ...underWay], options: [] },
      { name: 'runs still to start from it', out: outs.parent, kinds: parent, options: [] },
      { name: 'all finished', out: outs.whole, kinds: finished, options: ['--export-models'] },
    ],
  };
}

interface Reopened {
  readonly verdict: 'mended' | 'offered' | 'lost';
  readonly text: string;
}

/** Words of headless or of the page that say what a person can do. */
const OFFERS = /import .* again|train .* again|download .* again|Free some space/i;

/** Runs headless on a damaged lab and compares the end with that of the undamaged one. */
async function reopened(
  folder: PlanFolder,
  out: string,
  plan: PlanFile,
  options: readonly string[],
  whole: TrainedOutcome,
): Promise<Reopened> {
  const { exitCode, printed } = await headless(folder.planFile, folder, out, options);
  if (exitCode !== 0) {
    const said = printed.trim().split('\n').slice(-3).join(' ');
    return { verdict: OFFERS.test(printed) ? 'offered' : 'lost', text: `exit ${exitCode}: ${said}` };
  }
  const differences = outcomeDifferences(whole, await outcomeIn(out, { plan, runs: 3 }));
  // The page shows that there are none, and offers to predict again.
  const others = differences.filter((difference) => !/^stored run\/[^/]+\/predictions\//.test(difference));
  if (others.length > 0) return { verdict: 'lost', text: others.join('; ') };
  return differences.length > 0
    ? { verdict: 'offered', text: 'offered: the page predicts again' }
    : { verdict: 'mended', text: 'mended' };
}

interface Ended {
  readonly exitCode: number;
  readonly printed: string;
}

function headless(
  planFile: string,
  { corporaFolder, modelsFolder }: PlanFolder,
  out: string,
  options: readonly string[],
  interrupt = new AbortController(),
  onText: (text: string) => void = () => undefined,
): Promise<Ended> {
  let printed = '';
  const write = (text: string): void => {
    printed += text;
    onText(text);
  };
  const words = [planFile, '--corpora', corporaFolder, '--models', modelsFolder, '--out', out, '--backend', 'wasm'];
  const surroundings = { output: { write }, errors: { write }, interrupt: interrupt.signal, openServer };
  return runHeadless([...words, ...options], surroundings).then((exitCode) => ({ exitCode, printed }));
}

function openServer(store: Store): ServerClient {
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatform });
  return connect<ServerCalls, RunEvent>(portWire(channel.port1));
}

async function expectCode(expected: number, { exitCode, printed }: Ended): Promise<void> {
  if (exitCode !== expected) throw new Error(`headless ended with ${exitCode}, not ${expected}: ${printed}`);
}
