// Serves the lab's files from the browser's cache, so that it opens without a network, and adds the headers that a host did not send.

/** What a build says of its files; paths are relative to the page, digests are the first hex digits of SHA-256. */
export interface LabBuild {
  readonly version: string;
  /** Stored as soon as the lab is open: page, code, wasm, and the documentation for users. */
  readonly code: Readonly<Record<string, string>>;
  /** Stored when they are read: models, samples, the rest of the documentation. */
  readonly data: Readonly<Record<string, string>>;
  /** Set on answers that lack them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Declares what is used of a ServiceWorkerGlobalScope, which the DOM types lack. */
export interface ServiceScope {
  readonly registration: {
    readonly scope: string;
    readonly active: unknown;
    readonly waiting: unknown;
    unregister(): Promise<boolean>;
  };
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void>; matchAll(options: object): Promise<readonly { readonly url: string }[]> };
  fetch(input: Request | string, options?: RequestInit): Promise<Response>;
  skipWaiting(): Promise<void>;
}

/** Parts of a Request that decide how it is answered. */
type Asked = Pick<Request, 'url' | 'method' | 'mode' | 'destination' | 'headers'>;

/** An address with `?service-worker=off` ends the service worker. */
const OFF = ['service-worker', 'off'] as const;
const PAGE = 'index.html';
const AT_ONCE = 6;
const DIGEST_DIGITS = 16;

/**
 * The files of one build. Entries of the cache carry the digest of their content, so builds share a cache: what did not change is not
 * fetched again, and an open page of an earlier build finds its own files until it is closed.
 */
export class OfflineFiles {
  private readonly scope: ServiceScope;
  private readonly build: LabBuild;
  /** Whether the service worker was removed while a page still asks through it. */
  private isEnded = false;

  constructor(scope: ServiceScope, build: LabBuild) {
    this.scope = scope;
    this.build = build;
  }

  /** A first one takes effect at once, and stores nothing yet; an update stores everything, then waits until it is called. */
  async install(): Promise<void> {
    if (this.scope.registration.active === null) await this.scope.skipWaiting();
    else await this.fill();
  }

  activate(): Promise<void> {
    return this.scope.clients.claim();
  }

  /** Messages of the page: `fill` once the lab is open, `take-over` when a person agrees to an update. */
  async receive(message: unknown): Promise<void> {
    if (message === 'take-over') await this.scope.skipWaiting();
    if (message !== 'fill' || this.isEnded) return;
    await this.fill();
    // Opening the cache would make it again.
    if (!this.isEnded) await this.prune();
  }

  /**
   * Returns null for what the browser does itself, as without a service worker: other origins, everything but GET, ranges, and
   * files of the host that are none of the lab's.
   */
  answer(request: Asked & Request): Promise<Response> | null {
    if (this.isEnded || request.method !== 'GET' || request.headers.has('Range')) return null;
    const { href, searchParams } = new URL(request.url);
    const path = this.pathOf(href);
    if (path === null) return null;
    if (request.mode === 'navigate') {
      if (searchParams.get(OFF[0]) === OFF[1]) return this.end(request);
      if (path === PAGE) return this.page(request);
    }
    const digest = this.build.code[path] ?? this.build.data[path];
    if (digest !== undefined) return this.file(request, path, digest);
    // Code of another build, for a page of that build; data of the host goes its own way.
    const isCode = ['script', 'worker', 'sharedworker', 'style'].includes(request.destination);
    return isCode ? this.otherCode(request) : null;
  }

