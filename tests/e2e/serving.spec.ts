// Proves that the served lab is isolated, asks its own host alone, and that its policy holds in the page and in every Worker.
import { expect, type Worker } from '@playwright/test';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pageHeaders } from '../../scripts/pageHeaders.ts';
import { notices, openLab, visit } from './labActions.ts';
import { test } from './labPage.ts';

const { pagePolicy, headers } = pageHeaders();

test('the page is cross-origin isolated, carries the policy and loads from its own host alone', async ({
  page,
  baseURL,
}) => {
  const hosts = new Set<string>();
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http')) hosts.add(host);
  });
  const response = await page.goto('/');
  expect(response?.headers()).toMatchObject(
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  );
  await page.waitForLoadState('networkidle');
  // Files whose names change with their content are kept for good, the page and the service worker are not.
  const script = await page.locator('script[src]').first().getAttribute('src');
  const sent = await page.request.get(script ?? '', { headers: { 'Accept-Encoding': 'br' } });
  expect(sent.headers()).toMatchObject({
    'content-encoding': 'br',
    'cache-control': 'public, max-age=31536000, immutable',
  });
  expect(response?.headers()['cache-control']).toBe('no-cache');
  expect((await page.request.get('sw.js')).headers()['cache-control']).toBe('no-cache');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  // First of all in the page: what stands before a policy is not under it.
  const first = page.locator('head > :first-child');
  await expect(first).toHaveAttribute('http-equiv', 'Content-Security-Policy');
  await expect(first).toHaveAttribute('content', pagePolicy);
  expect([...hosts]).toEqual([new URL(baseURL ?? '').host]);
});

test.describe('what is tried in spite of the policy', () => {
  let server: Server;
  /** Chromium finds every name under localhost on this machine; the policy knows `localhost` alone. */
  let elsewhere = '';
  const asked: string[] = [];

  test.beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.setHeader('Access-Control-Allow-Origin', '*');
      if (url.startsWith('/redirect')) response.writeHead(302, { Location: `${elsewhere}/redirected` });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    elsewhere = `http://elsewhere.localhost:${(server.address() as AddressInfo).port}`;
  });
  test.beforeEach(() => asked.splice(0));
  test.afterAll(() => server.close());

  test('would arrive without it', async ({ browser }) => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto('/');
    await page.evaluate((address) => fetch(`${address}/control`), elsewhere);
    expect(asked).toEqual(['/control']);
    await context.close();
  });

  test('reaches no other host from the page, and runs no text', async ({ browser }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto('/');
    const outcomes = await page.evaluate(tryEverything, elsewhere);
    expect(Object.entries(outcomes).filter(([, outcome]) => outcome !== 'refused')).toEqual([]);
    expect(Object.keys(outcomes).length).toBeGreaterThan(14);
    expect(asked).toEqual([]);
    await context.close();
  });

  test('reaches no other host from a Worker, threads of wasm included', async ({ browser }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await openLab(page);
    await page.goto('/#/analyse');
    const names = ['analysis', 'training', 'wasmThread'];
    await expect.poll(() => page.workers().map(nameOf)).toEqual(expect.arrayContaining(names));
    const ofEachName = new Map(page.workers().map((worker) => [nameOf(worker), worker]));
    for (const [name, worker] of ofEachName) {
      const outcomes = await worker.evaluate(tryInWorker, elsewhere);
      const reached = Object.entries(outcomes).filter(([, outcome]) => outcome !== 'refused');
      expect({ name, reached }).toEqual({ name, reached: [] });
    }
    expect(asked).toEqual([]);
    await context.close();
  });

  test('is told with the hosts that are allowed where a person named another, or one that redirects to another', async ({
    browser,
  }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await openLab(page);
    await visit(page, 'Models');
    const { port } = new URL(elsewhere);
    for (const hub of [elsewhere, `http://127.0.0.1:${port}/redirect`]) {
      const address = page.getByRole('textbox', { name: 'Address of the hub' });
      if (!(await address.isVisible())) await page.getByText(/^Hub: /).click();
      await address.fill(hub);
      await page.getByRole('textbox', { name: 'Repository' }).fill('moss/tiny');
      await page.getByRole('button', { name: 'Look up' }).click();
      const notice = notices(page)
        .getByRole('paragraph')
        .filter({ hasText: `Got ${new URL(hub).origin}.` });
      await expect(notice).toContainText('The policy of this page does not let it connect there.');
      await expect(notice).toContainText('https://*.hf.co, http://localhost:*, http://127.0.0.1:*, without a redirect');
    }
    expect(asked).toEqual([expect.stringMatching('/redirect/api/')]);
    await context.close();
  });
});

function nameOf(worker: Worker): string {
  return /\/assets\/(\w+)/.exec(worker.url())?.[1] ?? worker.url();
}

type Outcomes = Record<string, string>;

