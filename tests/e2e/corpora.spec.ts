// Proves that corpora come in by drop and by choice, are read as they are written, can be corrected, and stay.
import { expect, type Locator, type Page } from '@playwright/test';
import { zipSync, type Zippable } from 'fflate';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dismissNotices, dropPaths, notices, openLab, rowsOf, visit } from './labActions.ts';
import { test } from './labPage.ts';

const folders = path.resolve('tests/fixtures/corpora');

/** The four spellings of the one corpus: file, split, tag scheme, separator, columns and sentences as the page should tell them. */
const spellings = {
  iob1: [
    ['marsh/train.txt', 'train', 'IOB1', 'space', 'token 1, tag 4', '5'],
    ['marsh/testa.txt', 'devel', 'IOB1', 'space', 'token 1, tag 4', '2'],
    ['marsh/testb.txt', 'test', 'IO', 'space', 'token 1, tag 4', '3'],
  ],
  iob2: [
    ['marsh/train.tsv', 'train', 'IOB2', 'tab', 'token 1, tag 2', '5'],
    ['marsh/dev.tsv', 'devel', 'IOB2', 'tab', 'token 1, tag 2', '2'],
    ['marsh/test.tsv', 'test', 'IOB2', 'tab', 'token 1, tag 2', '3'],
  ],
  iobes: [
    ['marsh/train.conll', 'train', 'IOBES', 'tab', 'token 2, tag 3', '5'],
    ['marsh/valid.conll', 'devel', 'IOBES', 'tab', 'token 2, tag 3', '2'],
    ['marsh/test.conll', 'test', 'IOBES', 'tab', 'token 2, tag 3', '3'],
  ],
  biolu: [
    ['marsh/marsh-train.txt', 'train', 'BIOLU', 'space', 'token 1, tag 2', '5'],
    ['marsh/marsh-devel.txt', 'devel', 'BIOLU', 'space', 'token 1, tag 2', '2'],
    ['marsh/marsh-test.txt', 'test', 'BIOLU', 'space', 'token 1, tag 2', '3'],
  ],
} as const;

/** Counted by hand in tests/fixtures/corpora: name, train, devel, test. */
const counts = [
  ['Sentences', '5', '2', '3'],
  ['Tokens', '38', '16', '19'],
  ['Longest sentence, tokens', '9', '9', '10'],
  ['Mentions', '7', '3', '4'],
  ['Disease', '4', '1', '3'],
  ['Herb', '3', '2', '1'],
];

test('four spellings of a corpus are told apart and read as the same sentences', async ({ page }) => {
  await openLab(page);
  await visit(page, 'Corpora');
  const fingerprints = new Set<string | null>();
  for (const [folder, sources] of Object.entries(spellings)) {
    await test.step(folder, async () => {
      await dropPaths(page, path.join(folders, folder, 'marsh'));
      await expect(title(page)).toHaveText('marsh');
      await expect.poll(() => sourcesOf(page)).toEqual(sources);
      await expect.poll(() => rowsOf(page.getByRole('table', { name: 'Counts' }))).toEqual(counts);
      fingerprints.add(await page.locator('code[title]').getAttribute('title'));
      await removeShown(page, 'marsh');
    });
  }
  expect(fingerprints.size).toBe(1);
});

