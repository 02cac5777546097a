// Proves that entity sets and leaks of the public corpora give the known figures; skipped if the corpora are not available.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCategory } from '../../../scripts/analysis/readCategory.ts';
import type { CorpusSentences, Sentence } from '../../../src/data/corpus/corpus.ts';
import { entitySets, type EntitySetOptions } from '../../../src/metrics/entitySets.ts';
import { findLeaks } from '../../../src/metrics/leaks.ts';
import { finishWork } from '../../../src/util/clock.ts';
import { skippedUnlessLong } from '../../fixtures/longForm.ts';

const folder = fileURLToPath(new URL('../../../../shared/corpora/', import.meta.url));
const isHere = existsSync(`${folder}subtasks.json`);
if (!isHere) console.warn(`Skipped: no corpora in ${folder}.`);
const isSkipped = skippedUnlessLong('entity sets and leaks of the public corpora', 'they take half a minute');

/** Percentage of L that is also in T: unique strings, and mentions. */
function covered(tasks: Awaited<ReturnType<typeof readCategory>>['tasks'], id: string, options: EntitySetOptions = {}) {
  const test = tasks.find(({ task }) => task === id)?.test ?? [];
  const sets = entitySets({ training: tasks, test, predicted: null }, options);
  const { strings, mentions } = sets.ratios.B;
  return { of: [sets.shared.strings, sets.L.strings], strings: shown(strings, 2), mentions: shown(mentions, 1) };
}
const shown = (fraction: number | null, digits: number) => fraction && Number((100 * fraction).toFixed(digits));

/** Each mention as a sentence of one token. */
function withoutSpaces({ train, devel, test }: CorpusSentences): CorpusSentences {
  const squeeze = (sentences: readonly Sentence[]): Sentence[] =>
    sentences.flatMap(({ tokens, mentions }) =>
      mentions.map(({ type, start, end }) => ({
        tokens: [tokens.slice(start, end).join('')],
        mentions: [{ type, start: 0, end: 1 }],
      })),
    );
  return { train: squeeze(train), devel: squeeze(devel), test: squeeze(test) };
}

describe.skipIf(!isHere || isSkipped)('the public corpora', () => {
  it(
    'have the overlap of BC2GM with the gene category that the paper prints, and BioNLP09 in JNLPBA',
    { timeout: 120_000 },
    async () => {
      const { tasks, missing } = await readCategory(folder, 'gene');
      expect(missing).toEqual([]);
      expect(covered(tasks, 'BC2GM:gene')).toEqual({ of: [1530, 4796], strings: 31.9, mentions: 45.2 });
      expect(covered(tasks, 'BC2GM:gene', { trainOnly: true }).strings).toBe(29.57);
      // JNLPBA was published without devel.
      const published = tasks.map((one) =>
        one.task === 'JNLPBA:gene' ? { ...one, train: [...one.train, ...one.devel] } : one,
      );
      expect(covered(published, 'BC2GM:gene', { trainOnly: true }).strings).toBe(29.61);
      expect(covered(tasks, 'BC2GM:gene', { lowerCase: true }).strings).toBe(33.56);
      // The known lower-case figure also ignores spaces in strings.
      const squeezed = tasks.map(({ task, ...splits }) => ({ task, ...withoutSpaces(splits) }));
      expect(covered(squeezed, 'BC2GM:gene', { lowerCase: true }).strings).toBe(34.34);

      const ofTask = (id: string) => tasks.filter(({ task }) => task === id);
      const training = ofTask('JNLPBA:gene').flatMap(({ task, train, devel }) => [
        { task, split: 'train' as const, sentences: train },
        { task, split: 'devel' as const, sentences: devel },
      ]);
      const tests = ofTask('BioNLP09:gene').map(({ task, test }) => ({ task, sentences: test }));
      const [leaks] = finishWork(findLeaks({ tests, training, near: null }));
      expect(leaks).toMatchObject({ compared: 2445, exact: 2441 });
    },
  );

  it('have the overlap of LINNAEUS with the species category', { timeout: 120_000 }, async () => {
    const { tasks } = await readCategory(folder, 'species');
    expect(covered(tasks, 'LINNAEUS:species').mentions).toBe(72.2);
  });
});
