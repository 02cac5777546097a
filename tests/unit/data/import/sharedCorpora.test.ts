// Proves that the public corpora (a third of them in the short form) are read with the counts in their table; skipped if they are not available.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { countSentences, restrictToType, SPLITS, type CorpusSource } from '../../../../src/data/corpus/corpus.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import * as z from '../../../../src/util/zod.ts';
import { fewerUnlessLong } from '../../../fixtures/longForm.ts';

const folder = fileURLToPath(new URL('../../../../../shared/corpora/', import.meta.url));
const isHere = existsSync(`${folder}subtasks.json`);
if (!isHere) console.warn(`Skipped: no corpora in ${folder}.`);

const schemeOf = (source: CorpusSource) => ('scheme' in source ? source.scheme : source.format);
const count = z.nullable(z.strictObject({ sentences: z.number(), tokens: z.number(), mentions: z.number() }));
const table = z.object({
  subtasks: z.array(
    z.object({
      folder: z.string(),
      label: z.string(),
      splits: z.strictObject({ train: count, devel: count, test: count }),
    }),
  ),
});
/** Document marks that JNLPBA's table counts as sentences of one token each, but that are not sentences. */
const documentMarks: Readonly<Record<string, number>> = { 'JNLPBA devel': 200, 'JNLPBA test': 404 };

const read = new Map<string, ReturnType<typeof assembleCorpora>>();
function corpusIn(name: string) {
  const known = read.get(name);
  const files = () =>
    readdirSync(folder + name).map((file) => ({
      path: `${name}/${file}`,
      bytes: new Uint8Array(readFileSync(`${folder}${name}/${file}`)),
    }));
  const { corpora, refused } = known ?? assembleCorpora(files());
  read.set(name, known ?? { corpora, refused, ignored: [] });
  const [corpus] = corpora;
  if (corpora.length !== 1 || refused.length > 0 || corpus === undefined)
    throw new Error(`${name} is no single corpus`);
  return corpus;
}

const subtasks = isHere ? table.parse(JSON.parse(readFileSync(`${folder}subtasks.json`, 'utf8'))).subtasks : [];
const present = subtasks.filter(({ folder: name }) => existsSync(folder + name));

describe.skipIf(!isHere)('the public corpora', () => {
  it('are there', () => expect(present.length).toBeGreaterThan(15));

  it.each(fewerUnlessLong(present, 3))(
    '$folder has the stated $label',
    { timeout: 30_000 },
    ({ folder: name, label, splits }) => {
      const corpus = corpusIn(name);
      expect(corpus.name).toBe(name);
      expect(corpus.issues.filter(({ severity }) => severity !== 'info')).toEqual([]);
      for (const split of SPLITS) {
        const stated = splits[split];
        if (stated === null) continue;
        const { sentences, tokens, mentions } = countSentences(restrictToType(corpus.sentences[split], label));
        const marks = documentMarks[`${name} ${split}`] ?? 0;
        expect({ split, sentences: sentences + marks, tokens: tokens + marks, mentions }).toEqual({ split, ...stated });
      }
    },
  );

  it('are the same corpus in IOB2 and IOBES', { timeout: 30_000 }, () => {
    const iob = corpusIn('BC5CDR-IOB');
    const iobes = corpusIn('BC5CDR-IOBES');
    expect(iob.sources.map(schemeOf)).toEqual(['IOB2', 'IOB2', 'IOB2']);
    expect(iobes.sources.map(schemeOf)).toEqual(['IOBES', 'IOBES', 'IOBES']);
    expect(iobes.fingerprint).toBe(iob.fingerprint);
  });

  it('lose the document marks of JNLPBA', { timeout: 30_000 }, () => {
    const { sentences, counts, issues, types } = corpusIn('JNLPBA');
    for (const split of SPLITS)
      expect(sentences[split].some(({ tokens }) => tokens.includes('-DOCSTART-'))).toBe(false);
    expect([counts.devel.sentences, counts.test.sentences]).toEqual([1739, 3856]);
    expect(counts.test.perType).toEqual({ DNA: 1056, RNA: 118, cell_line: 500, cell_type: 1921, protein: 5067 });
    expect(types).toHaveLength(5);
    expect(issues.map(({ code }) => code)).toEqual(['corpus/docstart', 'corpus/docstart']);
  });
});
