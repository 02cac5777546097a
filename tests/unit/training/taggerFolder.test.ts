// Proves the parts of an exported folder: F16 rounds as IEEE 754 says, zips survive a round trip, and no name breaks a model card.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArchive, zipStream } from '../../../src/data/import/archive.ts';
import { headLeftOut } from '../../../src/lab/library/library.ts';
import { narrowHalf, safetensorsStream, storedValues } from '../../../src/model/weights/safetensors.ts';
import type { TaggerHead } from '../../../src/schema/modelRecord.ts';
import { modelCard, tokenizerConfigFile } from '../../../src/training/export/exportedFiles.ts';
import { smallConfig } from '../../fixtures/records.ts';

const widened = (bits: Uint16Array<ArrayBuffer>) => storedValues('F16', new Uint8Array(bits.buffer));

describe('narrowHalf', () => {
  it('returns every number that F16 represents', () => {
    const finite = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
    expect(narrowHalf(Float32Array.from(widened(finite)))).toEqual(finite);
  });

  it('rounds to the nearest F16, ties to even', () => {
    const magnitude = fc.double({ min: 0, max: 65_519, noNaN: true });
    fc.assert(
      fc.property(magnitude, (drawn) => {
        const value = Math.fround(drawn);
        const [bits = 0] = narrowHalf(Float32Array.of(value));
        const distance = (half: number): number => Math.abs((widened(Uint16Array.of(half))[0] as number) - value);
        for (const other of [Math.max(0, bits - 1), Math.min(0x7bff, bits + 1)]) {
          if (other === bits) continue;
          expect(distance(bits)).toBeLessThanOrEqual(distance(other));
          if (distance(bits) === distance(other)) expect(bits % 2).toBe(0);
        }
      }),
    );
    expect([...narrowHalf(Float32Array.of(65_520, -1e9, NaN))]).toEqual([0x7c00, 0xfc00, 0x7e00]);
  });

  it('is not used for values out of range', () => {
    const large = { dtype: 'F32', shape: [1], read: () => Float32Array.of(1e6) };
    const { chunks } = safetensorsStream(new Map([['large', large]]), 'F16');
    expect(() => [...chunks()]).toThrow(expect.objectContaining({ code: 'safetensors/half' }) as Error);
  });
});

it('a zip written chunk by chunk contains the files unchanged', () => {
  const part = fc.uint8Array({ maxLength: 40 });
  const files = fc.uniqueArray(
    fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.array(part, { minLength: 1, maxLength: 4 })),
    {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(files, (drawn) => {
      const zip = zipStream();
      const chunks = drawn.flatMap(([name, parts]) =>
        parts.flatMap((bytes) => zip.add(`tagger/${name}`, Uint8Array.from(bytes))),
      );
      const archive = new Uint8Array(Buffer.concat([...chunks, ...zip.finish()]));
      const { files: found, issues } = readArchive(archive, 'out.zip');
      expect(issues).toEqual([]);
      const expected = drawn.map(([name, parts]) => [`out/tagger/${name}`, [...Buffer.concat(parts)]]);
      expect(found.map(({ path, bytes }) => [path, [...bytes]])).toEqual(expected);
    }),
  );
});

describe('tokenizerConfigFile', () => {
  const normalizer = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: false }; // prettier-ignore
  const bert = { family: 'bert' } as const;

  it("repeats how a BERT's tokenizer.json normalizes text where the model's file, which counts, leaves it out", () => {
    const cased = { do_lower_case: false, strip_accents: null, tokenize_chinese_chars: true };
    expect(tokenizerConfigFile(null, bert, { normalizer })).toMatchObject({ ...cased, tokenizer_class: 'BertTokenizer', unk_token: '[UNK]' }); // prettier-ignore
    const stored = { do_lower_case: true, strip_accents: true, tokenize_chinese_chars: false, unk_token: '<u>' };
    expect(tokenizerConfigFile(stored, bert, { normalizer })).toMatchObject(stored);
    expect(tokenizerConfigFile({ unk_token: '<u>' }, bert, { normalizer })).toMatchObject({ ...cased, unk_token: '<u>' }); // prettier-ignore
    const uncased = { ...normalizer, lowercase: true, strip_accents: false, handle_chinese_chars: false };
    expect(tokenizerConfigFile(null, bert, { normalizer: uncased })).toMatchObject({ do_lower_case: true, strip_accents: false, tokenize_chinese_chars: false }); // prettier-ignore
  });

  it('leaves other families and other normalizers unchanged', () => {
    const stored = { do_lower_case: true };
    expect(tokenizerConfigFile(stored, bert, { normalizer: null })).toMatchObject(stored);
    expect(tokenizerConfigFile(stored, { family: 'xlnet' }, { normalizer })).toMatchObject(stored);
    expect(tokenizerConfigFile(null, { family: 'xlnet' }, { normalizer })).not.toHaveProperty('do_lower_case');
  });
});

