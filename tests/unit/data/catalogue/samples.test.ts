// Proves that the samples are recognised by their sentences under any name, and that nothing else is.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isSampleCorpus, sampleRemark } from '../../../../src/data/catalogue/samples.ts';
import { droppedBytes, droppedCorpus } from '../../../fixtures/drops.ts';
import { closeLabs, openLab } from '../../../fixtures/labBench.ts';

afterEach(closeLabs);

const folder = path.resolve('public/corpora');
const samples = readdirSync(folder).filter((name) => name.startsWith('sample-'));

describe('samples', () => {
  it('are recognised under any name', async () => {
    const { lab } = await openLab();
    const files = samples.flatMap((name, index) =>
      readdirSync(path.join(folder, name)).map((file) =>
        droppedBytes(`renamed-${index}/${file}`, readFileSync(path.join(folder, name, file))),
      ),
    );
    await lab.importFiles([...files, ...droppedCorpus('moss')]);
    const { corpora } = lab.getState();
    expect(corpora).toHaveLength(samples.length + 1);
    expect(corpora.map(({ name, id, fingerprint }) => [name, isSampleCorpus({ name, fingerprint }), id])).toEqual(
      corpora.map(({ name, id }) => [name, name.startsWith('renamed-'), id]),
    );
  });

  it('are named in a remark, alone or beside others', () => {
    const own = { name: 'moss', fingerprint: 'f'.repeat(64) };
    expect(sampleRemark([own])).toBe(null);
    expect(sampleRemark([])).toBe(null);
    expect(sampleRemark([{ name: 'sample-gene-a' }])).toMatch(
      /^Trained on sample corpora, whose sentences are invented/,
    );
    expect(sampleRemark([own, { name: 'sample-gene-a' }])).toContain('(sample-gene-a)');
    expect(isSampleCorpus({ name: 'sample-gene-abc' })).toBe(false);
  });
});
