// Makes the files of the documentation from the markdown of the project and from what the code knows: guides, glossary, schemas.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { commonKeys, glossary, guides, type Guide, type KeyLine, type TermName } from '../../src/ui/help/helpTexts.ts';
import { docsGroups, shownAt } from './docsPages.ts';
import { fileSchemas, memberTable } from './fileSchemas.ts';
import { escaped, renderPage, servedAt } from './markdownPage.ts';
import { framedPage } from './pageFrame.ts';

export interface DocsBuild {
  /** By address relative to the folder of the documentation. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly deadLinks: readonly string[];
}

/** `policy`: the pages' Content-Security-Policy. Takes well under a second. */
export function buildDocs(root: string, policy: string): DocsBuild {
  const groups = docsGroups(root);
  const context = { root, places: shownAt(groups), parts: madeParts(root) };
  const files = new Map<string, string | Uint8Array>();
  const deadLinks: string[] = [];
  for (const page of groups.flatMap(({ pages }) => pages)) {
    const rendered = renderPage(page, context);
    files.set(`${page.name}.html`, framedPage(page, rendered, groups, policy));
    for (const file of rendered.files) files.set(servedAt(file), readFileSync(path.join(root, file)));
    deadLinks.push(...rendered.deadLinks);
  }
  for (const { file, schema } of fileSchemas(root))
    files.set(`schemas/${file}`, `${JSON.stringify(schema, null, 1)}\n`);
  files.set('docs.css', styles(root));
  return { files, deadLinks };
}

/** The colours and text styles of the lab, then those of the documentation. */
function styles(root: string): string {
  const sheets = ['src/ui/app/theme.css', 'src/ui/app/lab.css', 'scripts/docs/docs.css'];
  return sheets.map((sheet) => readFileSync(path.join(root, sheet), 'utf8')).join('\n');
}

function madeParts(root: string): ReadonlyMap<string, () => string> {
  const parts = new Map<string, () => string>([
    ['glossary', glossaryPart],
    ['keys', () => keysPart(commonKeys)],
  ]);
  for (const [name, guide] of Object.entries(guides)) parts.set(`guide: ${name}`, () => guidePart(guide));
  for (const { name, schema } of fileSchemas(root))
    parts.set(`schema: ${name}`, () => memberTable(schema, `Members of a ${name} file`));
  return parts;
}

function glossaryPart(): string {
  const names = Object.keys(glossary) as TermName[];
  return `<dl>${names.map((name) => `<div><dt>${escaped(name)}</dt><dd>${escaped(glossary[name])}</dd></div>`).join('')}</dl>`;
}

function guidePart({ purpose, steps, keys }: Guide): string {
  const items = steps.map((step) => `<li>${escaped(step)}</li>`).join('');
  return `<p>${escaped(purpose)}</p><ol>${items}</ol>${keys.length === 0 ? '' : keysPart(keys)}`;
}

function keysPart(lines: readonly KeyLine[]): string {
  const keys = (names: readonly string[]): string => names.map((key) => `<kbd>${escaped(key)}</kbd>`).join(' ');
  const rows = lines.map(([names, effect]) => `<div><dt>${keys(names)}</dt><dd>${escaped(effect)}</dd></div>`);
  return `<dl>${rows.join('')}</dl>`;
}
