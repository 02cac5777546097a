// Proves that a trained snapshot leaves the tab as a zip, on every way a browser saves, and comes back elsewhere as the tagger it was.
import { readFile, writeFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { readArchive } from '../../src/data/import/archive.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import { openSafetensors } from '../../src/model/weights/safetensors.ts';
import { taggerFileSchema } from '../../src/schema/modelRecord.ts';
import type { PlanFile } from '../../src/schema/resultFile.ts';
import { download, dropPaths, notices, openLab, rowsOf, visit } from './labActions.ts';
import { test } from './labPage.ts';
import { planPanel } from './planActions.ts';

const plan: PlanFile = {
  format: 'bioner-lab-plan',
  version: 2,
  name: 'one epoch',
  methods: ['STL'],
  slicingRates: [],
  biases: 'released',
  frozen: false,
  model: { name: 'xlnet-bio-tiny' },
  categories: [{ name: 'tasks', typeName: null, tasks: [{ corpus: { name: 'sample-gene-b' }, type: 'Gene' }] }],
  seeds: [1],
  rounds: { count: 0, epochs: 1 },
  config: { ...presets.sample.config, epochs: 1, snapshots: 1 },
};
const folder = 'sample-gene-b-Gene-STL-seed1-epoch1';

test(
  'a snapshot is downloaded as a zip, and dropped elsewhere is a tagger with its scores',
  { tag: '@lengthy' },
  async ({ page, elsewhere }, info) => {
    await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
    await openLab(page);
    const planPath = info.outputPath('one.plan.json');
    await writeFile(planPath, JSON.stringify(plan));
    await dropPaths(page, planPath);
    await expect(page.getByLabel('Plan name')).toHaveValue(plan.name);
    await planPanel(page).getByRole('button', { name: 'Train' }).click();
    await expect(page.getByRole('heading', { name: 'Test scores', exact: true })).toBeVisible({ timeout: 120_000 });
    const [row] = await rowsOf(page.getByRole('table', { name: 'Snapshots', exact: true }));
    const testF1 = row?.[4] ?? '';

    const zip = await download(page, info, () => page.getByRole('button', { name: 'Model in F32, epoch 1' }).click());
    expect(zip.path).toMatch(new RegExp(`/${folder}\\.zip$`));
    const bytes = new Uint8Array(await readFile(zip.path));
    const { files, issues } = readArchive(bytes, 'x.zip');
    expect(issues).toEqual([]);
    const content = (name: string): Uint8Array<ArrayBuffer> => {
      const found = files.find(({ path }) => path === `x/${folder}/${name}`);
      if (found === undefined) throw new Error(`the zip has no ${name}`);
      return found.bytes;
    };
    const text = (name: string): string => new TextDecoder().decode(content(name));
    const head = taggerFileSchema.parse(JSON.parse(text('bioner_lab.json')));
    expect(head.types).toEqual(['Gene']);
    expect(head.provenance.test[0]?.lenient.overall.f1.toFixed(2)).toBe(testF1);
    expect(JSON.parse(text('config.json'))).toMatchObject({ architectures: ['XLNetForTokenClassification'] });
    expect(openSafetensors(content('model.safetensors')).has('crf.transitions')).toBe(true);
    expect(text('README.md')).toContain(testF1);
    expect(text('tag.py')).toBe(await readFile('src/training/export/tag.py', 'utf8'));

    await test.step('where the browser lets a page write a file, the same bytes go there', async () => {
      await page.evaluate(() => {
        const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) =>
          (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
        Object.assign(window, { showSaveFilePicker });
      });
      await page.getByRole('button', { name: 'Model in F32, epoch 1' }).click();
      await expect.poll(() => savedBytes(page, `${folder}.zip`), { timeout: 30_000 }).toBe(bytes.byteLength);
    });

    await test.step('dropped elsewhere it is a tagger', async () => {
      await openLab(elsewhere);
      await dropPaths(elsewhere, zip.path);
      await visit(elsewhere, 'Models');
      const model = elsewhere
        .getByRole('table', { name: 'Models', exact: true })
        .getByRole('row')
        .filter({ hasText: folder });
      await expect(model).toContainText(`Gene · STL · test F1 ${testF1}`);
      await expect(notices(elsewhere)).toBeEmpty();
    });
  },
);

/** Size of a file of the page's own folder; 0 while there is none. */
function savedBytes(page: Page, name: string): Promise<number> {
  return page.evaluate(async (file) => {
    const home = await navigator.storage.getDirectory();
    return home.getFileHandle(file).then(
      async (handle) => (await handle.getFile()).size,
      () => 0,
    );
  }, name);
}
