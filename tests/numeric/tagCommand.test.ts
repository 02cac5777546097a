// Proves that `bioner tag` writes what the lab finds for folders of many forms, goes on after an interrupt without tagging twice, and shares work.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandSurroundings } from '../../headless/commandEnd.ts';
import { tagCommand } from '../../headless/tagging/tagCommand.ts';
import { readPubTator } from '../../src/data/formats/pubTator.ts';
import { connect, portWire } from '../../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../../src/wire/trainingProtocol.ts';
import { nodePlatformWith } from '../../workers/nodePlatform.ts';
import { createTrainingServer } from '../../workers/trainingServer.ts';
import { inventedAbstracts, pubTatorOf, shippedTaggerFiles } from '../fixtures/inventedAbstracts.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'tag-command-'));
const place = (...parts: string[]): string => path.join(home, ...parts);
const abstracts = [...inventedAbstracts(240)];
const pubTator = abstracts.map(pubTatorOf).join('');

beforeAll(() => {
  for (const folder of ['model', 'texts', 'texts/notes']) mkdirSync(place(folder));
  for (const [name, bytes] of shippedTaggerFiles()) writeFileSync(place('model', name), bytes);
  writeFileSync(place('texts', 'all.pubtator.gz'), gzipSync(pubTator));
  writeFileSync(place('texts', 'notes', 'one.txt'), 'Tamoxifen reduces the risk of breast cancer in mice.');
  const blank = [
    { id: 'blank', text: ' \n' },
    { id: 'empty', text: '' },
  ];
  writeFileSync(place('texts', 'few.jsonl'), [...abstracts.slice(0, 5), ...blank].map(({ id, text }) => `${JSON.stringify({ id, text, label: [] })}\n`).join('')); // prettier-ignore
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  /** Sentences in the calls to the server. */
  readonly sentences: number;
}

async function tag(out: string, more: readonly string[] = [], stopAfterCalls = Infinity): Promise<Outcome> {
  let [output, errors, sentences, calls] = ['', '', 0, 0];
  const interrupt = new AbortController();
  const surroundings: CommandSurroundings = {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt: interrupt.signal,
    openServer(store, part) {
      const channel = new MessageChannel();
      createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatformWith(part) });
      const client = connect<ServerCalls, RunEvent>(portWire(channel.port1));
      const call: typeof client.call = async (name, argument) => {
        if (name !== 'tag') return client.call(name, argument);
        if (++calls > stopAfterCalls) interrupt.abort('SIGTERM');
        else sentences += (argument as { documents: readonly { sentences: readonly unknown[] }[] }).documents.reduce((sum, one) => sum + one.sentences.length, 0); // prettier-ignore
        return client.call(name, argument);
      };
      return { ...client, call, onEvent: (listen) => client.onEvent(listen), close: () => client.close() };
    },
  };
  const words = [place('model'), place('texts'), '--out', place(out), '--format', 'PubTator', '--backend', 'wasm', '--threads', '2', '--slice', '0.008']; // prettier-ignore
  return { code: await tagCommand([...words, ...more], surroundings), output, errors, sentences };
}

/** Every result by its path. */
function results(out: string): Readonly<Record<string, string>> {
  const names = readdirSync(place(out), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.pubtator'),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(place(out, name), 'utf8')]));
}

describe('bioner tag', () => {
  let whole: Outcome;
  beforeAll(async () => {
    whole = await tag('whole');
  });

  it('writes a result for each file and each slice, with every document once', () => {
    expect(whole).toMatchObject({
      code: 0,
      errors: 'few.jsonl: 2 documents, "blank" first, have no text and are left out.\n',
    });
    expect(whole.output).toMatch(/\d+ mentions in 246 documents, \S+ documents a second: /);
    const found = results('whole');
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(['all-000001.pubtator', 'few.pubtator', 'notes/one.pubtator']),
    );
    expect(found['notes/one.pubtator']).toMatch(/\t0\t9\tTamoxifen\tChemical\t/);
    const sliced = Object.keys(found).filter((name) => name.startsWith('all-'));
    const ids = sliced.flatMap((name) => readPubTator({ path: name, bytes: new TextEncoder().encode(found[name]) }).documents.map(({ id }) => id)); // prettier-ignore
    expect(ids).toEqual(abstracts.map(({ id }) => id));
  });

  it('goes on after an interrupt: the same results, and nothing is tagged twice that was written', async () => {
    const stopped = await tag('resumed', [], 1);
    expect(stopped.code).toBe(75);
    const before = Object.keys(results('resumed')).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(Object.keys(results('whole')).length);
    // A line that a kill cut off, and a file that was lost since.
    writeFileSync(
      place('resumed', 'tagging-1.jsonl'),
      `${readFileSync(place('resumed', 'tagging-1.jsonl'), 'utf8')}{"unit":"al`,
    );
    const resumed = await tag('resumed');
    expect(resumed.code).toBe(0);
    expect(results('resumed')).toEqual(results('whole'));
    // The block that was under way when the command ended is tagged again, and no other.
    expect(stopped.sentences + resumed.sentences).toBeLessThanOrEqual(whole.sentences + 1024);
    expect(resumed.sentences).toBeLessThan(whole.sentences);
    rmSync(place('resumed', 'few.pubtator'));
    const again = await tag('resumed');
    expect(again.sentences).toBeLessThan(200);
    expect(again.output).toContain(`241 of them by an earlier command`);
    expect(results('resumed')).toEqual(results('whole'));
    const other = await tag('resumed', ['--slice', '2']);
    expect(other).toMatchObject({ code: 2, errors: expect.stringContaining('another tagging') });
  });

  it('shares the work among parts, and refuses what makes no sense', async () => {
    const [one, two] = [await tag('parts', ['--part', '1/2']), await tag('parts', ['--part', '2/2'])];
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(Math.min(one.sentences, two.sentences)).toBeGreaterThan(whole.sentences / 4);
    expect(results('parts')).toEqual(results('whole'));
    // Files that cannot be cut, each as long as several slices.
    mkdirSync(place('long'));
    const long = abstracts.slice(0, 80).map(({ text }) => text).join('\n'); // prettier-ignore
    for (const name of ['a.txt', 'b.txt']) writeFileSync(place('long', name), long);
    const first = await tag('long-parts', [place('long'), '--part', '1/2']);
    expect(first.code).toBe(0);
    expect(Object.keys(results('long-parts')).filter((name) => name.startsWith('long/'))).toHaveLength(1);
    expect(await tag('x', ['--part', '3/2'])).toMatchObject({ code: 2, errors: expect.stringContaining('K/N') });
    expect(await tag('texts/inside')).toMatchObject({ code: 2, errors: expect.stringContaining('among the texts') });
    expect(await tag('x', ['--slice', '0'])).toMatchObject({ code: 2 });
  });
});
