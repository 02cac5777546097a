// Reads a plan and imports its inputs: corpora from folders, the model from a folder or a hub, each checked against the plan's fingerprint.
import { readFile } from 'node:fs/promises';
import { parsePlan } from '../src/lab/plans/expandPlan.ts';
import type { Lab } from '../src/lab/state/labState.ts';
import type { PlanCategory, PlanFile, PlanTask } from '../src/schema/resultFile.ts';
import { LabError } from '../src/util/labError.ts';
import { cancelledBy } from './commandLab.ts';
import type { HeadlessArguments } from './headlessArguments.ts';
import { inputFolder } from './inputFolder.ts';

type Input = PlanFile['model'];

/** Where inputs are looked for. */
export type InputArguments = Pick<HeadlessArguments, 'corporaFolder' | 'modelsFolder' | 'modelFrom'>;

/** Reads a plan file. Throws LabError `headless/plan` or as `parsePlan` does. */
export async function readPlan(file: string): Promise<PlanFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('headless/plan', `The plan file ${file} cannot be read: ${reason}`, { cause });
  }
  return parsePlan(text);
}

/**
 * Imports the plan's corpora and model; returns the plan with their fingerprints, so that it never refers to an older input of the same name in
 * the store. Null when interrupted during the model's download.
 */
export async function importInputs(
  lab: Lab,
  plan: PlanFile,
  parsed: InputArguments,
  interrupt: AbortSignal,
): Promise<PlanFile | null> {
  const model =
    parsed.modelFrom === null
      ? await importInput(lab, 'models', plan.model, parsed.modelsFolder)
      : await importFromHub(lab, plan.model, parsed.modelFrom, interrupt);
  if (model === null) return null;
  const categories: PlanCategory[] = [];
  for (const category of plan.categories) {
    const tasks: PlanTask[] = [];
    for (const { corpus, type } of category.tasks) {
      tasks.push({ corpus: await importInput(lab, 'corpora', corpus, parsed.corporaFolder), type });
    }
    categories.push({ ...category, tasks });
  }
  return { ...plan, model, categories };
}

async function importInput(lab: Lab, kind: 'corpora' | 'models', input: Input, folder: string | null): Promise<Input> {
  const imported = await lab.importFiles(await inputFolder(kind, input.name, folder));
  return wantedInput(lab, kind, input, kind === 'corpora' ? imported.corpusIds : imported.modelIds);
}

/** Downloads the plan's model from a hub unless the store already has it; null when interrupted. */
async function importFromHub(
  lab: Lab,
  model: Input,
  { repository, revision }: NonNullable<InputArguments['modelFrom']>,
  interrupt: AbortSignal,
): Promise<Input | null> {
  const existing = lab
    .getState()
    .models.find(
      ({ source }) => source?.repository === repository && [source.revision, source.commit].includes(revision),
    );
  if (existing !== undefined) return wantedInput(lab, 'models', model, [existing.id]);
  const modelId = await cancelledBy(interrupt, lab, async () => {
    const found = interrupt.aborted ? null : await lab.lookUpModel(repository, revision);
    return found === null ? null : lab.downloadModel(found.download);
  });
  return modelId === null ? null : wantedInput(lab, 'models', model, [modelId]);
}

/** Downloads a damaged model again, for `RunMender`; null unless it comes from a hub. */
export function refetching(lab: Lab, plan: PlanFile, { modelFrom }: InputArguments, interrupt: AbortSignal) {
  if (modelFrom === null) return null;
  return async (modelId: string): Promise<boolean> => {
    // Runs that wait need the model and would keep it.
    for (const runId of lab.getState().queue) await lab.pauseRun(runId);
    await lab.removeModel(modelId);
    return (await importFromHub(lab, plan.model, modelFrom, interrupt)) !== null;
  };
}

/** Picks the imported corpus or model that the plan refers to. Throws LabError `headless/input` or `plan/...-differs`. */
function wantedInput(
  lab: Lab,
  kind: 'corpora' | 'models',
  { name, fingerprint }: Input,
  ids: readonly string[],
): Input {
  const found = lab.getState()[kind].filter(({ id }) => ids.includes(id));
  const wanted = found.find((one) => one.fingerprint === fingerprint) ?? found[0];
  const noun = kind === 'corpora' ? 'corpus' : 'model';
  if (wanted === undefined) {
    const isFull = lab.getState().notices.some(({ code }) => code === 'storage/full');
    if (isFull) throw new LabError('storage/full', `The disk has no room for the ${noun} ${name}.`);
    throw new LabError('headless/input', `The folder ${name} contains no usable ${noun}.`);
  }
  if (fingerprint !== undefined && wanted.fingerprint !== fingerprint) {
    throw new LabError(
      `plan/${noun}-differs`,
      `The ${noun} ${name} in the library differs from the one that the plan was made with.`,
      {
        expected: `fingerprint ${fingerprint.slice(0, 16)}`,
        got: `fingerprint ${wanted.fingerprint.slice(0, 16)}`,
      },
    );
  }
  if (fingerprint === undefined && found.length > 1) {
    throw new LabError('headless/input', `The folder ${name} contains more than one ${noun}.`, {
      expected: 'one, or a fingerprint in the plan',
      got: found.map((one) => one.name).join(', '),
    });
  }
  return { name, fingerprint: wanted.fingerprint };
}
