// Proves that the commands entity-sets and leaks print what a folder of corpora contains, and refuse wrong input with exit code 2.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entitySetsCommand } from '../../../scripts/analysis/entitySetsCommand.ts';
import { leaksCommand } from '../../../scripts/analysis/leaksCommand.ts';

/** Sentences of words; each word with a star is a mention. */
const rows = (...sentences: readonly string[]) =>
  sentences.map((text) => text.split(' ').map((word) => `${word.replace('*', '')}\t${tagOf(word)}\n`).join('')).join('\n'); // prettier-ignore
const tagOf = (word: string) => (word.endsWith('*') ? 'B-Disease' : 'O');

const held = 'a held sentence has gout* in it';
const test = [held, 'Rot* and wilt* are not here', 'gout* and gout* again , and rot*'];
let folder = '';
const place = (name: string) => path.join(folder, name);
async function write(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(place(name)), { recursive: true });
  await writeFile(place(name), text);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'analyses-'));
  await write('all/NCBI-disease-IOB/train.tsv', rows('rot* is seen', 'A Held sentence has'));
  await write('all/NCBI-disease-IOB/devel.tsv', rows('here is mildew*'));
  await write('all/NCBI-disease-IOB/test.tsv', rows(...test));
  await write('all/BC5CDR-disease-IOB/train.tsv', rows('much gout* is seen'));
  await write('all/BC5CDR-disease-IOB/devel.tsv', rows(`first ${held}`));
  await write('all/BC5CDR-disease-IOB/test.tsv', rows('blight* is seen'));
  await write('half/NCBI-disease-IOB/train.tsv', rows('rot* is seen'));
  await write('half/NCBI-disease-IOB/devel.tsv', rows('here is mildew*'));
  await write('half/NCBI-disease-IOB/test.tsv', rows(...test));
  await write('odd/NCBI-disease-IOB/train.tsv', 'no tags here\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sets = (...more: readonly string[]) =>
  entitySetsCommand(['--corpora', place('all'), '--task', 'NCBI-disease:disease', ...more]);
const jsonOf = ({ output }: { readonly output: string }): unknown => JSON.parse(output);

describe('entity-sets', () => {
  it('prints T, L and what they share', async () => {
    const outcome = await sets();
    expect(outcome).toMatchObject({ exitCode: 0, errors: '' });
    expect(jsonOf(outcome)).toEqual({
      task: 'NCBI-disease:disease',
      category: 'disease',
      training: { tasks: ['BC5CDR:disease', 'NCBI-disease:disease'], splits: ['train', 'devel'] },
      missing: [],
      lowerCase: false,
      T: { strings: 3, mentions: 4 },
      L: { strings: 4, mentions: 6 },
      'T∩L': { strings: 2, mentions: 4, percentOfL: { strings: 50, mentions: 66.67 } },
    });
  });

  it('takes train alone, and strings without their case', async () => {
    expect(jsonOf(await sets('--train-only', '--lower-case'))).toMatchObject({
      training: { splits: ['train'] },
      lowerCase: true,
      T: { strings: 2, mentions: 2 },
      L: { strings: 3, mentions: 6 },
      'T∩L': { strings: 2, mentions: 5, percentOfL: { strings: 66.67, mentions: 83.33 } },
    });
  });

  it('names the tasks that are not there', async () => {
    const outcome = await entitySetsCommand(['--corpora', place('half'), '--task', 'NCBI-disease:disease']);
    expect(jsonOf(outcome)).toMatchObject({
      training: { tasks: ['NCBI-disease:disease'] },
      missing: [{ task: 'BC5CDR:disease', folder: 'BC5CDR-disease-IOB' }],
    });
  });

  const predicted = [
    'a held sentence has gout in* it',
    'Rot* and wilt are not* here',
    'gout* and gout again , and rot',
  ];
  it.each([
    ['token and predicted tag', rows(...predicted)],
    ['token, gold tag, predicted tag', withGold(rows(...predicted))],
    ['another name of the type', rows(...predicted).replaceAll('B-Disease', 'B-Illness')],
    ['other types beside it', rows(...predicted).replace('a\tO', 'a\tB-Species')],
  ])('adds regions and ratios of rows of %s', async (_, text) => {
    await write('predictions.tsv', text);
    expect(jsonOf(await sets('--predictions', place('predictions.tsv')))).toMatchObject({
      P: { strings: 4, mentions: 4 },
      regions: {
        T: { strings: 1, mentions: 1 },
        L: { strings: 1, mentions: 1 },
        P: { strings: 2, mentions: 2 },
        TL: { strings: 1, mentions: 1 },
        TP: { strings: 0, mentions: 0 },
        LP: { strings: 1, mentions: 1 },
        TLP: { strings: 1, mentions: 3 },
      },
      percent: {
        A: { strings: 50, mentions: 50 },
        B: { strings: 50, mentions: 66.67 },
        C: { strings: 50, mentions: 25 },
        D: { strings: 0, mentions: 0 },
        E: { strings: 0, mentions: -33.33 },
      },
    });
  });

  it('reads a file that predicts nothing as such, not its gold tags', async () => {
    await write(
      'nothing.tsv',
      rows(...test)
        .replaceAll('\n', '\tO\n')
        .replaceAll('\n\tO\n', '\n\n'),
    );
    expect(jsonOf(await sets('--predictions', place('nothing.tsv')))).toMatchObject({ P: { strings: 0, mentions: 0 } });
  });

  it.each([
    ['another token', rows(...test).replace('wilt', 'wilts'), 'Sentence 2 of', 'token 3 to be "wilt". Got "wilts"'],
    ['a longer sentence', rows(...test.slice(0, 2), `${test[2]} .`), 'Sentence 3 of', '7 tokens. Got 8 tokens'],
    ['fewer sentences', rows(...test.slice(0, 2)), 'differ from sentence 3 on', '3 sentences. Got 2'],
    ['a broken row', rows(...test).replace('wilt\t', 'wilt'), 'line 11', 'Expected 2 columns'],
    [
      'other types',
      rows(...test)
        .replaceAll('Disease', 'Gene')
        .replace('Gene', 'DNA'),
      'none of the task',
      'type Disease',
    ],
  ])('refuses predictions with %s', async (_, text, ...told) => {
    await write('wrong.tsv', text);
    const outcome = await sets('--predictions', place('wrong.tsv'));
    expect(outcome).toMatchObject({ exitCode: 2, output: '' });
    for (const part of told) expect(outcome.errors).toContain(part);
  });

  it.each([
    ['no folder of corpora', [], 'Usage'],
    ['no task', ['--corpora', 'x'], '--task and one of BC4CHEMD:chemical'],
    ['an unknown task', ['--corpora', 'x', '--task', 'BC2GM'], 'BC2GM:gene'],
    ['an unknown option', ['--corpora', 'x', '--tasks', 'BC2GM:gene'], '--tasks'],
    ['a missing folder', ['--corpora', 'no/such', '--task', 'BC2GM:gene'], 'There is no folder no/such'],
  ])('refuses %s', async (_, args, told) => {
    const outcome = await entitySetsCommand(args);
    expect(outcome).toMatchObject({ exitCode: 2, output: '' });
    expect(outcome.errors).toContain(told);
  });

  it('refuses a folder without the task, or with files that are no corpus', async () => {
    const absent = await entitySetsCommand(['--corpora', place('half'), '--task', 'BC5CDR:disease']);
    expect(absent).toMatchObject({ exitCode: 2, output: '' });
    expect(absent.errors).toContain('no test sentences of BC5CDR:disease');
    const none = await entitySetsCommand(['--corpora', place('half'), '--task', 'BC2GM:gene']);
    expect(none.errors).toContain('no task of the category gene');
    const odd = await entitySetsCommand(['--corpora', place('odd'), '--task', 'NCBI-disease:disease']);
    expect(odd).toMatchObject({ exitCode: 2, output: '' });
    expect(odd.errors).toContain('NCBI-disease-IOB/train.tsv');
  });
});

describe('leaks', () => {
  const leaks = (...more: readonly string[]) => leaksCommand(['--corpora', place('all'), ...more]);

  it('prints how many test sentences stand in which training text', async () => {
    const outcome = await leaks('--category', 'disease');
    expect(outcome).toMatchObject({ exitCode: 0, errors: '' });
    const zero = { exact: 0 };
    expect(jsonOf(outcome)).toEqual({
      category: 'disease',
      leastTokens: 5,
      missing: [],
      tasks: [
        {
          task: 'BC5CDR:disease',
          compared: 0,
          exact: 0,
          percentExact: null,
          bySource: [
            { task: 'BC5CDR:disease', split: 'train', ...zero },
            { task: 'BC5CDR:disease', split: 'devel', ...zero },
            { task: 'NCBI-disease:disease', split: 'train', ...zero },
            { task: 'NCBI-disease:disease', split: 'devel', ...zero },
          ],
          byOtherTask: [{ task: 'NCBI-disease:disease', ...zero }],
        },
        {
          task: 'NCBI-disease:disease',
          compared: 3,
          exact: 1,
          percentExact: 33.33,
          bySource: [
            { task: 'BC5CDR:disease', split: 'train', ...zero },
            { task: 'BC5CDR:disease', split: 'devel', exact: 1 },
            { task: 'NCBI-disease:disease', split: 'train', ...zero },
            { task: 'NCBI-disease:disease', split: 'devel', ...zero },
          ],
          byOtherTask: [{ task: 'BC5CDR:disease', exact: 1 }],
        },
      ],
    });
  });

  it('adds near ones when asked', async () => {
    expect(jsonOf(await leaks('--category', 'disease', '--near'))).toMatchObject({
      near: { shingleWords: 3, similarity: 0.7 },
      tasks: [{ near: 0 }, { exact: 1, near: 0, bySource: [{ near: 0 }, { exact: 1, near: 0 }, {}, {}] }],
    });
  });

  it.each([
    [['--corpora', 'x'], '--category and one of chemical, disease, gene, species'],
    [['--corpora', 'x', '--category', 'genes'], 'chemical, disease, gene, species'],
    [['--category', 'gene'], '--corpora DIR'],
    [['--corpora', 'no/such', '--category', 'gene'], 'There is no folder no/such'],
  ])('refuses %j', async (args, told) => {
    const outcome = await leaksCommand(args);
    expect(outcome).toMatchObject({ exitCode: 2, output: '' });
    expect(outcome.errors).toContain(told);
  });
});

/** The same rows with the annotated tag between token and predicted tag. */
function withGold(predicted: string): string {
  const gold = rows(...test).split('\n');
  return predicted
    .split('\n')
    .map((row, index) => row.replace('\t', `\t${gold[index]?.split('\t')[1] ?? ''}\t`))
    .join('\n');
}
