// Proves that files cut into slices give the documents of the whole file, and that names, lines and damage are reported as of the file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { slicesOf, textUnits } from '../../../../headless/tagging/textSlices.ts';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import type { Issue } from '../../../../src/data/corpus/issues.ts';
import { inventedAbstracts, pubTatorOf } from '../../../fixtures/inventedAbstracts.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'slices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(files: Readonly<Record<string, string | Uint8Array>>): string {
  const place = mkdtempSync(path.join(folder, 'in-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
    writeFileSync(path.join(place, name), content);
  }
  return place;
}

async function readAll(place: string, sliceBytes: number) {
  const names: string[] = [];
  const documents: AnnotatedDocument[] = [];
  const issues: Issue[] = [];
  for (const unit of await textUnits([place])) {
    for await (const slice of slicesOf(unit, sliceBytes)) {
      names.push(slice.name);
      const reading = await slice.read();
      documents.push(...reading.documents);
      issues.push(...reading.issues);
    }
  }
  return { names, documents, issues };
}

const abstracts = [...inventedAbstracts(300)];
const pubTator = abstracts.map(pubTatorOf).join('');
const jsonl = abstracts.map(({ id, text }) => `${JSON.stringify({ id, text, label: [] })}\n`).join('');
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('slices', () => {
  it.each([
    ['PubTator', 'all.pubtator', pubTator],
    ['PubTator in gzip of two members', 'all.pubtator.gz', pubTator],
    ['PubTator without empty lines, with CRLF', 'all.pubtator', pubTator.replace(/\n\n/g, '\n').replace(/\n/g, '\r\n')],
    ['JSON lines', 'all.jsonl', jsonl],
    ['JSON lines in gzip', 'all.jsonl.gz', jsonl],
  ])('of %s give the documents of the whole file', async (_what, name, text) => {
    const half = text.length >> 1;
    const content = name.endsWith('.gz')
      ? Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))])
      : text;
    const whole = readDocuments([{ path: name.replace('.gz', ''), bytes: bytesOf(text) }]);
    expect(whole.documents).toHaveLength(300);
    const { names, documents, issues } = await readAll(written({ [name]: content }), 20_000);
    expect(names.length).toBeGreaterThan(10);
    expect(names.slice(0, 2)).toEqual(['all-000001', 'all-000002']);
    expect(documents).toEqual(whole.documents);
    expect(issues).toEqual(whole.issues);
    expect((await readAll(written({ [name]: content }), 2 ** 24)).names).toEqual(['all']);
  });

  it('keep a text with its annotations, read lists and BioC whole, and name what is alike apart', async () => {
    const place = written({
      'a/one.txt': 'No sign of stem rot.',
      'a/one.ann': 'T1\tDisease 11 19\tstem rot\n',
      'b/list.json': JSON.stringify(abstracts.map(({ id, text }) => ({ id, text, label: [] }))),
      'b/same.pubtator': pubTator,
      'b/same.jsonl': jsonl,
      '.hidden/x.txt': 'never',
    });
    const { names, documents } = await readAll(place, 2 ** 24);
    expect(names).toEqual(['a/one', 'b/list', 'b/same.jsonl', 'b/same.pubtator']);
    expect(documents).toHaveLength(1 + 3 * 300);
    expect(documents[0]).toMatchObject({ id: 'one', mentions: [{ type: 'Disease', start: 11, end: 19 }] });
  });

  it('say the line of the whole file, and tag what comes before damage', async () => {
    const broken = pubTator.replace(/\n(10000290\|a\|)/, '\nnonsense\n$1');
    const line = broken.split('\n').indexOf('nonsense') + 1;
    const { issues } = await readAll(written({ 'x.pubtator': broken }), 20_000);
    expect(issues[0]).toMatchObject({ code: 'corpus/row', line });
    const packed = gzipSync(pubTator);
    const [unit] = await textUnits([written({ 'cut.pubtator.gz': packed.subarray(0, packed.length - 400) })]);
    const idsBefore = async (sliceBytes: number): Promise<readonly string[]> => {
      const documents: AnnotatedDocument[] = [];
      const reading = (async () => {
        if (unit === undefined) return;
        for await (const slice of slicesOf(unit, sliceBytes)) documents.push(...(await slice.read()).documents);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'headless/input' });
      return documents.map(({ id }) => id);
    };
    const ids = await idsBefore(20_000);
    expect(ids.length).toBeGreaterThan(50);
    // In one slice as well as in several, and none of them cut off.
    expect(await idsBefore(2 ** 20)).toEqual(ids);
    const last = pubTator.slice(pubTator.indexOf(`${ids.at(-1)}|t|`)).split('\n', 2).join('\n'); // prettier-ignore
    const unpacked = gunzipSync(packed.subarray(0, packed.length - 400), {
      finishFlush: constants.Z_SYNC_FLUSH,
    }).toString();
    expect(unpacked).toContain(last);
    expect([...unpacked.matchAll(/\|t\|/g)].length).toBeLessThanOrEqual(ids.length + 12);
    await expect(textUnits([path.join(folder, 'nowhere')])).rejects.toMatchObject({ code: 'headless/input' });
  });
});