test('files, folder and zip bring the same corpus in, and only once', async ({ page }, info) => {
  await openLab(page);
  await visit(page, 'Corpora');
  await test.step('chosen files', async () => {
    const names = await readdir(path.join(folders, 'biolu/marsh'));
    await page.getByLabel('Choose files').setInputFiles(names.map((name) => path.join(folders, 'biolu/marsh', name)));
    await expect(title(page)).toHaveText('marsh');
    expect((await sourcesOf(page)).map(([file]) => file)).toEqual([
      'marsh-train.txt',
      'marsh-devel.txt',
      'marsh-test.txt',
    ]);
    await visit(page, 'Corpora');
  });
  const again = 'The corpus marsh is already here and was not imported again.';
  await test.step('a chosen folder, in another scheme', async () => {
    await page.getByLabel('Choose folder').setInputFiles(path.join(folders, 'iob2/marsh'));
    await expect(notices(page).getByText(again)).toHaveCount(1);
    await dismissNotices(page);
    await visit(page, 'Corpora');
  });
  await test.step('a dropped zip, in a third', async () => {
    const archive = info.outputPath('marsh.zip');
    await writeFile(archive, zipSync(await zippable(path.join(folders, 'iobes/marsh'))));
    await dropPaths(page, archive);
    await expect(notices(page).getByText(again)).toHaveCount(1);
    await visit(page, 'Corpora');
  });
  await test.step('dropped files', async () => {
    const names = await readdir(path.join(folders, 'iobes/marsh'));
    await dropPaths(page, ...names.map((name) => path.join(folders, 'iobes/marsh', name)));
    await expect(notices(page).getByText(/already here as marsh/)).toHaveCount(1);
  });
  await visit(page, 'Corpora');
  const own = (await rowsOf(page.getByRole('table', { name: 'Corpora' }))).filter(
    ([name]) => !/^sample-/.test(name ?? ''),
  );
  expect(own.map((row) => row.slice(0, 6))).toEqual([['marsh', '5', '2', '3', '14', 'Disease\nHerb']]);
  await notices(page).getByRole('button', { name: 'Dismiss notice' }).last().click();
  await expect(notices(page).getByText(/already here as marsh/)).toHaveCount(0);
  // Notes go by themselves where nobody points at them.
  await page.mouse.move(10, 10);
  await expect(notices(page).getByRole('paragraph')).toHaveCount(0, { timeout: 20_000 });
});

test('columns that are in doubt are shown beside a preview and chosen with the keyboard alone', async ({
  page,
}, info) => {
  const folder = info.outputPath('reeds');
  await mkdir(folder, { recursive: true });
  const rows = ['Reed\tNN\tHerb', 'heals\tVB\tO', 'leaf\tNN\tDisease', 'rot\tNN\tDisease', '', 'So\tRB\tO', 'does\tVB\tO', 'fern\tNN\tHerb']; // prettier-ignore
  await writeFile(path.join(folder, 'train.tsv'), `${rows.join('\n')}\n`);
  await openLab(page);
  await visit(page, 'Corpora');
  await dropPaths(page, folder);
  const picker = page.getByRole('region', { name: 'Which columns of reeds are the words and the tags?' });
  await expect(picker).toContainText('The files were not imported.');
  await expect(picker.getByRole('table').getByRole('row').nth(3)).toHaveText('leafNNDisease');
  await expect(picker.getByRole('radio', { name: 'Tags in Column 3' })).toBeChecked();
  await test.step('words and tags in one column are refused', async () => {
    await picker.getByRole('radio', { name: 'Tags in Column 3' }).press('ArrowRight');
    await expect(picker.getByRole('radio', { name: 'Tags in Column 1' })).toBeChecked();
    await expect(picker.getByText('must be two columns')).toBeVisible();
    await picker.getByRole('radio', { name: 'Tags in Column 1' }).press('ArrowLeft');
  });
  await picker.getByRole('button', { name: 'Read with these columns' }).press('Enter');
  await expect(title(page)).toHaveText('reeds');
  await expect(picker).toBeHidden();
  expect((await rowsOf(page.getByRole('table', { name: 'Counts' })))[3]?.slice(0, 2)).toEqual(['Mentions', '3']);
});

