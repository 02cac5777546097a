// Proves that Help opens by key and button and gives the focus back, that definitions appear on hover, focus and tap, and that the documentation opens.
import { expect, type Page } from '@playwright/test';
import { docsGroups } from '../../scripts/docs/docsPages.ts';
import { openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';

const drawer = (page: Page) => page.getByRole('dialog', { name: 'Help' });

test('help opens by its key, follows the page, is searched, and gives the focus back', async ({ page }) => {
  await openLab(page);
  await test.step('the key opens it where nothing is typed', async () => {
    await page.getByLabel('Sample corpus').focus();
    await page.keyboard.press('?');
    await expect(drawer(page)).toHaveCount(0);
    const link = page.getByRole('link', { name: 'Library', exact: true });
    await link.focus();
    await page.keyboard.press('?');
    await expect(drawer(page).getByRole('heading', { name: 'New' })).toBeVisible();
    await expect(drawer(page).locator(':focus')).toHaveCount(1);
    await page.keyboard.press('Escape');
    await expect(drawer(page)).toHaveCount(0);
    await expect(link).toBeFocused();
  });

  await test.step('it stays open beside the page, and has the guide of the page that is shown', async () => {
    await page.keyboard.press('?');
    await visit(page, 'Corpora');
    await expect(drawer(page).getByRole('heading', { name: 'Library' })).toBeVisible();
    await expect(drawer(page).getByRole('listitem')).toHaveCount(3);
  });

  await test.step('the glossary is searched', async () => {
    const search = drawer(page).getByRole('searchbox', { name: 'Search the glossary' });
    await search.fill('slicing');
    const terms = drawer(page).getByRole('region', { name: 'Glossary' }).getByRole('term');
    await expect(terms).toHaveText(['layer slicing', 'slicing rate', 'MTL-LS', 'plan']);
    await search.fill('xyz');
    await expect(drawer(page).getByText('No term has “xyz”.')).toBeVisible();
    await search.fill('');
  });

  await test.step('the key can be switched off, which the browser remembers', async () => {
    await drawer(page).getByRole('checkbox', { name: 'The key ? opens Help' }).uncheck();
    await drawer(page).getByRole('button', { name: 'Close' }).click();
    await page.reload();
    await page.getByRole('link', { name: 'Library', exact: true }).focus();
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Help', exact: true }).click();
    const key = drawer(page).getByRole('checkbox', { name: 'The key ? opens Help' });
    await expect(key).not.toBeChecked();
    await key.check();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: 'Help', exact: true })).toBeFocused();
  });
});

test('a definition appears on hover, on focus and on tap, and goes with Escape', async ({ page, browser, baseURL }) => {
  await openLab(page);
  await page.getByRole('checkbox', { name: 'MTL-LS' }).check();
  const term = page.getByRole('button', { name: 'Slicing rates', exact: true });
  const definition = page.getByRole('tooltip');
  const text = 'slicing rate The share of the encoder’s layers';

  await test.step('on hover, for as long as the pointer is on the term or the definition', async () => {
    await term.hover();
    await expect(definition).toContainText(text);
    await definition.hover();
    await page.waitForTimeout(500);
    await expect(definition).toBeVisible();
    await page.mouse.move(0, 0);
    await expect(definition).toHaveCount(0);
  });

  await test.step('on focus, as the description of the term', async () => {
    await page.getByRole('group', { name: 'Methods' }).getByRole('checkbox').last().focus();
    await page.keyboard.press('Tab');
    await expect(term).toBeFocused();
    await expect(definition).toBeVisible();
    await expect(term).toHaveAccessibleDescription(new RegExp(`^${text}`));
    await page.keyboard.press('Escape');
    await expect(definition).toHaveCount(0);
    await expect(term).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(definition).toBeVisible();
    await page.keyboard.press('Tab');
    await expect(definition).toHaveCount(0);
  });

  await test.step('on tap', async () => {
    const context = await browser.newContext({ baseURL: baseURL ?? '', hasTouch: true, viewport: { width: 390, height: 844 } }); // prettier-ignore
    const phone = await context.newPage();
    await openLab(phone);
    await phone.getByRole('checkbox', { name: 'MTL-LS' }).check();
    await phone.getByRole('button', { name: 'Slicing rates', exact: true }).tap();
    await expect(phone.getByRole('tooltip')).toContainText(text);
    const box = await phone.getByRole('tooltip').boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
    await phone.getByRole('heading', { level: 1 }).tap();
    await expect(phone.getByRole('tooltip')).toHaveCount(0);
    await context.close();
  });
});

test('every page of the documentation opens, fits a phone, and is reached from Help and About', async ({ page }) => {
  const pages = docsGroups('.').flatMap((group) => group.pages);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const { name } of pages) {
    await test.step(name, async () => {
      const response = await page.goto(`/docs/${name}.html`);
      expect(response?.status()).toBe(200);
      expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(tooWide).toBeLessThanOrEqual(0);
      const broken = await page.evaluate(async () => {
        const images = [...document.images];
        for (const image of images) image.loading = 'eager';
        await Promise.all(images.map((image) => image.decode().catch(() => undefined)));
        return images.filter((image) => image.naturalWidth === 0).map((image) => image.src);
      });
      expect(broken).toEqual([]);
    });
  }
  await test.step('the links lead there and back', async () => {
    await page.goto('/#/about');
    await expect(page.getByRole('main').getByRole('link', { name: 'documentation' })).toHaveAttribute('href', './docs/index.html'); // prettier-ignore
    await page.getByRole('button', { name: 'Help', exact: true }).click();
    const opening = page.waitForEvent('popup');
    await drawer(page).getByRole('link', { name: 'All documentation' }).click();
    const docs = await opening;
    await expect(docs.getByRole('heading', { level: 1 })).toHaveText('BioNER Lab');
    await docs.getByRole('link', { name: 'Open the lab' }).click();
    await expect(docs.getByRole('heading', { level: 1 })).toHaveText(/^Train taggers/);
  });
});
