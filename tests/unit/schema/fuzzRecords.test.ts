// Proves that corrupt plans, result files, links, records, tokenizers and configurations are refused clearly or read correctly.
import { describe, expect, it, vi } from 'vitest';
import { readTokenizer } from '../../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../../src/data/pieces/tokenizerFile.ts';
import { parsePlan } from '../../../src/lab/plans/expandPlan.ts';
import { parseResultFile } from '../../../src/lab/plans/resultFiles.ts';
import { corpusRecordSchema } from '../../../src/schema/corpusRecord.ts';
import { modelRecordSchema } from '../../../src/schema/modelRecord.ts';
import { resultFileSchema, sealResultFile } from '../../../src/schema/resultFile.ts';
import { runRecordSchema } from '../../../src/schema/runRecord.ts';
import { storedPredictionsSchema } from '../../../src/schema/storedPredictions.ts';
import { readJson } from '../../../src/storage/records.ts';
import { memory } from '../../../src/storage/store.ts';
import { encoderFacts, encoderOfFile } from '../../../src/training/importModel.ts';
import { linkedFile, readResultLink, writeResultLink } from '../../../src/ui/share/OpenPage.tsx';
import { parseRoute, routeHref } from '../../../src/ui/shared/route.ts';
import { LabError } from '../../../src/util/labError.ts';
import type { Schema } from '../../../src/util/validate.ts';
import { finishedResult } from '../../fixtures/finishedResult.ts';
import {
  bytesOf,
  checkPrototypes,
  fuzz,
  fuzzTimeoutMs,
  mutatedBytes,
  mutatedJson,
  outcome,
  pick,
  withinBytes,
} from '../../fixtures/fuzzing.ts';
import { modelFixture } from '../../fixtures/modelFolders.ts';
import { corpusRecord, modelRecord, planFile } from '../../fixtures/records.ts';

const result = finishedResult();
const { checksum: _checksum, ...members } = result;
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

describe('a plan', () => {
  it(
    'broken in any member',
    () =>
      fuzz('plan', 250, async (rng) => {
        const text = JSON.stringify(mutatedJson(rng, planFile()));
        const plan = await outcome(() => parsePlan(rng.integer(5) === 0 ? new TextDecoder().decode(mutatedBytes(rng, bytesOf(text))) : text)); // prettier-ignore
        if (!(plan instanceof LabError)) expect(await outcome(() => parsePlan(JSON.stringify(plan)))).toEqual(plan);
        checkPrototypes();
      }),
    fuzzTimeoutMs,
  );

  it.each([
    ['a format that is an object', '{"format":{"toString":1}}'],
    ['a format without an end', `{"format":${deep}}`],
    ['more faults than the stack holds', JSON.stringify({ ...planFile(), categories: [{ name: 'a', typeName: null, tasks: new Array(150_000).fill(0) }] })], // prettier-ignore
  ])(
    'with %s',
    async (_what, text) => {
      expect(await outcome(() => parsePlan(text))).toBeInstanceOf(LabError);
    },
    fuzzTimeoutMs,
  );
});

describe('a result file', () => {
  it(
    'broken in any member, sealed again or not',
    () =>
      fuzz('result', 50, async (rng) => {
        const broken = mutatedJson(rng, members) as Parameters<typeof sealResultFile>[0];
        const isSealed = rng.integer(4) > 0 && typeof broken === 'object' && broken !== null;
        const text = JSON.stringify(isSealed ? sealResultFile(broken) : { ...result, ...broken });
        const read = await outcome(() => parseResultFile(text));
        if (!(read instanceof LabError)) expect(resultFileSchema.safeParse(read).success).toBe(true);
      }),
    fuzzTimeoutMs,
  );

  it.each([
    ['a format that is an object', '{"format":{"toString":1,"valueOf":1}}'],
    ['a checksum that is an object', JSON.stringify({ ...result, checksum: { toString: 1 } })],
    ['a version without an end', `{"format":"bioner-lab-result","version":${deep}}`],
    ['a plan without an end', `{"format":"bioner-lab-result","version":2,"plan":${deep}}`],
  ])('with %s', async (_what, text) => {
    expect(await outcome(() => parseResultFile(text))).toBeInstanceOf(LabError);
  });
});

