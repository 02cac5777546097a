// Reads a folder of cases: inputs as a person would drop them, each with what the lab must make of it.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from '../../src/util/zod.ts';
import { filesUnder } from '../../headless/inputFolder.ts';
import { LabError } from '../../src/util/labError.ts';
import type { DroppedFile } from '../../src/util/namedFile.ts';
import { parseJson, validate } from '../../src/util/validate.ts';

const expectationSchema = z.object({
  kind: z.enum(['corpus', 'model']),
  /** Text without white space and type of each mention, splits in order; null where only the other members bind. */
  mentions: z.nullish(z.array(z.tuple([z.string(), z.string()]))),
  notTokens: z._default(z.array(z.string()), []),
  tokens: z._default(z.array(z.string()), []),
  /** At least one of these is in a message, whatever its case. */
  says: z._default(z.array(z.string()), []),
  /** Whether nothing is imported. */
  refused: z._default(z.boolean(), false),
  loads: z.nullish(z.boolean()),
  /** A token encoded alone, without special tokens, and its ids. */
  encode: z._default(z.array(z.tuple([z.string(), z.array(z.int())])), []),
  note: z.optional(z.string()),
});

export type CaseExpectation = z.infer<typeof expectationSchema>;

export interface Case {
  readonly name: string;
  readonly files: readonly DroppedFile[];
  readonly expected: CaseExpectation;
}

/**
 * Reads every folder in `folder` that has an `expect.json`, in order of name; its files lie in `input/`. Throws LabError `cases/none` if
 * there is none and `cases/expect` for an expectation of another form.
 */
export async function readCases(folder: string): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const entry of await subfolders(folder)) {
    const location = path.join(folder, entry);
    const text = await readFile(path.join(location, 'expect.json'), 'utf8').catch(() => null);
    if (text === null) continue;
    cases.push({
      name: entry,
      files: await filesUnder(path.join(location, 'input'), entry),
      expected: readExpectation(path.join(location, 'expect.json'), text),
    });
  }
  if (cases.length > 0) return cases;
  throw new LabError('cases/none', 'There is no case in this folder.', {
    expected: 'folders with input/ and expect.json',
    got: folder,
  });
}

async function subfolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

function readExpectation(file: string, text: string): CaseExpectation {
  const read = validate(expectationSchema, parseJson(text));
  if (read.isFit) return read.data;
  const { path: at, message } = read.fault;
  throw new LabError('cases/expect', `${file} is not an expectation.`, { got: `at ${at || 'the top'}: ${message}` });
}
