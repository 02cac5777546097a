// The page whose renders are counted: renders.bench.ts opens it and calls `countRenders`.
import { openPageInTraining } from '../tests/fixtures/pageInTraining.ts';
import type { Redraws } from '../tests/fixtures/redraws.ts';

/** What was rendered on one page, step by step. */
export interface PageRenders {
  readonly page: string;
  readonly steps: readonly Redraws[];
  /** Of the steps that end an epoch. */
  readonly epochs: readonly Redraws[];
}

Object.assign(globalThis, {
  async countRenders(epochs: number): Promise<readonly PageRenders[]> {
    const page = await openPageInTraining();
    const places: readonly (readonly [name: string, address: string])[] = [
      ['train', '#/'],
      ['experiments', '#/experiments'],
      ['run', `#/runs/${page.runId}`],
      ['corpora', '#/library/corpora'],
      ['corpus', `#/corpora/${page.corpusId}`],
      ['models', '#/library/models'],
      ['tag', '#/tag'],
      ['analyse', '#/analyse'],
      ['about', '#/about'],
    ];
    const counted: PageRenders[] = [];
    for (const [name, address] of places) {
      await page.show(address);
      const steps: Redraws[] = [];
      const ends: Redraws[] = [];
      for (let epoch = 0; epoch < epochs; epoch++) {
        steps.push(await page.step());
        ends.push(await page.endEpoch());
      }
      counted.push({ page: name, steps, epochs: ends });
    }
    page.close();
    return counted;
  },
});
