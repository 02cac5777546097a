// Renders the markdown of a page: anchors of headings, links between pages, pictures in both themes, and the parts that are made from the code.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Marked, type Tokens } from 'marked';
import { sectionOf, type DocsPage, type ShownAt } from './docsPages.ts';

export interface RenderedPage {
  readonly title: string;
  readonly body: string;
  /** Second-level headings, for the contents of the page. */
  readonly headings: readonly { readonly id: string; readonly text: string }[];
  /** Files of the project that the page shows or links, to be served beside it. */
  readonly files: ReadonlySet<string>;
  /** Links that lead nowhere, each with its source. */
  readonly deadLinks: readonly string[];
}

export interface RenderingContext {
  readonly root: string;
  readonly places: ReadonlyMap<string, ShownAt>;
  /** What takes the place of a comment such as `<!-- glossary -->`, by its text. */
  readonly parts: ReadonlyMap<string, () => string>;
}

/** Kinds of files that are worth opening in a browser. */
const SERVED = /\.(svg|png|webp|json|mjs|conll|cff)$/;

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Returns the anchor of a heading as code hosts make it, so that links work there, too. */
export function anchorOf(heading: string): string {
  const words = heading
    .replace(/<[^>]*>|[`*_]/g, '')
    .trim()
    .toLowerCase();
  return words.replace(/[^\p{L}\p{N}\s-]/gu, '').replace(/\s/g, '-');
}

/** Returns the anchors of every heading of a markdown text. */
export function anchorsIn(markdown: string): ReadonlySet<string> {
  const plain = markdown.replace(/^```.*?^```/gms, '');
  return new Set([...plain.matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => anchorOf(text)));
}

/** Where a file is served, relative to the folder of the documentation. */
export function servedAt(file: string): string {
  return file.startsWith('docs/pictures/') ? file.slice('docs/'.length) : `files/${file}`;
}

/** The way from a page to an address, both relative to the folder of the documentation. */
export function wayTo(from: string, to: string): string {
  return path.posix.relative(path.posix.dirname(from), to);
}

export function renderPage(page: DocsPage, context: RenderingContext): RenderedPage {
  const files = new Set<string>();
  const deadLinks: string[] = [];
  const headings: { id: string; text: string }[] = [];
  let title = page.title;
  const found: Found = { tables: 0, files, deadLinks, headings };
  const bodies = page.sources.map((source, index) => {
    const markdown = readFileSync(path.join(context.root, source), 'utf8');
    if (index === 0) title = /^# (.+)$/m.exec(markdown)?.[1]?.replace(/[`*]/g, '') ?? title;
    return new SourceRenderer(page, source, index > 0, context, found).render(markdown);
  });
  return { title, body: bodies.join('\n'), headings, files, deadLinks };
}

interface Found {
  /** How many tables the page has so far, for their names. */
  tables: number;
  readonly files: Set<string>;
  readonly deadLinks: string[];
  readonly headings: { id: string; text: string }[];
}

/** Renders one markdown file of a page. */
class SourceRenderer {
  private readonly page: DocsPage;
  private readonly source: string;
  private readonly isSection: boolean;
  private readonly context: RenderingContext;
  private readonly found: Found;

  constructor(page: DocsPage, source: string, isSection: boolean, context: RenderingContext, found: Found) {
    this.page = page;
    this.source = source;
    this.isSection = isSection;
    this.context = context;
    this.found = found;
  }

  render(markdown: string): string {
    const { heading, link, image, html, table, code } = this.renderers();
    const marked = new Marked({ gfm: true, renderer: { heading, link, image, html, table, code } });
    return marked.parse(markdown, { async: false });
  }

  private renderers() {
    // The methods of a renderer have it as `this`.
    const rendering = this as SourceRenderer;
    return {
      heading(this: Inline, { tokens, depth, text }: Tokens.Heading): string {
        return rendering.heading(this.parser.parseInline(tokens), depth, text);
      },
      link(this: Inline, { href, tokens }: Tokens.Link): string {
        return rendering.link(href, this.parser.parseInline(tokens));
      },
      image: ({ href, text }: Tokens.Image): string => this.image(href, text),
      // Focusable, so that the keyboard can scroll it.
      code: ({ text }: Tokens.Code): string => `<pre tabindex="0"><code>${escaped(text)}</code></pre>`,
      html: ({ text }: Tokens.HTML | Tokens.Tag): string => this.part(text),
      table(this: Inline, { header, rows }: Tokens.Table): string {
        const cell = (tag: string, { tokens, align }: Tokens.TableCell): string =>
          `<${tag}${align === 'right' ? ' class="number"' : ''}>${this.parser.parseInline(tokens)}</${tag}>`;
        const row = (tag: string, cells: Tokens.TableCell[]): string =>
          `<tr>${cells.map((one) => cell(one.text === '' ? 'td' : tag, one)).join('')}</tr>`;
        const number = (rendering.found.tables += 1);
        return `<div class="table-box" role="region" aria-label="Table ${number}, scrollable" tabindex="0"><table><thead>${row('th', header)}</thead><tbody>${rows.map((cells) => row('td', cells)).join('')}</tbody></table></div>`;
      },
    };
  }

