// Proves what the service worker answers, what it leaves to the browser, what it stores and removes, and that an update waits.
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { OfflineFiles, type LabBuild, type ServiceScope } from '../../../workers/offlineFiles.ts';

const folder = 'https://host.example/lab/';
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The part of Cache that is used, by exact address. */
class FakeCache {
  readonly entries = new Map<string, Response>();
  match(asked: string | Request, { ignoreSearch = false } = {}): Promise<Response | undefined> {
    const bare = (address: string): string => (ignoreSearch ? (address.split('?')[0] ?? '') : address);
    const address = bare(typeof asked === 'string' ? asked : asked.url);
    const [, found] = [...this.entries].find(([key]) => bare(key) === address) ?? [];
    return Promise.resolve(found?.clone());
  }
  put(key: string, response: Response): Promise<void> {
    this.entries.set(key, response);
    return Promise.resolve();
  }
  keys(): Promise<readonly { readonly url: string }[]> {
    return Promise.resolve([...this.entries.keys()].map((url) => ({ url })));
  }
  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.entries.delete(key));
  }
}

/** A browser with one folder, and a host whose files can change and vanish. */
class FakeBrowser {
  readonly hosted = new Map<string, string>();
  readonly stored = new Map<string, FakeCache>();
  readonly asked: string[] = [];
  readonly sent = new Headers();
  pages = 1;
  skipped = 0;
  registration = {
    scope: folder,
    active: null as unknown,
    waiting: null as unknown,
    unregister: () => Promise.resolve(true),
  };

