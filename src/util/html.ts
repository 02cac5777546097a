// Writes HTML in which every value is text, whatever it contains, and JSON that a page carries along and gives back.

/** Markup, as opposed to text that is still to be escaped. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type HtmlPart = string | number | null | Html | readonly Html[];

/**
 * A template of HTML: texts and numbers in it are escaped, for content and for attributes in quotes; null is nothing. Indentation in the
 * template is left out.
 */
export function html(template: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const texts = template.map((markup, index) => markup.replace(/\n\s+/g, '\n') + markupOf(parts[index] ?? null));
  return new Html(texts.join(''));
}

/** Text with its line breaks, and a paragraph wherever a line is empty. */
export function paragraphs(text: string): readonly Html[] {
  const lines = (paragraph: string): Html => new Html(paragraph.split('\n').map(escapeHtml).join('<br />'));
  return text
    .trim()
    .replaceAll('\r\n', '\n')
    .split(/\n\s*\n/)
    .map((paragraph) => html`<p>${lines(paragraph)}</p>`);
}

/** Escapes text for content and for attributes in quotes. Characters that no HTML may contain become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(FORBIDDEN, '\uFFFD').replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Control characters except tab and line feeds. */
const FORBIDDEN = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]/g;

function markupOf(part: HtmlPart): string {
  if (part === null) return '';
  if (part instanceof Html) return part.markup;
  return typeof part === 'object' ? part.map(({ markup }) => markup).join('\n') : escapeHtml(String(part));
}

const RESULT_ID = 'bioner-lab-result';
/** Marks the head of a page with a result, so that its first bytes tell what it is. */
export const RESULT_MARK = html`<meta name="${RESULT_ID}" content="embedded" />`;

/** Characters at the start of a page that the mark is among. */
const HEAD = 10_000;

/** Whether text begins like a page with a result. */
export function isPageWithResult(text: string): boolean {
  return /^\s*</.test(text.slice(0, HEAD)) && text.slice(0, HEAD).includes(`name="${RESULT_ID}"`);
}

const BLOCK_START = `<script type="application/json" id="${RESULT_ID}">`;
const BLOCK_END = '</script>';

/**
 * A block of data, which browsers do not run. JSON has `<`, `>` and `&` only within strings, where they are written as escapes: so nothing in it
 * ends the block, and the page stays well-formed XML.
 */
export function resultBlock(json: string): Html {
  const escaped = json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  return new Html(`${BLOCK_START}${escaped}${BLOCK_END}`);
}

/** Returns the JSON that `resultBlock` wrote into a page; null if there is none. */
export function resultInPage(page: string): string | null {
  const start = page.indexOf(BLOCK_START);
  if (start < 0) return null;
  // No text and no attribute of the page has a `<`, so this is the block itself and not a value that looks like it.
  const end = page.indexOf('<', start + BLOCK_START.length);
  return page.startsWith(BLOCK_END, end) ? page.slice(start + BLOCK_START.length, end) : null;
}

/** The policy of a page without scripts and without requests: nothing but its own style sheet, named by the SHA-256 of its text, in hex. */
export function stillPagePolicy(styleDigest: string): string {
  return `default-src 'none'; style-src 'sha256-${base64OfHex(styleDigest)}'; base-uri 'none'; form-action 'none'`;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64OfHex(hex: string): string {
  const bits = Array.from(hex, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  const signs = (bits.match(/.{1,6}/g) ?? []).map((group) => BASE64.charAt(Number.parseInt(group.padEnd(6, '0'), 2)));
  return signs.join('').padEnd(Math.ceil(signs.length / 4) * 4, '=');
}