test('a corpus is corrected, renamed, offered as tasks, kept through a reload, and removed for good', async ({
  page,
}) => {
  await openLab(page);
  await visit(page, 'Corpora');
  await dropPaths(page, path.join(folders, 'iob2/marsh'));
  await expect(title(page)).toHaveText('marsh');
  const address = page.url();

  await test.step('a split is corrected by hand', async () => {
    await page.getByLabel('Split of marsh/test.tsv').selectOption('devel');
    await expect(page).not.toHaveURL(address);
    await expect(sentenceCounts(page)).toHaveText(['5', '5', '0']);
    await page.getByLabel('Split of marsh/dev.tsv').selectOption('test');
    await expect(sentenceCounts(page)).toHaveText(['5', '3', '2']);
  });

  await test.step('a name is changed, but to no other corpus', async () => {
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('New name').fill('sample-gene-a');
    await page.getByRole('button', { name: 'Save name' }).click();
    await expect(notices(page)).toContainText('Another corpus has this name.');
    await page.getByLabel('New name').fill('high water');
    await page.getByLabel('New name').press('Enter');
    await expect(title(page)).toHaveText('high water');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('New name').press('Escape');
    await expect(title(page)).toHaveText('high water');
  });

  await test.step('all of it is there after a reload', async () => {
    await page.reload();
    await expect(title(page)).toHaveText('high water');
    await expect(sentenceCounts(page)).toHaveText(['5', '3', '2']);
    expect((await sourcesOf(page)).map(([file, split]) => [file, split])).toEqual([
      ['marsh/train.tsv', 'train'],
      ['marsh/dev.tsv', 'test'],
      ['marsh/test.tsv', 'devel'],
    ]);
    await expect(page.getByRole('table', { name: 'Issues' })).toContainText('marsh/train.tsv:1');
  });

  await test.step('its types are tasks', async () => {
    await visit(page, 'New');
    const task = page.getByRole('group', { name: 'Task' });
    await expect(task.getByLabel('Corpus').locator('option:checked')).toHaveText('high water');
    await expect(task.getByLabel('Entity type').getByRole('option')).toHaveText(['all types', 'Disease', 'Herb']);
    await expect(page.getByText('5 train, 3 devel, 2 test sentences')).toBeVisible();
  });

  await test.step('it goes only when that is meant', async () => {
    await visit(page, 'Corpora');
    await page.getByRole('link', { name: 'high water', exact: true }).click();
    await page.getByRole('button', { name: 'Remove corpus high water' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove corpus high water?' });
    await expect(dialog).toContainText('10 sentences from 3 files will be removed');
    await dialog.getByRole('button', { name: 'Keep' }).click();
    await expect(dialog).toBeHidden();
    await removeShown(page, 'high water');
    await page.reload();
    await expect(page.getByRole('table', { name: 'Corpora' })).toContainText('sample-gene-a');
    await expect(page.getByRole('link', { name: 'high water' })).toHaveCount(0);
  });
});

test('sentences are browsed by split, text, type and mention', async ({ page }) => {
  await openLab(page);
  await visit(page, 'Corpora');
  await dropPaths(page, path.join(folders, 'iobes/marsh'));
  const lines = page.getByRole('list', { name: 'Sentences' }).getByRole('listitem');
  await expect(lines).toHaveCount(5);
  await expect(page.getByRole('figure').filter({ hasText: 'length' })).toBeVisible();

  await test.step('mentions stand out with their types, side by side ones apart', async () => {
    await expect(lines.nth(2).locator('mark')).toHaveText(['fen shakesDisease', 'bog coughDisease']);
    await expect(lines.nth(4).locator('mark')).toHaveText(['SallowmintHerb', 'grey tanselHerb']);
    const colours = await lines
      .nth(1)
      .locator('mark')
      .evaluateAll((marks) => marks.map((mark) => getComputedStyle(mark).backgroundColor));
    expect(new Set(colours).size).toBe(2);
  });

  await test.step('filters', async () => {
    await page.getByLabel('With mentions only').check();
    await expect(lines).toHaveCount(4);
    await page.getByLabel('Mention type').selectOption('Herb');
    await expect(lines).toHaveCount(2);
    await page.getByLabel('Search sentences').fill('SALLOWMINT CAUGHT');
    await expect(lines).toHaveCount(1);
    await expect(lines.locator('b')).toHaveText(['sallowmint', 'caught']);
    await page.getByLabel('Search sentences').fill('nothing like it');
    await expect(page.getByText('No sentence matches')).toBeVisible();
    await page.getByLabel('Search sentences').fill('');
    await page.getByLabel('Mention type').selectOption('any');
    await page.getByLabel('With mentions only').uncheck();
    await expect(lines).toHaveCount(5);
  });

  await test.step('the keyboard walks sentences and splits', async () => {
    await lines.first().focus();
    await page.keyboard.press('End');
    await expect(lines.nth(4)).toBeFocused();
    await page.getByRole('tab', { name: 'train' }).focus();
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('tab', { name: 'devel' })).toBeFocused();
    await expect(page.getByRole('tab', { name: 'devel' })).toHaveAttribute('aria-selected', 'true');
    await expect(lines).toHaveCount(2);
  });
});

test('a folder of BRAT files becomes a corpus with its mentions, and gets a devel', async ({ page }) => {
  await openLab(page);
  await visit(page, 'Corpora');
  await dropPaths(page, path.join(folders, 'brat/fen'));
  await expect(title(page)).toHaveText('fen');
  expect((await sourcesOf(page)).map(([file, split, format]) => [file, split, format])).toEqual([
    ['fen/train/*.ann', 'train', 'BRAT, 3 documents'],
    ['fen/train/*.ann (drawn)', 'devel', 'BRAT, 2 documents'],
    ['fen/test/*.ann', 'test', 'BRAT, 1 document'],
  ]);
  await expect(page.getByRole('table', { name: 'Issues' })).toContainText('fen/train/heron-2.ann:1');
  await page.getByRole('tab', { name: 'test' }).click();
  await expect(page.getByRole('list', { name: 'Sentences' }).locator('mark')).toHaveText([
    'Mud agueDisease',
    'TanselHerb',
  ]);
  await page.getByLabel('Split of fen/train/*.ann (drawn)').selectOption('train');
  await expect(sentenceCounts(page)).toHaveText(['8', '0', '2']);
  await removeShown(page, 'fen');
});

test('documents of PubTator, BioC and JSON become corpora, with their format beside each source', async ({ page }) => {
  await openLab(page);
  const formats = [
    ['pubtator/fen', 'PubTator, 2 documents'],
    ['bioc/fen', 'BioC, 1 document'],
    ['jsonl/fen', 'JSONL, 2 documents'],
    ['parquet/snappy', 'Parquet, 1 document'],
  ] as const;
  for (const [folder, said] of formats) {
    await visit(page, 'Corpora');
    await dropPaths(page, path.join(folders, folder));
    const name = path.basename(folder);
    await expect(title(page)).toHaveText(name);
    expect((await sourcesOf(page)).map(([, , format]) => format)).toContain(said);
    await removeShown(page, name);
  }
});

function title(page: Page): Locator {
  return page.getByRole('heading', { level: 1 });
}

/** File, split, scheme, separator, columns and sentences of each source; the size is left out. */
async function sourcesOf(page: Page): Promise<readonly (readonly string[])[]> {
  const table = page.getByRole('table', { name: 'Sources' });
  const splits = await table
    .getByRole('combobox')
    .evaluateAll((boxes) => boxes.map((box) => (box as HTMLSelectElement).value));
  return (await rowsOf(table)).map(([file = '', , ...others], index) => [
    file,
    splits[index] ?? '',
    ...others.slice(0, 4),
  ]);
}

/** Cells with the sentences of train, devel and test. */
function sentenceCounts(page: Page): Locator {
  return page.getByRole('table', { name: 'Counts' }).getByRole('row', { name: 'Sentences' }).getByRole('cell');
}

async function removeShown(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Remove corpus ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove permanently' }).click();
  await expect(title(page)).toHaveText('Corpora');
  await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
}

async function zippable(folder: string): Promise<Zippable> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))])),
  );
}