  get scope(): ServiceScope {
    const caches = {
      open: (name: string) => {
        const cache = this.stored.get(name) ?? new FakeCache();
        this.stored.set(name, cache);
        return Promise.resolve(cache);
      },
      delete: (name: string) => Promise.resolve(this.stored.delete(name)),
    };
    return {
      registration: this.registration,
      caches: caches as unknown as CacheStorage,
      clients: {
        claim: () => Promise.resolve(),
        // One of another lab on the same host is there, too.
        matchAll: () =>
          Promise.resolve([
            { url: 'https://host.example/other/' },
            ...Array.from({ length: this.pages }, () => ({ url: folder })),
          ]),
      },
      fetch: (input) => {
        const address = typeof input === 'string' ? input : input.url;
        this.asked.push(address);
        const content = this.hosted.get(address.replace(/[?#].*/, ''));
        return Promise.resolve(new Response(content ?? 'none', { status: content === undefined ? 404 : 200, headers: this.sent })); // prettier-ignore
      },
      skipWaiting: () => Promise.resolve(void this.skipped++),
    };
  }
}

const build = (page: string, code: string): LabBuild => ({
  version: digest(page + code),
  code: { 'index.html': digest(page), [`assets/${code}.js`]: digest(code) },
  data: { 'models/tiny.bin': digest('weights') },
  headers: { 'Cross-Origin-Embedder-Policy': 'require-corp', 'Content-Security-Policy': "default-src 'none'" },
});

interface AskedWith {
  readonly method?: string;
  readonly mode?: string;
  readonly destination?: string;
  readonly headers?: Record<string, string>;
}

function asking(path: string, { method = 'GET', mode = 'cors', destination = '', headers = {} }: AskedWith = {}) {
  return { url: new URL(path, folder).href, method, mode, destination, headers: new Headers(headers) } as Request;
}
const navigating = { mode: 'navigate', destination: 'document' };

let browser: FakeBrowser;
let files: OfflineFiles;

beforeEach(() => {
  browser = new FakeBrowser();
  browser.hosted.set(folder, 'page').set(`${folder}assets/one.js`, 'one').set(`${folder}models/tiny.bin`, 'weights');
  files = new OfflineFiles(browser.scope, build('page', 'one'));
});

describe('what is answered', () => {
  it('leaves other hosts, other folders, other methods, ranges and data of the host to the browser', () => {
    for (const request of [
      asking('https://huggingface.co/x/resolve/main/config.json'),
      asking('https://host.example/elsewhere.js', { destination: 'script' }),
      asking('assets/one.js', { method: 'POST' }),
      asking('models/tiny.bin', { headers: { Range: 'bytes=5-' } }),
      asking('shared.result.json'),
      asking('notes.html', navigating),
    ]) {
      expect(files.answer(request), request.url).toBeNull();
    }
    expect(browser.asked).toEqual([]);
  });

  it('adds the headers that the host did not send, and changes none that it sent', async () => {
    browser.sent.set('Content-Security-Policy', "default-src 'self'");
    browser.sent.set('Content-Encoding', 'br');
    const answer = await files.answer(asking('', navigating));
    expect(answer?.headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
    expect(answer?.headers.get('Content-Security-Policy')).toBe("default-src 'self'");
    // The body has been decompressed.
    expect(answer?.headers.has('Content-Encoding')).toBe(false);
  });

  it('answers from the host until everything is stored, then from the cache, whatever follows the path', async () => {
    await files.answer(asking('?backend=wasm', navigating));
    expect(browser.asked).toEqual([`${folder}?backend=wasm`]);
    await files.receive('fill');
    browser.hosted.clear();
    browser.asked.length = 0;
    expect(await (await files.answer(asking('?backend=wasm#/runs', navigating)))?.text()).toBe('page');
    expect(await (await files.answer(asking('assets/one.js', { destination: 'script' })))?.text()).toBe('one');
    expect(browser.asked).toEqual([]);
  });

  it('answers the address of a folder with the page of it', async () => {
    const own = build('page', 'one');
    const withGuide = { ...own, code: { ...own.code, 'docs/index.html': digest('guide') } };
    browser.hosted.set(`${folder}docs/index.html`, 'guide');
    files = new OfflineFiles(browser.scope, withGuide);
    await files.receive('fill');
    browser.hosted.clear();
    expect(await (await files.answer(asking('docs/', navigating)))?.text()).toBe('guide');
    expect(files.answer(asking('assets/', navigating))).toBeNull();
  });

  it('stores models when they are read, not before', async () => {
    await files.receive('fill');
    expect(browser.asked).not.toContain(`${folder}models/tiny.bin`);
    await files.answer(asking('models/tiny.bin'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    browser.hosted.clear();
    expect(await (await files.answer(asking('models/tiny.bin')))?.text()).toBe('weights');
  });

  it('stores nothing of another build that the host has meanwhile, and passes it on', async () => {
    browser.hosted.set(folder, 'another page');
    await expect(files.receive('fill')).rejects.toThrow('index.html is not of this build');
    expect(await (await files.answer(asking('', navigating)))?.text()).toBe('another page');
    browser.hosted.set(`${folder}assets/two.js`, 'two');
    const other = await files.answer(asking('assets/two.js', { destination: 'worker' }));
    expect(other?.headers.get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
    expect(await other?.text()).toBe('two');
  });
});

describe('versions', () => {
  it('takes effect at once where there was none, without storing anything', async () => {
    await files.install();
    expect([browser.skipped, browser.asked.length]).toEqual([1, 0]);
  });

  it('waits as an update, stored in full, fetches only what changed, and serves open pages of the build before', async () => {
    await files.receive('fill');
    browser.registration.active = {};
    browser.hosted.set(folder, 'page 2').delete(`${folder}assets/one.js`);
    browser.hosted.set(`${folder}assets/two.js`, 'two');
    const next = new OfflineFiles(browser.scope, build('page 2', 'two'));
    await next.install();
    expect(browser.skipped).toBe(0);
    await next.receive('take-over');
    expect(browser.skipped).toBe(1);
    const old = await next.answer(asking('assets/one.js', { destination: 'script' }));
    expect(await old?.text()).toBe('one');
    browser.asked.length = 0;
    browser.pages = 2;
    await next.receive('fill');
    expect(browser.asked).toEqual([]);
    expect(await (await next.answer(asking('assets/one.js', { destination: 'script' })))?.text()).toBe('one');
    // Alone, it forgets what the build before needed.
    browser.pages = 1;
    await next.receive('fill');
    const gone = await next.answer(asking('assets/one.js', { destination: 'script' }));
    expect(gone?.status).toBe(404);
  });

  it('ends at an address, with its own cache alone', async () => {
    await files.receive('fill');
    await browser.scope.caches.open('bioner-lab https://host.example/other/');
    let removed = 0;
    browser.registration.unregister = () => Promise.resolve(++removed > 0);
    await files.answer(asking('?service-worker=off', navigating));
    expect(removed).toBe(1);
    expect([...browser.stored.keys()]).toEqual(['bioner-lab https://host.example/other/']);
    expect(files.answer(asking('assets/one.js', { destination: 'script' }))).toBeNull();
  });
});