  private heading(inner: string, depth: number, text: string): string {
    if (this.isSection) {
      const id = depth === 1 ? ` id="${sectionOf(this.source)}"` : '';
      return `<h${depth + 1}${id}>${inner}</h${depth + 1}>`;
    }
    const id = anchorOf(text);
    if (depth === 2) this.found.headings.push({ id, text: text.replace(/[`*]/g, '') });
    return `<h${depth} id="${id}">${inner}</h${depth}>`;
  }

  private link(href: string, inner: string): string {
    if (/^(https?|mailto):/.test(href)) return `<a href="${escaped(href)}" rel="noreferrer">${inner}</a>`;
    const [file = '', anchor] = href.split('#', 2);
    const target = file === '' ? this.source : path.posix.join(path.posix.dirname(this.source), file);
    const place = this.context.places.get(target);
    const full = path.join(this.context.root, target);
    if (place !== undefined) {
      if (anchor !== undefined && !anchorsIn(readFileSync(full, 'utf8')).has(anchor)) this.dead(href);
      const hash = anchor ?? place.section;
      const way = place.page === this.page ? '' : wayTo(this.page.name, `${place.page.name}.html`);
      return `<a href="${way}${hash === null ? '' : `#${hash}`}">${inner}</a>`;
    }
    // Files that the documentation makes have no place in the sources.
    if (target.startsWith('docs/schemas/')) return `<a href="${wayTo(this.page.name, target.slice('docs/'.length))}">${inner}</a>`; // prettier-ignore
    if (!existsSync(full)) this.dead(href);
    if (!SERVED.test(target)) return `<span title="${escaped(target)}">${inner}</span>`;
    this.found.files.add(target);
    return `<a href="${wayTo(this.page.name, servedAt(target))}">${inner}</a>`;
  }

  private image(href: string, text: string): string {
    const file = path.posix.join(path.posix.dirname(this.source), href);
    const full = path.join(this.context.root, file);
    if (!existsSync(full)) {
      this.dead(href);
      return '';
    }
    const address = (one: string): string => {
      this.found.files.add(one);
      return wayTo(this.page.name, servedAt(one));
    };
    const size = webpSize(readFileSync(full));
    const attributes = size === null ? '' : ` width="${size.width}" height="${size.height}"`;
    const isPhone = size !== null && size.width < size.height ? ' class="phone"' : '';
    const shown = `<img src="${address(file)}" alt="${escaped(text)}"${attributes}${isPhone} loading="lazy" />`;
    const dark = file.replace(/\.webp$/, '-dark.webp');
    if (dark === file || !existsSync(path.join(this.context.root, dark))) return shown;
    return `<picture><source srcset="${address(dark)}" media="(prefers-color-scheme: dark)" />${shown}</picture>`;
  }

  /** Markdown of the documentation has no HTML but comments, some of which name a part that is made from the code. */
  private part(text: string): string {
    const name = /^<!--\s*(.+?)\s*-->\s*$/s.exec(text)?.[1];
    if (name === undefined) return escaped(text);
    const made = this.context.parts.get(name);
    if (made === undefined) this.dead(`<!-- ${name} -->`);
    return made?.() ?? '';
  }

  private dead(href: string): void {
    this.found.deadLinks.push(`${this.source}: ${href}`);
  }
}

interface Inline {
  readonly parser: { parseInline(tokens: Tokens.Generic[]): string };
}

/** Returns the size in the header of a WebP file, lossy or extended or lossless; null for other files. WebP Container Specification. */
export function webpSize(bytes: Buffer): { readonly width: number; readonly height: number } | null {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') return null;
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (kind === 'VP8X') return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  const bits = bytes.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