describe('an address', () => {
  it(
    'is a place that leads back to itself, whatever it says',
    () =>
      fuzz('route', 1500, (rng) => {
        const parts = ['#/', 'analyse/', 'errors', '?', 'corpus=', '&', 'epoch=', '9', 'runs/', 'open?result=', '%', '%2F', '%E4%', 'corpora/', 'train', '/', '__proto__', 'constructor', 'ä', '🪲', '+', ' ']; // prettier-ignore
        const route = parseRoute(Array.from({ length: rng.integer(9) }, () => pick(rng, parts)).join(''));
        if (route.page !== 'missing') expect(parseRoute(routeHref(route))).toEqual(route);
      }),
    fuzzTimeoutMs,
  );

  it(
    'that holds a damaged result is refused, one of another site too',
    async () => {
      const packed = await writeResultLink('{"format":"bioner-lab-result"}');
      await fuzz('link', 150, async (rng) => {
        const bad = new TextDecoder('latin1').decode(mutatedBytes(rng, bytesOf(packed)));
        const text = await outcome(() => readResultLink(bad));
        if (!(text instanceof LabError)) expect(typeof text).toBe('string');
        const elsewhere = pick(rng, ['https://', '//', 'blob:', 'data:', 'javascript:', '\\\\', 'file:///', './', '/']) + bad.slice(0, 20) + '.'; // prettier-ignore
        const url = await outcome(() => linkedFile(elsewhere, 'https://lab.test/a/'));
        if (url instanceof URL) expect([url.origin, url.protocol]).toEqual(['https://lab.test', 'https:']);
      });
    },
    fuzzTimeoutMs,
  );
});

describe('a stored record', () => {
  const run = result.runs[0];
  const predictions = { version: 1, sentences: 3, types: ['a'], mentions: [0, 0, 1, 0], confidences: [0.5] };
  it.each<[string, Schema<unknown>, unknown]>([
    ['run', runRecordSchema, run],
    ['corpus', corpusRecordSchema, corpusRecord('fen')],
    ['model', modelRecordSchema, modelRecord('tiny')],
    ['predictions', storedPredictionsSchema, predictions],
  ])(
    'of a %s, altered',
    (name, schema, record) =>
      fuzz(`record ${name}`, 60, async (rng) => {
        const store = memory();
        const text = JSON.stringify(rng.integer(2) === 0 ? mutatedJson(rng, record) : record);
        await store.write('a', rng.integer(2) === 0 ? bytesOf(text) : mutatedBytes(rng, bytesOf(text)));
        const read = await outcome(() => readJson(store, 'a', schema));
        if (read instanceof LabError) expect(read.code).toBe('storage/corrupt');
        else expect(schema.safeParse(read).success).toBe(true);
      }),
    fuzzTimeoutMs,
  );
});

describe('a tokenizer', () => {
  // The library warns about patterns that it does not know.
  vi.spyOn(console, 'warn').mockReturnValue();
  const whole = JSON.parse(new TextDecoder().decode(modelFixture('tokenizer/tokenizer.json'))) as {
    model: { vocab: unknown[] };
    normalizer: unknown;
  };
  /** Few pieces, so that corruption hits the rest. */
  const small = { ...whole, model: { ...whole.model, vocab: whole.model.vocab.slice(0, 30) } };
  const use = async (file: Uint8Array<ArrayBuffer>) => {
    const tokenizer = await outcome(() => readTokenizer(file, null, { lowerCase: false }));
    if (tokenizer instanceof LabError) return;
    const [pieces] = tokenizer.encodeSentence(['moss-rot']);
    expect(pieces?.length).toBeGreaterThan(0);
  };

  it('broken in any member', () => fuzz('tokenizer', 60, (rng) => use(bytesOf(JSON.stringify(mutatedJson(rng, small))))), fuzzTimeoutMs); // prettier-ignore

  it(
    'of SentencePiece or WordPiece, broken in any byte',
    () =>
      fuzz('vocabulary', 80, async (rng) => {
        const isPiece = rng.integer(2) === 0;
        const name = isPiece ? 'spiece.model' : 'vocab.txt';
        const seed = isPiece ? modelFixture('tokenizer/spiece.model') : bytesOf('[PAD]\n[UNK]\n[CLS]\n[SEP]\nmoss\n##rot\n__proto__\nconstructor\n'); // prettier-ignore
        const bytes = mutatedBytes(rng, seed);
        const file = await outcome(() => withinBytes(2 ** 20 + 64 * bytes.length, () => tokenizerFileOf({ name, bytes }, null))); // prettier-ignore
        if (!(file instanceof LabError) && !isPiece) await use(file);
      }),
    fuzzTimeoutMs,
  );

  it('whose pattern might never come to an end is refused', async () => {
    const normalizer = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' };
    const file = bytesOf(JSON.stringify({ ...small, normalizer: { type: 'Sequence', normalizers: [normalizer] } }));
    const refused = await outcome(() => readTokenizer(file, null, { lowerCase: false }));
    expect(refused).toMatchObject({ code: 'tokenizer/format', got: '(a+)+$' });
  });
});

describe('a configuration', () => {
  const config = JSON.parse(new TextDecoder().decode(modelFixture('config.json'))) as Record<string, unknown>;
  const facts = (value: unknown) =>
    outcome(() => encoderFacts(encoderOfFile({ name: 'config.json', bytes: bytesOf(JSON.stringify(value)) })));

  it('broken in any member', () => fuzz('config', 250, (rng) => facts(mutatedJson(rng, config))), fuzzTimeoutMs);

  it('of more layers than can be listed is refused', async () => {
    expect(await facts({ ...config, n_layer: 2 ** 31 })).toMatchObject({ code: 'model/config' });
  });
});
