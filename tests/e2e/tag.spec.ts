// Proves that a tagger trained here tags new text, saves it with offsets that fit, and scores on a corpus what its run scored.
import { expect } from '@playwright/test';
import { strFromU8, unzipSync } from 'fflate';
import { readFile, writeFile } from 'node:fs/promises';
import { download, dropPaths, openLab, rowsOf, runActions, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { planPanel } from './planActions.ts';

const sample = 'sample-gene-b';

test('a trained tagger tags pasted text, files and a corpus, and its findings are saved as BRAT', async ({
  page,
}, info) => {
  await openLab(page);
  await test.step('a tagger is trained for two epochs', async () => {
    await page.getByLabel('Corpus', { exact: true }).selectOption({ label: `${sample} (sample)` });
    await page.getByRole('radio', { name: 'Sample', exact: true }).check();
    await page.locator('summary').filter({ hasText: 'Schedule' }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('2');
    await planPanel(page).getByRole('button', { name: 'Train' }).click();
    await expect(page.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible({ timeout: 200_000 });
  });
  const scored = page.getByRole('table', { name: 'Test scores of the selected snapshot' });
  const shown = (await rowsOf(scored))[0]?.slice(1, 7);

  const text = await proseOf(sample);
  const types = page.getByRole('table', { name: 'Mentions by type' });
  const mentionsFound = async (): Promise<number> => Number((await rowsOf(types))[0]?.[1]);

  await test.step('pasted text is tagged with the chosen snapshot', async () => {
    await runActions(page).getByRole('link', { name: 'Tag text' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Tag and review' })).toBeVisible();
    await expect(page.getByLabel('Tagger').locator('option:checked')).toContainText('(selected)');
    const group = page.getByLabel('Tagger').locator('optgroup', { has: page.locator('option:checked') });
    await expect(group).toHaveAttribute('label', `${sample}, xlnet-bio-tiny`);
    await page.getByLabel('Text', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Tag text' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Review of text' })).toBeVisible();
    await expect.poll(() => mentionsFound()).toBeGreaterThan(5);
    // A mention outside the sentence in focus says its confidence to the pointer, and always to a screen reader.
    const mention = page.locator('.review-sentence:not(.current) .mention').first();
    await expect(mention).toHaveAttribute('aria-label', /^Gene, confidence \d+\.\d %$/);
    await mention.hover();
    await expect(mention.getByText('%')).toHaveCSS('opacity', '1');
  });

  await test.step('what is found is saved as BRAT, at offsets of the text', async () => {
    const saved = await download(page, info, () => page.getByRole('button', { name: 'Save 1 document' }).click());
    const files = unzipSync(await readFile(saved.path));
    expect(Object.keys(files).sort()).toEqual(['text.ann', 'text.txt']);
    expect(strFromU8(files['text.txt'] ?? new Uint8Array())).toBe(text);
    const annotations = strFromU8(files['text.ann'] ?? new Uint8Array());
    const mentions = [...annotations.matchAll(/^T\d+\tGene (\d+) (\d+)\t(.+)$/gm)];
    expect(mentions).toHaveLength(await mentionsFound());
    for (const [, start, end, surface] of mentions) expect(text.slice(Number(start), Number(end))).toBe(surface);
  });

  await test.step('a threshold hides mentions and says so', async () => {
    const all = await mentionsFound();
    await page.getByLabel('Minimum confidence in percent').fill('100');
    await expect(page.getByText(/below 100 % will be left out/)).toBeVisible();
    await expect.poll(() => mentionsFound()).toBeLessThan(all);
  });

  await test.step('the corpus it was tested on gives the scores of its run', async () => {
    await visit(page, 'Corpora');
    await page.getByRole('link', { name: `Tag ${sample}`, exact: true }).click();
    await expect(page.getByLabel('Or a corpus').locator('option:checked')).toHaveText(sample);
    await page.getByRole('button', { name: 'Tag corpus' }).click();
    await expect(page.getByRole('heading', { level: 1, name: `Review of ${sample} test` })).toBeVisible();
    const scores = page.getByRole('table', { name: 'Scores of the tagged documents' });
    await expect.poll(async () => (await rowsOf(scores))[0]?.slice(1, 4)).toEqual(shown?.slice(0, 3));
  });

  await test.step('dropped files are tagged where the page is, and what is no text is told', async () => {
    const note = info.outputPath('note.txt');
    const other = info.outputPath('picture.png');
    await writeFile(note, text);
    await writeFile(other, 'no picture');
    await visit(page, 'Tag');
    await dropPaths(page, note, other);
    await expect(page.getByRole('heading', { level: 1, name: 'Review of 2 files' })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'note', exact: true })).toBeVisible();
    await expect(page.getByRole('table', { name: 'Issues' })).toContainText('picture.png');
    // What was found outlives a visit elsewhere.
    await visit(page, 'Corpora');
    await visit(page, 'Tag');
    await page.getByRole('link', { name: 'Continue the review of 2 files' }).click();
    await expect(page.getByRole('heading', { name: 'note', exact: true })).toBeVisible();
  });
});

/** The first test sentences of a sample, as somebody would write them. */
async function proseOf(name: string): Promise<string> {
  const rows = await readFile(`public/corpora/${name}/test.tsv`, 'utf8');
  const sentences = rows.split(/\n\s*\n/).slice(0, 12);
  return sentences.map((own) => own.split('\n').map((row) => row.split('\t')[0]).join(' ')).join('\n'); // prettier-ignore
}