  /** Stores every file of the build that is not in the cache yet. Rejects if the host serves another one. */
  async fill(): Promise<void> {
    const cache = await this.openCache();
    const left = Object.entries(this.build.code);
    const next = async (): Promise<void> => {
      for (let entry = left.pop(); entry !== undefined; entry = left.pop()) {
        const [path, digest] = entry;
        const key = this.keyOf(path, digest);
        if ((await cache.match(key)) !== undefined) continue;
        // A folder's address, as some hosts redirect its page there. Only names with a digest are safe in the browser's other cache.
        const address = new URL(path === PAGE ? './' : path, this.scope.registration.scope).href;
        const response = await this.scope.fetch(address, {
          cache: path.startsWith('assets/') ? 'default' : 'no-cache',
        });
        if (!(await this.store(cache, key, digest, response))) throw new Error(`${path} is not of this build.`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    await cache.put(this.wholeKey(), new Response(this.build.version));
  }

  /** Removes what other builds left, unless one waits or another page may need it. */
  private async prune(): Promise<void> {
    const { clients, registration } = this.scope;
    const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
    const ours = pages.filter(({ url }) => url.startsWith(registration.scope));
    if (ours.length > 1 || registration.waiting !== null) return;
    const own = new Set(Object.entries({ ...this.build.code, ...this.build.data }).map(([path, digest]) => this.keyOf(path, digest))); // prettier-ignore
    own.add(this.wholeKey());
    const cache = await this.openCache();
    for (const { url } of await cache.keys()) if (!own.has(url)) await cache.delete(url);
  }

  /** Answers with the stored page only where all of its code is stored, too; else the host's page and code belong together. */
  private async page(request: Request): Promise<Response> {
    const isWhole = (await this.stored(this.wholeKey())) !== undefined;
    const page = isWhole ? await this.stored(this.keyOf(PAGE, this.build.code[PAGE] ?? '')) : undefined;
    return this.withHeaders(page ?? (await this.scope.fetch(request)));
  }

  private async file(request: Request, path: string, digest: string): Promise<Response> {
    const key = this.keyOf(path, digest);
    const stored = await this.stored(key);
    if (stored !== undefined) return this.withHeaders(stored);
    const response = await this.scope.fetch(request);
    const copy = response.clone();
    // A full disk, or another build at the host: what came is passed on, and nothing is stored.
    this.openCache()
      .then((cache) => this.store(cache, key, digest, copy))
      .catch(() => false);
    return this.withHeaders(response);
  }

  private async otherCode(request: Request): Promise<Response> {
    return this.withHeaders((await this.stored(request)) ?? (await this.scope.fetch(request)));
  }

  /** Looks an address up as it is, or a request by its path; undefined, too, where the browser has no cache to open. */
  private async stored(key: string | Request): Promise<Response | undefined> {
    try {
      return await (await this.openCache()).match(key, { ignoreSearch: typeof key !== 'string' });
    } catch {
      return undefined; // The network answers then.
    }
  }

  /** The way out: removes the service worker with its cache and answers from the network. */
  private async end(request: Request): Promise<Response> {
    this.isEnded = true;
    await this.scope.registration.unregister();
    await this.scope.caches.delete(this.cacheName());
    return this.scope.fetch(request);
  }

  /** Returns false, and stores nothing, if the content has another digest. */
  private async store(cache: Cache, key: string, digest: string, response: Response): Promise<boolean> {
    if (response.status !== 200) return false;
    const { headers } = response;
    const bytes = await response.arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const found = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (found.slice(0, DIGEST_DIGITS) !== digest) return false;
    await cache.put(key, new Response(bytes, { headers: decoded(headers) }));
    return true;
  }

  /** A header that the host sent stays; the build's own are those of scripts/pageHeaders.ts. */
  private withHeaders(response: Response): Response {
    // Redirects of a navigation and errors are the browser's to follow.
    if (response.status < 200 || response.status > 599 || response.type === 'opaque') return response;
    const headers = decoded(response.headers);
    for (const [name, value] of Object.entries(this.build.headers)) if (!headers.has(name)) headers.set(name, value);
    const { status, statusText } = response;
    return new Response(status === 204 || status === 304 ? null : response.body, { status, statusText, headers });
  }

  /** The path from the page, `index.html` for the page itself; null for what is not within the lab's folder. */
  private pathOf(address: string): string | null {
    const { scope } = this.scope.registration;
    const [file = ''] = address.split(/[?#]/);
    if (!file.startsWith(scope)) return null;
    const path = decodeURIComponent(file.slice(scope.length));
    return path === '' || path.endsWith('/') ? `${path}${PAGE}` : path;
  }

  private keyOf(path: string, digest: string): string {
    return new URL(`${path}?${digest}`, this.scope.registration.scope).href;
  }

  private wholeKey(): string {
    return new URL(`?whole=${this.build.version}`, this.scope.registration.scope).href;
  }

  /** Named by the folder, since several labs may share an origin. */
  private cacheName(): string {
    return `bioner-lab ${this.scope.registration.scope}`;
  }

  private openCache(): Promise<Cache> {
    return this.scope.caches.open(this.cacheName());
  }
}

/** The headers of a body that has been decompressed, and is the same for every request. */
function decoded(headers: Headers): Headers {
  const own = new Headers(headers);
  for (const name of ['Content-Encoding', 'Content-Length', 'Vary']) own.delete(name);
  return own;
}
