// Opens the result file that a link contains or names, or says why it cannot, and writes such links.
import { useEffect, useRef, useState } from 'react';
import type { Lab } from '../../lab/state/labState.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import { LabError } from '../../util/labError.ts';
import { fileInMemory, type DroppedFile } from '../../util/namedFile.ts';
import { goTo, routeHref, type Route } from '../shared/route.ts';
import { useLabActions } from '../shared/useLab.ts';

export function OpenPage({ result }: { readonly result: string }) {
  const lab = useLabActions();
  const [problem, setProblem] = useState<string | null>(null);
  // Effects run twice in development; a file is imported once.
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    fetchLinked(result)
      .then(async (file) => {
        const { resultIds } = await lab.importFiles([file]);
        const [resultId] = resultIds;
        if (resultId !== undefined) goTo(sharedRoute(lab, resultId));
        else setProblem('The link contains no result file that the lab can import; see the notice for the reason.');
      })
      .catch((error: unknown) => setProblem(LabError.describe(LabError.toData(error))));
  }, [lab, result]);
  return (
    <>
      <h1>Open a result</h1>
      <p className="soft">Import the result file of a shared link and compare its runs.</p>
      {problem === null ? (
        <p className="soft">Reading the result file …</p>
      ) : (
        <>
          <p className="problem boxed" role="alert">
            {problem}
          </p>
          <p>
            Ask for the link again, or drop the result file itself on this page.{' '}
            <a href="#/experiments">Go to Experiments</a>
          </p>
        </>
      )}
    </>
  );
}

/** A single run opens at that run, several as the experiment they belong to. */
function sharedRoute(lab: Lab, resultId: string): Route {
  const { runs } = lab.getState().results.find(({ id }) => id === resultId)?.file ?? { runs: [] };
  const [only] = runs;
  return runs.length === 1 && only !== undefined
    ? { page: 'importedRun', resultId, runId: only.spec.id }
    : { page: 'experiments' };
}

async function fetchLinked(result: string): Promise<DroppedFile> {
  const address = linkedFile(result, document.baseURI);
  if (address === null)
    return fileInMemory({ path: 'linked.result.json', bytes: new TextEncoder().encode(await readResultLink(result)) });
  const response = await fetch(address);
  if (!response.ok) {
    throw new LabError('link/missing', 'There is no file at the address in this link.', {
      expected: address.pathname,
      got: `HTTP status ${response.status}`,
    });
  }
  const name = address.pathname.split('/').at(-1) ?? 'linked.result.json';
  return fileInMemory({ path: name, bytes: new Uint8Array(await response.arrayBuffer()) });
}

// Writes and reads links to result files: their JSON deflated in base64url, or the path of a file on this site.

/** Longest address; browsers and messengers truncate longer ones. */
export const LONGEST_LINK = 60_000;
/** Largest unpacked size; a link may come from anyone, and a small one may unpack to very much. */
const MOST_BYTES = 64_000_000;

/** Packs a result file into the text that follows `#/open?result=`. */
export async function writeResultLink(text: string): Promise<string> {
  const bytes = await drain(
    new Blob([text]).stream().pipeThrough(new CompressionStream('deflate')),
    Number.POSITIVE_INFINITY,
  );
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Returns the address on this page that contains the result file; null if it would be too long. */
export async function resultAddress(file: ResultFile): Promise<string | null> {
  const packed = await writeResultLink(JSON.stringify(file));
  if (packed.length > LONGEST_LINK) return null;
  return new URL(routeHref({ page: 'open', result: packed }), window.location.href).href;
}

/** Unpacks the text. Throws LabError `link/damaged`, or `link/too-large` when it grows beyond 64 MB. */
export async function readResultLink(packed: string): Promise<string> {
  const damaged = (cause?: unknown) =>
    new LabError('link/damaged', 'This link contains no readable result file: it is damaged or truncated.', {
      expected: 'deflated JSON in base64url',
      cause,
    });
  if (!/^[\w-]+$/.test(packed)) throw damaged();
  try {
    const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(
      await drain(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate')), MOST_BYTES),
    );
  } catch (error) {
    throw error instanceof LabError ? error : damaged(error);
  }
}

/**
 * Returns the address of a result file that a link names by its path; null for one packed into the link itself.
 * Throws LabError `link/elsewhere` for another site, to which the lab never sends a request.
 */
export function linkedFile(result: string, base: string): URL | null {
  if (!/[./]/.test(result)) return null;
  const address = URL.canParse(result, base) ? new URL(result, base) : null;
  const here = new URL(base);
  if (address !== null && address.origin === here.origin && address.protocol === here.protocol) return address;
  throw new LabError('link/elsewhere', 'This link names a file on another site. Download it there and drop it here.', {
    expected: `a path on ${here.origin}`,
    got: result,
  });
}

async function drain(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > most) {
      await reader.cancel();
      throw new LabError('link/too-large', 'The result file in this link is too large.', {
        expected: `at most ${most} bytes`,
      });
    }
    parts.push(new Uint8Array(value));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
