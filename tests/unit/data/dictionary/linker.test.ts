// Proves that mentions are linked by their text, then normalised, then by TF-IDF, whose scores are those of a direct computation.
import { describe, expect, it } from 'vitest';
import type { DictionaryEntry } from '../../../../src/data/dictionary/dictionary.ts';
import { DEFAULT_LINKING, Linker, NgramIndex, visitGrams } from '../../../../src/data/dictionary/linker.ts';
import { finishWork } from '../../../../src/util/clock.ts';
import { Rng } from '../../../../src/util/random.ts';

const ENTRIES: readonly DictionaryEntry[] = [
  { id: '1', name: 'Breast Neoplasms', type: 'Disease', synonyms: [{ text: 'breast cancer', scope: 'EXACT' }] },
  { id: '2', name: 'Ovarian Neoplasms', type: 'Disease', synonyms: [{ text: 'cancer', scope: 'RELATED' }] },
  { id: '3', name: 'TNF-alpha', type: 'Gene', synonyms: [{ text: 'cachexin', scope: null }] },
  { id: '4', name: 'cachexin', type: 'Chemical', synonyms: [] },
  { id: '5', name: 'Neoplasms', type: 'Disease', synonyms: [{ text: 'cancer', scope: null }] },
  { id: '6', name: 'lesion', type: 'Disease', synonyms: [] },
  { id: '7', name: 'lesion', type: 'Disease', synonyms: [] },
];
const linker = finishWork(Linker.build(ENTRIES));

describe('a mention', () => {
  it.each([
    ['breast cancer', null, '1', 'exact'],
    ['Cancers of the breast', null, '1', 'normalised'],
    ['TNFα', null, '3', 'normalised'],
    ['brest cancer', null, '1', 'similar'],
    ['cachexin', null, '4', 'exact'],
    ['cachexin', 'gene', '3', 'exact'],
    ['cancer', null, '5', 'exact'],
  ])('%s of type %s is linked to %s, %s', (text, type, id, step) => {
    const answer = linker.link(text, type);
    expect(answer).toMatchObject({ id, step, isAmbiguous: false });
    expect(answer.candidates[0]?.id).toBe(id);
  });

  it('that is a term of several ids gets none, and both as candidates', () => {
    const answer = linker.link('lesion');
    expect(answer).toMatchObject({ id: null, isAmbiguous: true });
    expect(answer.candidates.slice(0, 2).map(({ id, score }) => [id, score])).toEqual([
      ['6', 1],
      ['7', 1],
    ]);
  });

  it('of a type that the dictionary lacks gets none where it has another of the tagger’s, and any where it has none of them', () => {
    const typesOf = (types: readonly string[]) => linker.link('cachexin', 'Species', { ...DEFAULT_LINKING, types }).id;
    expect(typesOf(['Species', 'gene'])).toBeNull();
    expect(typesOf(['Species', 'Protein'])).toBe('4');
    const untyped: DictionaryEntry = { id: '8', name: 'cachexin', type: null, synonyms: [] };
    const other = finishWork(Linker.build([...ENTRIES, untyped]));
    expect(other.link('cachexin', 'Species', { ...DEFAULT_LINKING, types: ['Gene'] }).id).toBe('8');
  });

  it('below the threshold gets no id, but candidates', () => {
    const answer = linker.link('neoplastic growth', null, { most: 2, threshold: 0.9 });
    expect(answer).toMatchObject({ id: null, step: null, isAmbiguous: false });
    expect(answer.candidates).toHaveLength(2);
  });
});

describe('TF-IDF', () => {
  it('gives the scores and the order of a direct computation', () => {
    const rng = Rng.seeded(5);
    const draw = () => Array.from({ length: 3 + rng.integer(12) }, () => 'abcd '.charAt(rng.integer(5))).join('').trim() || 'a'; // prettier-ignore
    const texts = Array.from({ length: 120 }, draw);
    const index = finishWork(NgramIndex.build(texts));
    const countsOf = (text: string): ReadonlyMap<string, number> => {
      const counts = new Map<string, number>();
      visitGrams(text, (gram) => counts.set(gram, (counts.get(gram) ?? 0) + 1));
      return counts;
    };
    const all = texts.map(countsOf);
    const idf = (gram: string) => Math.log((1 + texts.length) / (1 + all.filter((one) => one.has(gram)).length)) + 1;
    const lengthOf = (counts: ReadonlyMap<string, number>) =>
      Math.sqrt([...counts].reduce((sum, [gram, count]) => sum + (count * idf(gram)) ** 2, 0));
    for (let round = 0; round < 40; round++) {
      const query = round === 0 ? 'zzz abc' : draw();
      const counts = countsOf(query);
      const cosines = all.map((own) => {
        const product = [...counts].reduce(
          (sum, [gram, count]) => sum + count * (own.get(gram) ?? 0) * idf(gram) ** 2,
          0,
        );
        return product / lengthOf(counts) / lengthOf(own);
      });
      const found = index.similar(query, 8, () => true);
      const best = [...cosines].filter((one) => one > 0).sort((left, right) => right - left).slice(0, 8); // prettier-ignore
      expect(found).toHaveLength(best.length);
      found.forEach(({ index: text, score }, rank) => {
        expect(score).toBeCloseTo(cosines[text] ?? 0, 6);
        expect(score).toBeCloseTo(best[rank] ?? 0, 6);
      });
    }
  });
});
