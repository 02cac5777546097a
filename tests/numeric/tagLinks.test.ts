// Proves that ids of mentions are written in each format with a place for them, that bad dictionaries are refused, and that corpora of terms are not mixed.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandSurroundings } from '../../headless/commandEnd.ts';
import { dictionaryCommand } from '../../headless/dictionaryCommand.ts';
import { tagCommand } from '../../headless/tagging/tagCommand.ts';
import { connect, portWire } from '../../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../../src/wire/trainingProtocol.ts';
import { nodePlatformWith } from '../../workers/nodePlatform.ts';
import { createTrainingServer } from '../../workers/trainingServer.ts';
import { shippedTaggerFiles } from '../fixtures/inventedAbstracts.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'tag-links-'));
const place = (...parts: string[]): string => path.join(home, ...parts);

/** D:9 is a disease with the name of a chemical in the text, so that a mention of another type would be linked by its text. */
const TERMS = [
  'id\tname\tsynonyms\ttype',
  'D:1\tdiabetes mellitus\tdiabetes\tDisease',
  'D:2\tbreast neoplasms\tbreast cancer\tDisease',
  'D:9\tmetformin\t\tDisease',
].join('\n');
const TEXTS = {
  'one.txt': 'Metformin is given to patients with diabetes.',
  'more/two.txt': 'Tamoxifen reduces the risk of breast cancers in mice.',
};

beforeAll(() => {
  for (const folder of ['model', 'texts', 'texts/more']) mkdirSync(place(folder));
  for (const [name, bytes] of shippedTaggerFiles()) writeFileSync(place('model', name), bytes);
  for (const [name, text] of Object.entries(TEXTS)) writeFileSync(place('texts', name), text);
  writeFileSync(place('diseases.tsv'), TERMS);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function tag(out: string, more: readonly string[], dictionary = 'diseases.tsv'): Promise<Outcome> {
  const words = [place('model'), place('texts'), '--out', place(out), '--dictionary', place(dictionary), '--backend', 'wasm', '--threads', '2']; // prettier-ignore
  return ran([...words, ...more]);
}

const nothing: Outcome = { code: 0, output: '', errors: '' };
let turn = Promise.resolve(nothing);

const openServer: CommandSurroundings['openServer'] = (store, part) => {
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatformWith(part) });
  return connect<ServerCalls, RunEvent>(portWire(channel.port1));
};

/** Runs the command in this process, and those that it starts, too. */
async function ran(words: readonly string[]): Promise<Outcome> {
  let [output, errors] = ['', ''];
  const code = await tagCommand(words, {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt: new AbortController().signal,
    openServer,
    async spawn([, ...started], lines) {
      // One backend at a time in this process.
      const part = await (turn = turn.then(() => ran(started)));
      for (const line of part.output.split('\n').filter(Boolean)) lines.output(line);
      for (const line of part.errors.split('\n').filter(Boolean)) lines.errors(line);
      return part.code;
    },
  });
  return { code, output, errors };
}

/** Every result by its path. */
function results(out: string): Readonly<Record<string, string>> {
  const names = readdirSync(place(out), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('tagging'))
    .map((entry) => path.relative(place(out), path.join(entry.parentPath, entry.name)));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(place(out, name), 'utf8')]));
}