/** Runs in the page: every way out that a browser has, and every way to make text run; each ends in `refused`. */
async function tryEverything(elsewhere: string): Promise<Outcomes> {
  const outcomes: Outcomes = {};
  const ended = 'refused';
  const violated = (directive: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const onViolation = ({ effectiveDirective }: SecurityPolicyViolationEvent): void => {
        if (!directive.test(effectiveDirective)) return;
        document.removeEventListener('securitypolicyviolation', onViolation);
        resolve(ended);
      };
      document.addEventListener('securitypolicyviolation', onViolation);
      setTimeout(() => resolve('nothing was refused'), 1000);
    });
  const attempt = async (name: string, directive: RegExp, act: () => unknown): Promise<void> => {
    const refused = violated(directive);
    try {
      await act();
    } catch {
      // the violation says it
    }
    outcomes[name] = await refused;
  };
  const insert = (name: string, properties: object): void => {
    const element = document.createElement(name);
    Object.assign(element, properties);
    document.body.append(element);
  };
  await attempt('fetch', /connect-src/, () => fetch(elsewhere));
  await attempt('XMLHttpRequest', /connect-src/, () => {
    const request = new XMLHttpRequest();
    request.open('GET', elsewhere);
    request.send();
  });
  await attempt('WebSocket', /connect-src/, () => new WebSocket(elsewhere.replace('http', 'ws')));
  await attempt('EventSource', /connect-src/, () => new EventSource(elsewhere));
  await attempt('beacon', /connect-src/, () => navigator.sendBeacon(elsewhere, 'text'));
  await attempt('image', /img-src/, () => insert('img', { src: `${elsewhere}/x.png` }));
  await attempt('frame', /frame-src/, () => insert('iframe', { src: elsewhere }));
  await attempt('stylesheet', /style-src/, () => insert('link', { rel: 'stylesheet', href: `${elsewhere}/x.css` }));
  await attempt('style', /style-src/, () => insert('style', { textContent: 'p { color: red }' }));
  await attempt('preconnected font', /font-src/, () => new FontFace('x', `url(${elsewhere}/x.woff2)`).load());
  await attempt('media', /media-src/, () => insert('video', { src: `${elsewhere}/x.mp4` }));
  await attempt('import', /script-src/, () => import(/* @vite-ignore */ `${elsewhere}/x.js`));
  await attempt('blob worker', /worker-src/, () => new Worker(URL.createObjectURL(new Blob(['']))));
  await attempt('service worker', /worker-src/, () => navigator.serviceWorker.register(URL.createObjectURL(new Blob([''])))); // prettier-ignore
  await attempt('form', /form-action/, () => {
    insert('form', { action: elsewhere, method: 'post', id: 'planted' });
    (document.getElementById('planted') as HTMLFormElement).submit();
  });
  await attempt('base', /base-uri/, () => insert('base', { href: elsewhere }));
  await attempt('HTML', /require-trusted-types-for/, () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>'));
  await attempt('script', /require-trusted-types-for|script-src/, () => insert('script', { textContent: 'window.ran = 1' })); // prettier-ignore
  await attempt('handler', /script-src|require-trusted-types-for/, () => document.body.setAttribute('onclick', 'window.ran = 1')); // prettier-ignore
  // Evaluated from here it would be let through; from a timer of the page it is not.
  await attempt('eval', /script-src|require-trusted-types-for/, () => new Promise<void>((resolve) => {
    setTimeout(() => { try { (0, eval)('window.ran = 1'); } finally { resolve(); } });
  })); // prettier-ignore
  outcomes['text that ran'] = 'ran' in window ? 'some' : ended;
  return outcomes;
}

/** Runs in a Worker: its ways out. */
async function tryInWorker(elsewhere: string): Promise<Outcomes> {
  const outcomes: Outcomes = {};
  const attempt = async (name: string, act: () => unknown): Promise<void> => {
    try {
      await act();
      outcomes[name] = 'allowed';
    } catch {
      outcomes[name] = 'refused';
    }
  };
  const opened = (one: WebSocket | EventSource): Promise<void> =>
    new Promise((resolve, reject) => {
      one.onopen = () => resolve();
      one.onerror = () => reject(new Error('closed'));
    });
  await attempt('fetch', () => fetch(elsewhere, { mode: 'no-cors' }));
  await attempt('WebSocket', () => opened(new WebSocket(elsewhere.replace('http', 'ws'))));
  await attempt('EventSource', () => opened(new EventSource(elsewhere)));
  await attempt('import', () => import(/* @vite-ignore */ `${elsewhere}/x.js`));
  await attempt('blob import', () => import(/* @vite-ignore */ URL.createObjectURL(new Blob(['export {}'], { type: 'text/javascript' })))); // prettier-ignore
  await attempt('eval', () => new Promise<void>((resolve, reject) => {
    setTimeout(() => { try { (0, eval)('1'); resolve(); } catch (error) { reject(error as Error); } });
  })); // prettier-ignore
  return outcomes;
}
