// Proves that the page's policy and the headers agree, allow what they must and nothing else, and that hosts are given as origins.
import { describe, expect, it } from 'vitest';
import { headersFile, pageHeaders } from '../../../scripts/pageHeaders.ts';
import { publicHub, publicRepository } from '../../../src/wire/requestFile.ts';

function directives(policy: string | undefined): ReadonlyMap<string, readonly string[]> {
  return new Map(
    (policy ?? '').split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources];
    }),
  );
}

const { pagePolicy, headers } = pageHeaders();
const inPage = directives(pagePolicy);
const inHeader = directives(headers['Content-Security-Policy']);

describe('the policy', () => {
  it('allows nothing that is not named, and no source that runs text', () => {
    expect(inPage.get('default-src')).toEqual(["'none'"]);
    expect(inPage.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"]);
    for (const name of ['worker-src', 'style-src']) expect(inPage.get(name)).toEqual(["'self'"]);
    for (const name of ['base-uri', 'form-action', 'object-src']) expect(inPage.get(name)).toEqual(["'none'"]);
    expect([pagePolicy, headers['Content-Security-Policy']].join()).not.toMatch(
      /unsafe-inline|'unsafe-eval'|blob:|\s\*\s/,
    );
  });

  it('is one in page and header, but for what only one of them can say', () => {
    const only = (one: typeof inPage, other: typeof inPage) => [...one.keys()].filter((name) => !other.has(name));
    expect(only(inPage, inHeader)).toEqual(['require-trusted-types-for', 'trusted-types']);
    expect(only(inHeader, inPage)).toEqual(['frame-ancestors']);
    expect(inHeader.get('frame-ancestors')).toEqual(["'none'"]);
    for (const [name, sources] of inPage) if (inHeader.has(name)) expect(inHeader.get(name)).toEqual(sources);
  });

  it('lets the page connect to itself, the catalogue, the hub and this machine', () => {
    expect(inPage.get('connect-src')).toEqual([
      "'self'",
      `${publicRepository}/`,
      publicHub,
      'https://*.huggingface.co',
      'https://*.hf.co',
      'http://localhost:*',
      'http://127.0.0.1:*',
    ]);
  });

  it('adds hosts that are named when the lab is built', () => {
    const named = pageHeaders(' https://hub.example.org  http://10.0.0.1:8080 ');
    for (const policy of [named.pagePolicy, named.headers['Content-Security-Policy']]) {
      const sources = directives(policy).get('connect-src');
      expect(sources?.slice(-2)).toEqual(['https://hub.example.org', 'http://10.0.0.1:8080']);
    }
  });

  it.each([
    'hub.example.org',
    'https://hub.example.org/',
    'https://a.example;',
    "'unsafe-inline'",
    '*',
    'https:',
    'ws://a.example',
  ])('refuses %s as a host', (host) => expect(() => pageHeaders(host)).toThrow('LAB_HOSTS names no origin'));
});

describe('the headers', () => {
  it('isolate the page, tell no one where it was, and turn off what the lab does not use', () => {
    expect(headers).toMatchObject({
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    });
    const features = headers['Permissions-Policy']?.split(', ') ?? [];
    expect(features.filter((feature) => !feature.endsWith('=()'))).toEqual([
      'clipboard-write=(self)',
      'cross-origin-isolated=(self)',
      'screen-wake-lock=(self)',
    ]);
    for (const name of ['camera', 'microphone', 'geolocation']) expect(features).toContain(`${name}=()`);
  });

  it('are written for static hosts, for every file', () => {
    const [first, ...lines] = headersFile({ pagePolicy, headers }).trimEnd().split('\n');
    expect(first).toBe('/*');
    expect(lines).toEqual(Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`));
  });
});
