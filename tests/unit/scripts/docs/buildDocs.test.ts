// Proves that the documentation has no dead links, runs no script, shows every document, and that planted faults are found.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildDocs } from '../../../../scripts/docs/buildDocs.ts';
import { docsGroups, shownAt } from '../../../../scripts/docs/docsPages.ts';
import { anchorOf, anchorsIn, renderPage, webpSize, wayTo } from '../../../../scripts/docs/markdownPage.ts';
import { pageHeaders } from '../../../../scripts/pageHeaders.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const { pagePolicy } = pageHeaders();
const built = buildDocs(root, pagePolicy);
const pages = [...built.files].flatMap(([name, content]) =>
  name.endsWith('.html') && typeof content === 'string' ? [{ name, text: content }] : [],
);

describe('the documentation', () => {
  it('has no link that leads nowhere', () => {
    expect(built.deadLinks).toEqual([]);
  });

  it('is linked from a README without dead links', () => {
    const readme = { name: 'readme', title: 'README', sources: ['README.md'] };
    const context = { root, places: shownAt(docsGroups(root)), parts: new Map<string, () => string>() };
    const { deadLinks, body } = renderPage(readme, context);
    expect(deadLinks).toEqual([]);
    expect(body).toContain('href="guide/new.html"');
  });

  it('links only to files and anchors that are built', () => {
    const missing: string[] = [];
    for (const { name, text } of pages) {
      for (const [, href = ''] of text.matchAll(/(?:href|src|srcset)="([^"]+)"/g)) {
        if (/^https?:/.test(href)) continue;
        const [file = '', anchor] = href.split('#', 2);
        const target = file === '' ? name : path.posix.join(path.posix.dirname(name), file);
        // The lab itself.
        if (target.startsWith('..')) continue;
        const content = built.files.get(target);
        if (content === undefined) missing.push(`${name}: ${href}`);
        else if (anchor !== undefined && !String(content).includes(`id="${anchor}"`)) missing.push(`${name}: ${href}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('has one heading of the first level, the policy, a name for each picture, and no script and no style in any page', () => {
    expect(pages.length).toBeGreaterThan(20);
    for (const { name, text } of pages) {
      expect([name, [...text.matchAll(/<h1[ >]/g)].length]).toEqual([name, 1]);
      expect(text).toContain('http-equiv="Content-Security-Policy"');
      expect(text).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/);
      expect(text).not.toMatch(/<img(?![^>]* alt="[^"]{8,}")/);
    }
  });

  it('names every table of a page differently, and no column without a name', () => {
    for (const { name, text } of pages) {
      const labels = [...text.matchAll(/role="region" aria-label="([^"]+)"/g)].map(([, label]) => label);
      expect([name, new Set(labels).size]).toEqual([name, labels.length]);
      expect(text).not.toMatch(/<th[^>]*><\/th>/);
    }
  });

  it('shows every markdown file of docs but the figures of the source', () => {
    const shown = shownAt(docsGroups(root));
    const files = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
    const markdown = files
      .filter((file) => file.endsWith('.md'))
      .map((file) => `docs/${file.split(path.sep).join('/')}`);
    expect(markdown.filter((file) => !shown.has(file))).toEqual(['docs/house.md']);
  });

  it('has each guide, the glossary and the tables of both files in place of their marks', () => {
    const page = (name: string): string => pages.find((one) => one.name === name)?.text ?? '';
    expect(page('glossary.html')).toContain('<dt>slicing rate</dt>');
    expect(page('guide/tag.html')).toContain('raise the threshold');
    expect(page('files.html')).toContain('<code>config.layerDecay.mode</code>');
    expect(pages.filter(({ text }) => text.includes('<!--'))).toEqual([]);
  });

  it('names the version of the lab where it says how to cite it', () => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    expect(readFileSync(path.join(root, 'docs/cite.md'), 'utf8')).toContain(`version = {${version}}`);
    expect(readFileSync(path.join(root, 'CITATION.cff'), 'utf8')).toContain(`\nversion: ${version}\n`);
  });
});

describe('the pictures', () => {
  const folder = path.join(root, 'docs/pictures');
  const names = readdirSync(folder);

  it('are in both themes, of one size, all shown, and small together', () => {
    const light = names.filter((name) => !name.endsWith('-dark.webp'));
    expect(light.length).toBeGreaterThan(8);
    for (const name of light) {
      const size = webpSize(readFileSync(path.join(folder, name)));
      expect(size?.width).toBeGreaterThan(300);
      expect(webpSize(readFileSync(path.join(folder, name.replace('.webp', '-dark.webp'))))).toEqual(size);
    }
    expect(names.filter((name) => !built.files.has(`pictures/${name}`))).toEqual([]);
    expect(names.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0)).toBeLessThan(1_500_000);
  });
});

describe('a page', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'docs-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'docs/guide'), { recursive: true });
  const other = { name: 'other', title: 'Other', sources: ['docs/other.md', 'docs/second.md'] };
  const moss = { name: 'guide/moss', title: 'Moss', sources: ['docs/guide/moss.md'] };
  const context = { root: folder, places: shownAt([{ title: 'All', pages: [moss, other] }]), parts: new Map([['part', () => '<b>made</b>']]) }; // prettier-ignore
  const render = (markdown: string) => {
    writeFileSync(path.join(folder, 'docs/other.md'), '# Other\n\n## Its `code` & more\n');
    writeFileSync(path.join(folder, 'docs/second.md'), '# Second\n');
    writeFileSync(path.join(folder, 'docs/guide/moss.md'), markdown);
    return renderPage(moss, context);
  };

  it('leads to other pages, their headings and their sections', () => {
    const { body, deadLinks } = render('# Moss\n\n[a](../other.md#its-code--more) [b](../second.md) [c](#moss)');
    expect(deadLinks).toEqual([]);
    expect(body).toContain('<a href="../other.html#its-code--more">a</a>');
    expect(body).toContain('<a href="../other.html#second">b</a>');
    expect(body).toContain('<a href="#moss">c</a>');
  });

  it('names files, headings, pictures and parts that are not there', () => {
    const { deadLinks } = render(
      '# Moss\n\n[a](gone.md) [b](../other.md#gone) ![a picture](gone.webp)\n\n<!-- gone -->\n\n<!-- part -->',
    );
    const found = ['gone.md', '../other.md#gone', 'gone.webp', '<!-- gone -->'];
    expect(deadLinks).toEqual(found.map((link) => `docs/guide/moss.md: ${link}`));
  });

  it('shows HTML of its markdown as text', () => {
    const { body } = render('# Moss\n\nA <img src=x onerror=hacked=1> and\n\n<script>hacked=1</script>\n');
    expect(body).toContain('&lt;img src=x onerror=hacked=1&gt;');
    expect(body).toContain('&lt;script&gt;');
    expect(body).not.toMatch(/<(img|script)/);
  });
});

describe('addresses', () => {
  it('of headings are as code hosts make them', () => {
    expect(anchorOf('What was injected')).toBe('what-was-injected');
    expect(anchorOf('Models [Library]')).toBe('models-library');
    expect([...anchorsIn('# A\n\n```sh\n# no heading\n```\n\n## B & c\n')]).toEqual(['a', 'b--c']);
  });

  it('lead from a page in a folder to one beside it', () => {
    expect(wayTo('guide/moss', 'index.html')).toBe('../index.html');
    expect(wayTo('index', 'guide/moss.html')).toBe('guide/moss.html');
  });
});
