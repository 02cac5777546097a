// Reads the tasks of a category of the catalogue from a folder of corpora.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { filesUnder } from '../../headless/inputFolder.ts';
import { SUB_TASKS, type CategoryName, type SubTask } from '../../src/data/catalogue/catalogue.ts';
import { restrictToType, SPLITS, type CorpusSentences, type Sentence } from '../../src/data/corpus/corpus.ts';
import { assembleCorpora } from '../../src/data/import/assembleCorpora.ts';
import { LabError } from '../../src/util/labError.ts';

export interface CategoryTask extends CorpusSentences {
  readonly task: string;
}

export interface CategoryReading {
  /** In catalogue order, with mentions only of the task's type. */
  readonly tasks: readonly CategoryTask[];
  /** Tasks whose folder is missing. */
  readonly missing: readonly { readonly task: string; readonly folder: string }[];
  /** What was left out of the corpora found. */
  readonly remarks: readonly string[];
}

/** Throws LabError `analysis/corpora` if the folder is missing, has no task of the category, or a task's files are not a corpus. */
export async function readCategory(folder: string, category: CategoryName): Promise<CategoryReading> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new LabError('analysis/corpora', `There is no folder ${folder}.`);
  const wanted = SUB_TASKS.filter((subTask) => subTask.category === category);
  const tasks: CategoryTask[] = [];
  const missing: CategoryReading['missing'][number][] = [];
  const remarks: string[] = [];
  for (const subTask of wanted) {
    const task = await readTask(folder, subTask, remarks);
    if (task === null) missing.push({ task: subTask.id, folder: subTask.folder });
    else tasks.push(task);
  }
  if (tasks.length === 0) {
    const expected = `a folder of ${wanted.map((subTask) => subTask.folder).join(', ')}`;
    throw new LabError('analysis/corpora', `${folder} has no task of the category ${category}.`, {
      expected,
      got: 'none',
    });
  }
  return { tasks, missing, remarks };
}

/** Null if there is nothing; problems of the files go to `remarks`. */
async function readTask(folder: string, subTask: SubTask, remarks: string[]): Promise<CategoryTask | null> {
  const files = await filesUnder(path.join(folder, subTask.folder), subTask.folder);
  if (files.length === 0) return null;
  const read = files.map(async (file) => ({ path: file.path, bytes: await file.bytes() }));
  const { corpora, refused } = assembleCorpora(await Promise.all(read));
  const [corpus] = corpora;
  const issues = [...corpora, ...refused].flatMap((one) => one.issues);
  if (corpus === undefined || corpora.length + refused.length > 1) {
    const [problem] = issues.filter(({ severity }) => severity === 'error');
    throw new LabError('analysis/corpora', `The files of ${subTask.folder} are not one corpus.`, {
      expected: 'train, devel and test of one corpus',
      got: problem === undefined ? `${corpora.length} corpora` : `${problem.file}: ${problem.message}`,
    });
  }
  for (const { severity, file, line, message } of issues) {
    if (severity !== 'info') remarks.push(`${file}${line === null ? '' : `, line ${line}`}: ${message}`);
  }
  if (!SPLITS.some((split) => corpus.counts[split].perType[subTask.type] !== undefined)) {
    throw new LabError('analysis/corpora', `${subTask.folder} has no mentions of ${subTask.id}.`, {
      expected: `mentions of type ${subTask.type}`,
      got: corpus.types.join(', ') || 'none at all',
    });
  }
  const ofType = (sentences: readonly Sentence[]) => restrictToType(sentences, subTask.type);
  const { train, devel, test } = corpus.sentences;
  return { task: subTask.id, train: ofType(train), devel: ofType(devel), test: ofType(test) };
}