/** What a format writes of the mention `diabetes` of one.txt, whose id is D:1; null without a place for ids. Tests of the formats have the others. */
const LINKED = [
  ['PubTator', /\t36\t44\tdiabetes\tDisease\tD:1$/m],
  ['BioC JSON', /"identifier":\s*"D:1",\s*"identifier_name":\s*"diabetes mellitus",\s*"identifier_score":\s*"?1/],
  ['CoNLL', null],
] as const;

describe('bioner tag --dictionary', () => {
  it.each(LINKED)('in %s writes ids, or says that it has no place for them', async (format, linked) => {
    const out = `out ${format}`;
    const { code, output, errors } = await tag(out, ['--format', format]);
    expect([code, errors.split('\n')[0]]).toEqual([0, expect.stringMatching(/^Dictionary: 3 entries \(/)]);
    expect(output).toMatch(/mentions in 2 documents/);
    const found = Object.entries(results(out)).filter(([name]) => !name.endsWith('.txt'));
    const [one, two] = ['one', 'two'].map((stem) => found.find(([name]) => path.basename(name).startsWith(stem))?.[1]);
    if (linked === null) {
      expect(errors).toContain(`${format} has no place for ids: mentions are written without them. BRAT, PubTator`);
      expect(`${one}${two}`).not.toMatch(/D:\d/);
    } else {
      expect(errors).not.toContain('no place for ids');
      expect(one).toMatch(linked);
      expect(two).toContain('D:2');
    }
    // The tagger knows diseases, and so does the dictionary: a chemical is none of its entries.
    expect(`${one}${two}`).not.toContain('D:9');
    if (format === 'PubTator') {
      expect(one).toMatch(/\t0\t9\tMetformin\tChemical\t-$/m);
      expect(two).toMatch(/\t0\t9\tTamoxifen\tChemical\t-$/m);
    }
  });

  it('writes the same by several processes, and says once which dictionary it has', async () => {
    const { code, output, errors } = await tag('out beside', ['--format', 'PubTator', '--jobs', '2']);
    expect([code, errors.match(/^Dictionary: /gm)]).toEqual([0, ['Dictionary: ']]);
    expect(output).toMatch(/^2 processes beside one another.*mentions in 2 documents/s);
    expect(results('out beside')).toEqual(results('out PubTator'));
  });

  it('goes on with the same bytes, and not with another dictionary or threshold', async () => {
    const before = results('out PubTator');
    rmSync(place('out PubTator', 'more', 'two.pubtator'));
    const again = await tag('out PubTator', ['--format', 'PubTator']);
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('1 of them by an earlier command') });
    expect(results('out PubTator')).toEqual(before);
    const other = await tag('out PubTator', ['--format', 'PubTator', '--link-threshold', '0.9']);
    expect(other).toMatchObject({ code: 2, errors: expect.stringMatching(/another tagging.*dictionary/s) });
  });

  it('refuses a dictionary without a term, one that is damaged, a folder, none at all, and no share', async () => {
    writeFileSync(place('empty.tsv'), 'id\tname\n');
    writeFileSync(place('cut.json'), '[{"id": "D:1", "name"');
    writeFileSync(place('cut.tsv.gz'), Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0));
    for (const [file, said] of [
      ['empty.tsv', /empty\.tsv has no term that can be read.*Expected OBO, a table of ids and terms, or JSON/s],
      ['cut.json', /cut\.json has no term that can be read.*Got The file is no JSON, and no JSON lines: [^.]*\.\n/s],
      ['cut.tsv.gz', /cut\.tsv\.gz cannot be unpacked/],
      ['texts', /texts cannot be read.*Expected a file of terms/s],
      ['none.tsv', /none\.tsv cannot be read.*Expected a file of terms.*ENOENT/s],
    ] as const) {
      const { code, errors } = await tag('refused', [], file);
      expect([file, code]).toEqual([file, 2]);
      expect(errors).toMatch(said);
    }
    expect(await tag('refused', ['--link-threshold', '2'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('from 0 to 1'),
    });
    expect(readdirSync(place('refused'))).toEqual([]);
  });
});

describe('bioner dictionary annotate', () => {
  it('replaces the corpus that it made before, whatever splits and format that has, and nothing else', async () => {
    const sentences = Array.from({ length: 20 }, (_, index) => `Patient ${index} had breast cancer in week ${index}.`);
    writeFileSync(place('sentences.txt'), sentences.join('\n'));
    const annotate = async (...more: readonly string[]): Promise<Outcome> => {
      let [output, errors] = ['', ''];
      const words = ['annotate', place('diseases.tsv'), '--texts', place('sentences.txt'), '--out', place('silver'), '--name', 'abs']; // prettier-ignore
      const code = await dictionaryCommand([...words, ...more], {
        output: { write: (text) => void (output += text) },
        errors: { write: (text) => void (errors += text) },
        interrupt: new AbortController().signal,
        openServer,
      });
      return { code, output, errors };
    };
    const splits = (): readonly string[] => readdirSync(place('silver', 'abs'), { recursive: true, encoding: 'utf8' }).filter((name) => /\./.test(name)).sort(); // prettier-ignore
    expect(await annotate()).toMatchObject({ code: 0, errors: '' });
    expect(splits().length).toBeGreaterThan(1);
    expect(await annotate('--splits', 'train', '--format', 'PubTator')).toMatchObject({ code: 0, errors: '' });
    expect(splits()).toHaveLength(1);
    rmSync(place('silver', 'abs.terms.json'));
    expect(await annotate()).toMatchObject({ code: 2, errors: expect.stringContaining('holds something else') });
    expect(splits()).toHaveLength(1);
  });
});
