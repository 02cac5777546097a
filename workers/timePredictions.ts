// Predicts the time of runs for the training server: measures the machine's pace once, keeps it, and samples the text of runs.
import { fingerprint } from '../src/util/digest.ts';
import { traitsOf } from '../src/schema/methods.ts';
import type { RunSpec } from '../src/schema/runRecord.ts';
import { readMachinePace, writeMachinePace } from '../src/storage/machineRecords.ts';
import { readModelRecord } from '../src/storage/modelRecords.ts';
import type { Store } from '../src/storage/store.ts';
import type { TaskText } from '../src/training/encodeTasks.ts';
import { readModelConfig, readModelTokenizer } from '../src/training/loadModel.ts';
import { measurePace } from '../src/training/measurePace.ts';
import { Pace } from '../src/training/pace.ts';
import { predictTime, runLengths, type RunLengths } from '../src/training/predictTime.ts';
import { LabError } from '../src/util/labError.ts';
import type { PredictedTime } from '../src/wire/trainingEvent.ts';
import { homeOf, type TrainingMachine } from './trainingMachine.ts';

interface Surroundings {
  /** Null before the backend was started. */
  machine(): Promise<TrainingMachine | null>;
  isTraining(): boolean;
  /** Does work when the device is free. */
  turn(work: () => Promise<void>): Promise<void>;
  readInputs(spec: RunSpec): Promise<readonly TaskText[]>;
}

/** Samples of text that are kept. */
const MOST_KEPT = 64;

export class TimePredictions {
  private readonly store: Store;
  private readonly surroundings: Surroundings;
  private readonly paces = new Map<string, Promise<Pace | null>>();
  /** Keys of machines that were tried and cannot be measured, so that they are not tried again. */
  private readonly unmeasurable = new Set<string>();
  private readonly lengths = new Map<string, Promise<RunLengths | null>>();

  constructor(store: Store, surroundings: Surroundings) {
    this.store = store;
    this.surroundings = surroundings;
  }

  async predict(specs: readonly RunSpec[]): Promise<readonly (PredictedTime | null)[] | null> {
    const machine = await this.surroundings.machine();
    const home = machine && homeOf(machine);
    const [first] = specs;
    if (machine === null || home === null || first === undefined) return null;
    const pace = await this.paceOf(machine, first);
    if (pace === null) return null;
    const predicted: (PredictedTime | null)[] = [];
    for (const spec of specs) {
      const record = await readModelRecord(this.store, spec.model.id);
      const lengths = await this.lengthsOf(spec);
      const bytes = record?.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
      predicted.push(lengths && predictTime(spec, lengths, bytes, home, pace));
    }
    return predicted;
  }

  /** Of this backend with these threads, measured where that was not done before. Null while a run trains. */
  private paceOf(machine: TrainingMachine, spec: RunSpec): Promise<Pace | null> {
    const { software, backend, device, threads, platform, precision } = machine.environment;
    const of = [software, backend, device, String(threads), platform, String(precision)];
    const key = of.join('\n');
    if (this.unmeasurable.has(key)) return Promise.resolve(null);
    const known = this.paces.get(key) ?? this.findPace(machine, spec, of);
    this.paces.set(key, known);
    const forget = (): void => void this.paces.delete(key);
    void known.then((pace) => pace === null && forget(), forget);
    return known;
  }

  private async findPace(machine: TrainingMachine, spec: RunSpec, of: readonly string[]): Promise<Pace | null> {
    const stored = await readMachinePace(this.store, of);
    if (stored !== undefined) return new Pace(stored);
    const home = homeOf(machine);
    const { isTraining, turn } = this.surroundings;
    if (home === null) return null;
    let isInterrupted = false;
    const measured = await measurePace(home, this.store, spec.config, async (work) => {
      // A run that waits for the device comes first.
      isInterrupted ||= isTraining();
      if (!isInterrupted) await turn(work);
    });
    if (measured === null && !isInterrupted) this.unmeasurable.add(of.join('\n'));
    if (measured === null || isInterrupted) return null;
    // Without room for it, it is measured again the next time.
    await writeMachinePace(this.store, of, measured).catch(() => undefined);
    return new Pace(measured);
  }

  /** Null where the inputs of a run are gone or cannot be encoded, which starting it reports. */
  private lengthsOf(spec: RunSpec): Promise<RunLengths | null> {
    const { model, tasks, method, category, config } = spec;
    const { labelMode, tagScheme, encoding, lowerCase, layout, maxPieces, specials, specialsInLoss, trainOn } = config;
    const { trainShare, leaveOut, head, crfStartEnd, adapters } = config;
    const looks = [labelMode, tagScheme, encoding, lowerCase, layout, maxPieces, specials, specialsInLoss, trainOn];
    const { labels, asks } = traitsOf(method);
    const type = labels === 'merged' ? category : labels;
    const key = fingerprint([model.id, tasks, type, asks, ...looks, trainShare, leaveOut, head, crfStartEnd, adapters]);
    const known = this.lengths.get(key) ?? this.sample(spec);
    this.lengths.delete(key);
    this.lengths.set(key, known);
    for (const old of [...this.lengths.keys()].slice(0, -MOST_KEPT)) this.lengths.delete(old);
    known.then(
      (lengths) => lengths === null && this.lengths.delete(key),
      () => this.lengths.delete(key),
    );
    return known;
  }

  private async sample(spec: RunSpec): Promise<RunLengths | null> {
    const record = await readModelRecord(this.store, spec.model.id);
    if (record === undefined) return null;
    try {
      const config = await readModelConfig(this.store, record);
      const tokenizer = await readModelTokenizer(this.store, record, spec.config.lowerCase);
      return await runLengths(await this.surroundings.readInputs(spec), { config, tokenizer }, spec);
    } catch (error) {
      if (error instanceof LabError) return null;
      throw error;
    }
  }
}