describe('modelCard', () => {
  const nasty = 'a|b](http://x) `c` <img src=x>\n# head\n---\n*d* _e_ & \\';
  const scores = (f1: number) => {
    const overall = { gold: 4, predicted: 4, correct: 3, precision: f1 + 1, recall: f1 - 1, f1 };
    const entities = { overall, perType: {} };
    return { sentences: 1, tokens: 9, accuracy: 90, lenient: entities, strict: entities, discarded: 0 };
  };
  const head: TaggerHead = {
    tags: ['O', 'B-Disease', 'I-Disease'],
    types: ['Disease', nasty],
    config: smallConfig,
    provenance: {
      runId: 'r',
      epoch: 3,
      method: 'MTL-LS',
      model: nasty,
      tasks: [
        { corpus: nasty, type: 'Disease' },
        { corpus: 'moss', type: null },
      ],
      seed: 1,
      slicingRate: 0.75,
      devel: [scores(70), null],
      test: [scores(68.125), null],
    },
  };
  const card = modelCard(head, { family: 'xlnet' }, 'some/model: "x"');

  it('has a front matter that names cannot break, and no licence', () => {
    const [, matter = '', body = ''] = /^---\n(.*?)\n---\n(.*)$/s.exec(card) ?? [];
    const lines = matter.split('\n');
    expect(JSON.parse(lines.pop()?.replace('model-index: ', '') ?? '')).toMatchObject([
      { results: [{ dataset: { name: `${nasty}, Disease` } }, { dataset: { split: 'test' } }] },
    ]);
    expect(lines).toEqual([
      'library_name: transformers',
      'pipeline_tag: token-classification',
      String.raw`base_model: "some/model: \"x\""`,
      'tags:',
      '- named-entity-recognition',
      '- biomedical',
      '- crf',
      '- bioner-lab',
      'metrics:',
      '- precision',
      '- recall',
      '- f1',
    ]);
    expect(matter).not.toContain('<');
    expect(matter).not.toMatch(/licen/i);
    expect(body).toMatch(/licence of the pretrained model is not known/);
  });

  it('names the licence that the configuration states, with its attribution, as text', () => {
    const licence = `CC BY 4.0. By Moss & Fern, <b>${nasty}</b>.`;
    const stated = modelCard(head, { family: 'xlnet' }, null, { licence });
    const text = stated.replace(/\\([\\`*_{}[\]<>()#+\-.!|~&$^:@/=])/g, '$1');
    expect(text).toContain('were trained from: CC BY 4.0. By Moss & Fern, <b>');
    expect(stated).toContain('## Licence');
    expect(stated).not.toMatch(/is not known here|(?<!\\)<b>/);
    for (const other of [{}, { licence: null }, { licence: { name: 'MIT' } }]) {
      expect(modelCard(head, { family: 'xlnet' }, null, other)).toMatch(/licence of the pretrained model is not known/);
    }
  });

  it('states method, rate, settings and scores, with intact table rows', () => {
    expect(card).toContain('slicing rate 0.75');
    expect(card).toContain('| `layerDecay.mode` |');
    expect(card).toContain('| test | 69.13 | 67.13 | 68.13 | 68.13 |');
    expect(card).toContain('| moss | test | – | – | – | – |');
    for (const row of card.split('\n').filter((line) => line.startsWith('| '))) {
      expect([2, 6]).toContain(row.replace(/\\./g, '').split('|').length - 2);
    }
  });

  it('shows names letter by letter', () => {
    const body = card.slice(card.indexOf('\n# '));
    const text = body.replace(/\\([\\`*_{}[\]<>()#+\-.!|~&$^:@/=])/g, '$1');
    expect(text.split(nasty.replace(/\s+/g, ' '))).toHaveLength(7);
    expect(body).not.toMatch(/(?<!\\)<img|(?<!\\)\]\(http/);
  });
});

it('a classifier of transformers without bioner_lab.json is distinguished from an encoder', () => {
  const config = (architecture: string) => ({
    name: 'config.json',
    bytes: new TextEncoder().encode(JSON.stringify({ architectures: [architecture] }, null, 2)),
  });
  expect(headLeftOut([config('XLNetForTokenClassification')])).toBe(true);
  expect(headLeftOut([config('XLNetLMHeadModel')])).toBe(false);
  const lab = { name: 'bioner_lab.json', bytes: new Uint8Array() };
  expect(headLeftOut([config('BertForTokenClassification'), lab])).toBe(false);
  expect(headLeftOut([])).toBe(false);
});
