// Opens the result file that a link contains or names, or says why it cannot.
import { useEffect, useRef, useState } from 'react';
import { LabError } from '../../util/labError.ts';
import { fileInMemory, type DroppedFile } from '../../util/namedFile.ts';
import type { Lab } from '../../lab/state/labState.ts';
import { goTo, type Route } from '../shared/route.ts';
import { useLabActions } from '../shared/useLab.ts';
import { linkedFile, readResultLink } from './resultLink.ts';

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
  if (address === null) return fileInMemory({ path: 'linked.result.json', bytes: new TextEncoder().encode(await readResultLink(result)) });
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
