// Draws the icons of the installed lab in Chromium.
//   npx tsx scripts/icons.ts
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';
import { findChromium } from './findChromium.ts';

/** Three rows of tokens, three of them mentions, as in the favicon; `place` moves them into the square. */
const drawn = (cornerRadius: number, place: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="${cornerRadius}" fill="#fff"/>
<g transform="${place}"><path fill="#2563eb" d="M2 4h11v6H2z"/><path fill="#94a3b8" d="M16 4h14v6H16zM2 13h6v6H2zM2 22h17v6H2z"/>
<path fill="#0d9488" d="M11 13h19v6H11z"/><path fill="#d97706" d="M22 22h8v6h-8z"/></g></svg>`;
const rounded = drawn(6, 'translate(4 4) scale(.75)');
/** Systems cut a circle out of it, which has four fifths of its width. */
const maskable = drawn(0, 'translate(7 7) scale(.5625)');

const icons = [
  { name: 'lab-192', sizePx: 192, svg: rounded },
  { name: 'lab-512', sizePx: 512, svg: rounded },
  { name: 'lab-maskable-512', sizePx: 512, svg: maskable },
];
const executablePath = findChromium();
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath });
const page = await browser.newPage();
for (const { name, sizePx, svg } of icons) {
  await page.setViewportSize({ width: sizePx, height: sizePx });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${sizePx}px}</style>${svg}`);
  writeFileSync(path.resolve(import.meta.dirname, `../public/icons/${name}.png`), await page.screenshot({ omitBackground: true })); // prettier-ignore
}
await browser.close();
