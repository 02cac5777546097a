// Visits a served lab for the first time at 1.6 Mbit/s in Chromium: first paint, first use of the page, samples and model, bytes, and the second visit.
import { createServer, request as ask, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Page } from 'playwright';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';

/** As Lighthouse has it for a slow mobile network. */
const BYTES_A_SECOND = 1_600_000 / 8;
const LATENCY_MS = 150;
const SLICE_BYTES = 2048;
const ROUNDS = Number(process.argv[3] ?? 3);

/**
 * Stands between browser and server, since the browser's own throttling reaches the page and neither its Workers nor the service worker. All
 * answers share the line in turns.
 */
class SlowLine {
  receivedBytes = 0;
  readonly #queues = new Map<ServerResponse, { readonly slices: Buffer[]; isWhole: boolean }>();
  #isSending = false;

  async open(target: string): Promise<string> {
    const { hostname, port } = new URL(target);
    const server = createServer((incoming, outgoing) => {
      const forward = (): void => {
        const { method, headers, url: path } = incoming;
        const upstream = ask({ hostname, port, path, method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          const queue = { slices: [] as Buffer[], isWhole: false };
          this.#queues.set(outgoing, queue);
          answer.on('data', (chunk: Buffer) => {
            for (let at = 0; at < chunk.length; at += SLICE_BYTES)
              queue.slices.push(chunk.subarray(at, at + SLICE_BYTES));
            void this.#send();
          });
          answer.on('end', () => {
            queue.isWhole = true;
            void this.#send();
          });
        });
        upstream.on('error', () => outgoing.destroy());
        incoming.pipe(upstream);
      };
      setTimeout(forward, LATENCY_MS);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    return `http://localhost:${(server.address() as AddressInfo).port}/`;
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    let freeMs = performance.now();
    while (this.#queues.size > 0) {
      let sentBytes = 0;
      for (const [outgoing, { slices, isWhole }] of this.#queues) {
        const slice = slices.shift();
        if (slice !== undefined) {
          outgoing.write(slice);
          sentBytes += slice.length;
        } else if (isWhole) {
          outgoing.end();
          this.#queues.delete(outgoing);
        }
      }
      if (sentBytes === 0 && ![...this.#queues.values()].some(({ isWhole }) => isWhole)) break;
      this.receivedBytes += sentBytes;
      freeMs = Math.max(freeMs + (sentBytes / BYTES_A_SECOND) * 1000, performance.now() - 50);
      const waitMs = freeMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    this.#isSending = false;
  }
}

interface Visit {
  readonly paintMs: number;
  readonly usableMs: number;
  readonly readyMs: number;
  readonly usableBytes: number;
  readonly readyBytes: number;
}

async function visit(page: Page, address: string, line: SlowLine): Promise<Visit> {
  const before = line.receivedBytes;
  const received = (): number => line.receivedBytes - before;
  const startMs = performance.now();
  await page.goto(address, { waitUntil: 'commit' });
  // The first thing that a person can choose: navigation answers, and the page says what it offers.
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link').first().waitFor({ timeout: 180_000 });
  const usableMs = performance.now() - startMs;
  const usableBytes = received();
  const paintMs = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
  );
  await page.locator('button:enabled', { hasText: 'Train on a sample' }).waitFor({ timeout: 300_000 });
  return { paintMs, usableMs, readyMs: performance.now() - startMs, usableBytes, readyBytes: received() };
}

const served = process.argv[2] ?? 'http://localhost:4173/';
const executablePath = findChromium();
const browser = await chromium.launch({ args: [...chromiumFlags], ...(executablePath === undefined ? {} : { executablePath }) }); // prettier-ignore
const visits: { readonly first: Visit; readonly second: Visit }[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const line = new SlowLine();
  const address = await line.open(served);
  const context = await browser.newContext();
  const page = await context.newPage();
  const first = await visit(page, address, line);
  // Time for a service worker, where there is one, to store the lab.
  await page.waitForTimeout(12_000);
  await page.goto('about:blank');
  visits.push({ first, second: await visit(page, address, line) });
  await context.close();
}
await browser.close();

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const seconds = (of: (one: Visit) => number, all: readonly Visit[]): string => (middle(all.map(of)) / 1000).toFixed(1);
const kilobytes = (of: (one: Visit) => number, all: readonly Visit[]): string =>
  (middle(all.map(of)) / 1000).toFixed(0);
console.log(`${served}, median of ${ROUNDS}, ${(BYTES_A_SECOND * 8) / 1e6} Mbit/s, ${LATENCY_MS} ms`);
console.log('| visit | first paint, s | usable, s | ready to train, s | kB until usable | kB until ready |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
for (const name of ['first', 'second'] as const) {
  const all = visits.map((one) => one[name]);
  console.log(`| ${name} | ${seconds((v) => v.paintMs, all)} | ${seconds((v) => v.usableMs, all)} | ${seconds((v) => v.readyMs, all)} | ${kilobytes((v) => v.usableBytes, all)} | ${kilobytes((v) => v.readyBytes, all)} |`); // prettier-ignore
}
