// Proves that no Range header breaks the server: a plain one gets its bytes, one past the end 416, and any other the whole file.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteRanges } from '../../../scripts/byteRanges.ts';

const content = 'abcdefghijklmnopqrstuvwxyz';
let root = '';
let server: PreviewServer;
const logged: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'served-'));
  await mkdir(path.join(root, 'dist'));
  await writeFile(path.join(root, 'dist', 'letters.txt'), content);
  await writeFile(path.join(root, 'dist', 'empty.txt'), '');
  server = await preview({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [byteRanges()],
    preview: { host: '127.0.0.1', port: 0 },
  });
  server.config.logger.error = (message) => void logged.push(message);
});
afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly range: string | undefined;
}

/** `fetch` refuses to send some of these headers. */
function answer(range: string, file = 'letters.txt'): Promise<Answer> {
  const { port } = server.httpServer.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: `/${file}`, headers: { Range: range } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode, body, range: response.headers['content-range'] }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('a Range header', () => {
  it.each([
    ['bytes=2-5', 'cdef', 'bytes 2-5/26'],
    ['bytes=20-', 'uvwxyz', 'bytes 20-25/26'],
    ['bytes=24-999', 'yz', 'bytes 24-25/26'],
    ['Bytes=0-3', 'abcd', 'bytes 0-3/26'],
  ])('of one range is answered with it: %s', async (range, body, contentRange) => {
    expect(await answer(range)).toEqual({ status: 206, body, range: contentRange });
  });

  it.each(['bytes=26-', 'bytes=99-120'])('that begins past the end is answered with 416: %s', async (range) => {
    expect(await answer(range)).toEqual({ status: 416, body: '', range: 'bytes */26' });
  });

  it.each([
    ...[
      'bytes=5-2',
      'bytes=-',
      'bytes=',
      'bytes',
      '',
      '-',
      'bytes=a-b',
      'bytes=1',
      'bytes=--5',
      'bytes=5--2',
      'bytes=0x5-9',
    ],
    ...[
      'bytes=1.5-3',
      'bytes=1e3-',
      'bytes=0-1,4-5',
      'bytes=-5',
      'items=0-3',
      'bytes=9-5,0-1',
      'bytes=NaN-NaN',
      'bytes=0-0',
    ],
    ...['bytes=99999999999999999999-', 'bytes=0-99999999999999999999', 'bytes=999999999999999-5', 'bytes= 1-3', '5-2'],
  ])('that is malformed, or of another kind, is ignored: %s', async (range) => {
    expect(await answer(range)).toEqual({ status: 200, body: content, range: undefined });
  });

  it('for an empty file, or for none, breaks nothing', async () => {
    expect((await answer('bytes=5-2', 'empty.txt')).status).toBe(200);
    expect((await answer('bytes=0-3', 'empty.txt')).status).toBe(416);
    expect((await answer('bytes=5-2', 'missing.txt')).status).toBeLessThan(500);
    expect(logged).toEqual([]);
  });
});
