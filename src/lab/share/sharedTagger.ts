// Writes a tagger as one HTML file that tags text wherever it is opened: program and weights are inside, and it requests nothing.
import { zipStream } from '../../data/import/archive.ts';
import { html } from '../../util/html.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson } from '../../util/validate.ts';

/** Browsers hold a page's text in memory at once, and no longer text than 512 MiB. */
const MOST_ARCHIVE_BYTES = 320 * 2 ** 20;
/** Bytes whose characters are made at once. */
const STEP = 3 * 8192;

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:";

const EXAMPLE =
  'Germline mutations of BRCA1 predispose women to breast and ovarian cancer; tamoxifen lowers the risk in mice and in humans.';

const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #17201f; --soft: #54615f; --line: #d5dbda; --accent: #0b6a70;
  --c0: #0b6a70; --c1: #9a5b00; --c2: #8a2a6e; --c3: #2b57b0; --c4: #3f7314; --c5: #a8322a; }
@media (prefers-color-scheme: dark) { :root { --paper: #161b1b; --ink: #e3e9e8; --soft: #a3b0ae; --line: #36403f; --accent: #5fbfc3;
  --c0: #5fbfc3; --c1: #e0a64e; --c2: #e58bc7; --c3: #8fb1f5; --c4: #9ccb6c; --c5: #f2958d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 860px; padding: 24px 18px 60px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; }
p { max-width: 72ch; margin: 8px 0; }
.soft, small { color: var(--soft); }
textarea { width: 100%; min-height: 9em; padding: 10px; font: inherit; color: inherit; background: inherit; border: 1px solid var(--soft); border-radius: 6px; }
button { font: inherit; padding: 8px 20px; border: 0; border-radius: 6px; background: var(--accent); color: var(--paper); cursor: pointer; }
button:disabled { opacity: 0.5; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#marked { margin: 20px 0; line-height: 2.1; white-space: pre-wrap; }
mark { background: none; color: inherit; border-bottom: 3px solid; padding-bottom: 1px; }
mark small { margin-left: 4px; font-size: 12px; }
.type-0 { border-color: var(--c0); } .type-1 { border-color: var(--c1); } .type-2 { border-color: var(--c2); }
.type-3 { border-color: var(--c3); } .type-4 { border-color: var(--c4); } .type-5 { border-color: var(--c5); }
table { border-collapse: collapse; font-size: 14px; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); overflow-wrap: normal; }
td:first-child { overflow-wrap: anywhere; }
@media (max-width: 480px) { table { font-size: 13px; } }
`;

export interface SharedTagger {
  readonly title: string;
  readonly types: readonly string[];
  /** The program of the page, from src/tagger/taggerPage.ts. */
  readonly program: string;
}

/** Writes the page as the bytes of the tagger's zip arrive: first `begin`, then `add` for each part, then `end`. */
export class SharedTaggerPage {
  private readonly shared: SharedTagger;
  private readonly mostBytes: number;
  /** Bytes that no whole group of characters is made of yet. */
  private rest: Uint8Array = new Uint8Array();
  private archiveBytes = 0;

  /** `mostBytes`: of the tagger's zip, by default what browsers open. */
  constructor(shared: SharedTagger, mostBytes = MOST_ARCHIVE_BYTES) {
    this.mostBytes = mostBytes;
    this.shared = shared;
  }

  begin(): string {
    const { title, types } = this.shared;
    const { markup } = html`<meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
      <title>${title}</title>`;
    const body = html`<main>
      <h1>${title}</h1>
      <p>
        Marks ${types.join(', ')} in biomedical text, each with its exact probability. The tagger is in this file and
        computes on your machine: no text leaves it.
      </p>
      <p><label for="text">Text</label></p>
      <textarea id="text" spellcheck="false">${EXAMPLE}</textarea>
      <p>
        <button id="tag" disabled>Tag</button> <span id="status" class="soft" role="status">Opening the tagger …</span>
      </p>
      <div id="marked"></div>
      <table id="table" hidden>
        <thead>
          <tr>
            <th scope="col">Mention</th>
            <th scope="col">Type</th>
            <th scope="col">Characters</th>
            <th scope="col">Probability</th>
          </tr>
        </thead>
        <tbody id="rows"></tbody>
      </table>
      <p class="soft">
        A research tool: it errs, and is not for clinical use. Made with BioNER Lab; the package bioner-tagger runs the
        same tagger in other pages and programs.
      </p>
      <p class="soft">
        The program in this file is under the Apache License 2.0; the notices of the libraries in it are at its
        beginning, in the source of this page.
      </p>
    </main>`;
    return `<!doctype html>\n<html lang="en">\n<head>\n${markup}\n<style>${style}</style>\n</head>\n<body>\n${body.markup}\n<script type="text/plain" id="archive">`;
  }

  /** Throws LabError `share/size` for a tagger that browsers could not open as a page. */
  add(bytes: Uint8Array): string {
    this.archiveBytes += bytes.length;
    if (this.archiveBytes > this.mostBytes) {
      throw new LabError('share/size', 'This tagger is too large for a page of one file.', {
        expected: `at most ${this.mostBytes} bytes; F16 halves them, and the exported folder on a web server has no limit`,
        got: `more than ${this.mostBytes} bytes`,
      });
    }
    const joined = new Uint8Array(this.rest.length + bytes.length);
    joined.set(this.rest);
    joined.set(bytes, this.rest.length);
    const whole = joined.length - (joined.length % 3);
    this.rest = joined.slice(whole);
    return base64(joined.subarray(0, whole));
  }

  /** `licence` is that of the weights, with its attribution; null where it is not known. */
  end(licence: string | null = null): string {
    const { program } = this.shared;
    const shown =
      licence === null
        ? ''
        : html`<footer>
            <p class="soft">Licence of the tagger’s weights, or of those that it was trained from: ${licence}</p>
          </footer> `.markup;
    // Nothing in the program may end its element; within strings, where alone these occur, the escapes mean the same.
    const safe = program.replace(/<(?=\/script|!--|script)/gi, '\\x3c');
    return `${base64(this.rest)}</script>\n${shown}<script type="module" id="program">${safe}</script>\n</body>\n</html>\n`;
  }
}

/** Files of an export that a page opens; programs and cards are for other places. */
const OPENED = /\.(json|safetensors)$/;

/** The page of the files of an exported tagger, with the licence that its config.json states. */
export class SharedTaggerFiles {
  private readonly page: SharedTaggerPage;
  private readonly zip = zipStream();
  /** The text of config.json. */
  private config = '';
  private readonly decoder = new TextDecoder();

  constructor(shared: SharedTagger) {
    this.page = new SharedTaggerPage(shared);
  }

  begin(): string {
    return this.page.begin();
  }

  /** The text of the next bytes of a file. Throws LabError `share/size`. */
  file(name: string, bytes: Uint8Array<ArrayBuffer>): string {
    if (!OPENED.test(name)) return '';
    if (name === 'config.json') this.config += this.decoder.decode(bytes, { stream: true });
    return this.added(this.zip.add(`tagger/${name}`, bytes));
  }

  end(): string {
    const zipped = this.added(this.zip.finish());
    const { licence } = (this.config === '' ? {} : parseJson(this.config)) as { readonly licence?: unknown };
    return zipped + this.page.end(typeof licence === 'string' ? licence : null);
  }

  private added(chunks: readonly Uint8Array[]): string {
    return chunks.map((chunk) => this.page.add(chunk)).join('');
  }
}

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let from = 0; from < bytes.length; from += STEP) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(from, from + STEP))));
  }
  return parts.join('');
}
