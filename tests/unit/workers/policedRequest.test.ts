// Proves that a request blocked by the content security policy says which hosts are allowed, and that other failures stay unchanged.
import { expect, it } from 'vitest';
import { hubClient } from '../../../src/lab/library/hubClient.ts';
import { LabError } from '../../../src/util/labError.ts';
import type { FileAnswer, RequestFile } from '../../../src/wire/requestFile.ts';
import { policedRequest } from '../../../workers/publicFiles.ts';

const failure = new TypeError('Failed to fetch');
const { signal } = new AbortController();
const originalPolicy = "default-src 'none'; connect-src 'self' https://hub.example http://localhost:*; base-uri 'none'";

function violation(effectiveDirective: string): Event {
  return Object.assign(new Event('securitypolicyviolation'), { effectiveDirective, originalPolicy });
}

/** A page in which a request fails, with a violation reported `afterMs` milliseconds after that; negative for before. */
function failing(directive: string | null, afterMs = 0): RequestFile {
  const page = new EventTarget();
  const request: RequestFile = () => {
    if (directive !== null && afterMs < 0) page.dispatchEvent(violation(directive));
    if (directive !== null && afterMs >= 0) setTimeout(() => page.dispatchEvent(violation(directive)), afterMs);
    return Promise.reject(failure);
  };
  return policedRequest(request, page);
}

it.each([-1, 0, 20])('names the hosts where the violation is reported %i ms after the failure', async (afterMs) => {
  const error = await failing('connect-src', afterMs)('https://mirror.example/a/b', { signal }).catch(LabError.toData);
  expect(error).toMatchObject({
    code: 'policy/host',
    expected: 'an address at this site, https://hub.example, http://localhost:*, without a redirect to any other',
    got: 'https://mirror.example',
  });
});

it.each([
  ['no violation', null],
  ['a violation of another directive', 'img-src'],
])('leaves a failure with %s as it is', async (_, directive) => {
  await expect(failing(directive)('https://hub.example/', { signal })).rejects.toBe(failure);
});

it('does not keep a cancelled request waiting', async () => {
  const request = failing(null)('https://hub.example/', { signal: AbortSignal.abort() });
  await expect(request).rejects.toBe(failure);
});

it('returns a response, and stops listening', async () => {
  const answer: FileAnswer = {
    status: 200,
    header: () => null,
    pieces: (async function* () {})(),
    drop: () => {},
  };
  const page = new EventTarget();
  let listening = 0;
  const add = page.addEventListener.bind(page);
  const remove = page.removeEventListener.bind(page);
  page.addEventListener = (...given) => (listening++, add(...given));
  page.removeEventListener = (...given) => (listening--, remove(...given));
  expect(await policedRequest(() => Promise.resolve(answer), page)('https://hub.example/', { signal })).toBe(answer);
  expect(listening).toBe(0);
});

it('reaches the user through the hub', async () => {
  const hub = hubClient(failing('connect-src'), 'https://mirror.example');
  await expect(hub.list('moss/tiny', 'main', signal)).rejects.toMatchObject({ code: 'policy/host' });
});
