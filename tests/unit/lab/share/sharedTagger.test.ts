// Proves that a page with a tagger carries its bytes unchanged however they arrive, that names in it are text, and that it forbids every request.
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../../../src/data/import/archive.ts';
import { SharedTaggerFiles, SharedTaggerPage } from '../../../../src/lab/share/sharedTagger.ts';
import { Rng } from '../../../../src/util/random.ts';

const program = 'const end = "</script>", begin = "<script", comment = "<!--"; if (1 < 2) run(end);';
const rng = Rng.seeded(1);
const archive = Uint8Array.from({ length: 100_003 }, () => rng.integer(256));

function pageOf(parts: readonly Uint8Array[], title = 'A tagger'): string {
  const page = new SharedTaggerPage({ title, types: ['Gene', 'Disease'], program });
  return [page.begin(), ...parts.map((part) => page.add(part)), page.end()].join('');
}

/** The text of an element, as a browser finds it: up to the first end of a script. */
function scriptOf(page: string, id: string): string {
  const start = page.indexOf('>', page.indexOf(`id="${id}"`)) + 1;
  return page.slice(start, page.indexOf('</script', start));
}

describe('the page', () => {
  it('has the same bytes for parts of any size', () => {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < archive.length;) {
      const size = 1 + rng.integer(4000);
      parts.push(archive.subarray(from, from + size));
      from += size;
    }
    const page = pageOf(parts);
    expect(page).toBe(pageOf([archive]));
    expect(new Uint8Array(Buffer.from(scriptOf(page, 'archive'), 'base64'))).toEqual(archive);
  });

  it('is ended by nothing in the program, which means the same', () => {
    const safe = scriptOf(pageOf([archive]), 'program');
    expect(safe).not.toMatch(/<\/?script|<!--/i);
    const said = new Function('run', safe) as (run: (text: string) => void) => void;
    let heard = '';
    said((text) => (heard = text));
    expect(heard).toBe('</script>');
  });

  it('shows names as text, and lets nothing be requested', () => {
    const page = pageOf([], '<b>x</b>');
    expect(page).not.toContain('<b>');
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).not.toMatch(/(src|href)="/);
  });

  it('refuses a tagger that no browser would open so', () => {
    const page = new SharedTaggerPage({ title: 'x', types: [], program }, 320);
    const part = new Uint8Array(64);
    for (let index = 0; index < 5; index++) page.add(part);
    expect(() => page.add(part)).toThrow('too large for a page');
  });
});

describe('the page of files', () => {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const licence = 'CC BY 4.0. By Möss & <b>Fern</b>.';

  function pageWith(config: string): string {
    const page = new SharedTaggerFiles({ title: 'A tagger', types: ['Gene'], program });
    const parts = [page.begin()];
    // In parts that cut a character.
    for (const byte of bytesOf(config)) parts.push(page.file('config.json', Uint8Array.of(byte)));
    parts.push(
      page.file('README.md', bytesOf('# Card')),
      page.file('model.safetensors', bytesOf('weights')),
      page.end(),
    );
    return parts.join('');
  }

  it('has those that a page opens, and shows the licence that config.json states', () => {
    const config = JSON.stringify({ model_type: 'xlnet', licence });
    const page = pageWith(config);
    const { files } = readArchive(new Uint8Array(Buffer.from(scriptOf(page, 'archive'), 'base64')), 'page.zip');
    expect(files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])).toEqual([
      ['page/tagger/config.json', config],
      ['page/tagger/model.safetensors', 'weights'],
    ]);
    expect(/<footer>.*<\/footer>/s.exec(page)?.[0]).toContain(
      ': CC BY 4.0. By Möss &#38; &#60;b&#62;Fern&#60;/b&#62;.</p>',
    );
    expect(page).toContain('notices of the libraries');
  });

  it('shows none where none is stated', () => {
    expect(pageWith('{"model_type":"xlnet"}')).not.toContain('<footer>');
  });
});
