// Requests public files with the platform's own fetch, and names the hosts that the page's policy allows where it refused one.
import { waitUnlessAborted } from '../src/util/clock.ts';
import { LabError } from '../src/util/labError.ts';
import type { FileAnswer, RequestFile } from '../src/wire/requestFile.ts';

/** Requests public files with the platform's own fetch, in the tab and in Node alike. */
export const requestFile: RequestFile = async (address, { from = 0, signal }) => {
  const abort = new AbortController();
  const response = await fetch(address, {
    signal: AbortSignal.any([signal, abort.signal]),
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    // Range with one open end needs no permission of the server beforehand.
    ...(from > 0 ? { headers: { Range: `bytes=${from}-` } } : {}),
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    pieces: pieces(response, abort),
    drop: () => abort.abort(),
  } satisfies FileAnswer;
};

async function* pieces({ body }: Response, abort: AbortController): AsyncGenerator<Uint8Array, void> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    abort.abort(); // ends what was left unread
  }
}

/** Declares what is read of a SecurityPolicyViolationEvent. */
interface Violation extends Event {
  readonly effectiveDirective: string;
  readonly originalPolicy: string;
}

/** Waits for the report of a violation, which browsers make in a separate task, maybe after the request has failed. */
const reportedWithinMs = 200;

/**
 * Explains what the policy of a page forbids: `page`, a document, is where `securitypolicyviolation` is dispatched. What it forbids, the address itself or one that it redirects to,
 * rejects with LabError `policy/host`.
 */
export function policedRequest(requestFile: RequestFile, page: EventTarget): RequestFile {
  return async (address, options) => {
    let violation: Violation | null = null;
    const onViolation = (event: Event): void => {
      if ((event as Violation).effectiveDirective === 'connect-src') violation = event as Violation;
    };
    page.addEventListener('securitypolicyviolation', onViolation);
    try {
      return await requestFile(address, options);
    } catch (cause) {
      await waitUnlessAborted(reportedWithinMs, options.signal);
      throw violation === null ? cause : refusal(address, violation, cause);
    } finally {
      page.removeEventListener('securitypolicyviolation', onViolation);
    }
  };
}

function refusal(address: string, { originalPolicy }: Violation, cause: unknown): LabError {
  const connect = originalPolicy.split(';').find((directive) => directive.trim().startsWith('connect-src '));
  const [, ...allowed] = connect?.trim().split(' ') ?? [];
  return new LabError(
    'policy/host',
    'The policy of this page does not let it connect there. A mirror of your own is named when the lab is built (LAB_HOSTS).',
    {
      expected: `an address at ${allowed.map((source) => (source === "'self'" ? 'this site' : source)).join(', ')}, without a redirect to any other`,
      got: new URL(address).origin,
      cause,
    },
  );
}
