// The tab's entry: store, workers, lab and page, wired together.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { policedRequest, requestFile } from '../workers/publicFiles.ts';
import { LocalLab } from './lab/lab.ts';
import { indexedDb } from './storage/indexedDb.ts';
import { isolated, keepForOffline, labLock, ownScriptsOnly, waitingVersion, wasTakenAway } from './tab/browserTab.ts';
import { App, OpenFailed } from './ui/app/App.tsx';
import type { Progress } from './util/clock.ts';
import { LabError } from './util/labError.ts';
import { softwareVersion } from './util/wording.ts';
import type { AnalysisCalls, AnalysisClient, AnalysisEvent } from './wire/analysisProtocol.ts';
import { connect, workerWire } from './wire/port.ts';
import type { ReadingCalls, ReadingClient } from './wire/readingProtocol.ts';
import type { BackendChoice, RunEvent, ServerCalls, ServerClient } from './wire/trainingProtocol.ts';

const BACKENDS: readonly BackendChoice[] = ['auto', 'webgpu', 'wasm', 'cpu'];

ownScriptsOnly();
void start();

async function start(): Promise<void> {
  await isolated();
  const container = document.getElementById('root');
  if (container === null) throw new Error('The page has no element #root.');
  const root = createRoot(container);
  const goOn = wasTakenAway();
  const lab = new LocalLab({
    store: indexedDb(),
    ownership: labLock(),
    openServer,
    // Absent outside a secure context.
    keepData: () => Promise.resolve((navigator.storage as StorageManager | undefined)?.persist()),
    openAnalysis,
    openReading,
    fetchBuiltIn,
    requestFile: policedRequest(requestFile, document),
    software: softwareVersion,
  });
  root.render(
    <StrictMode>
      <App lab={lab} newVersion={waitingVersion} />
    </StrictMode>,
  );
  try {
    await lab.open(chosenBackend(), { goOn, waitForWanted: true });
  } catch (error) {
    root.render(<OpenFailed error={LabError.toData(error)} />);
    return;
  }
  await keepForOffline();
}

function openServer(): ServerClient {
  const thread = new Worker(new URL('../workers/training.worker.ts', import.meta.url), { type: 'module' });
  return connect<ServerCalls, RunEvent>(workerWire(thread));
}

function openAnalysis(): AnalysisClient {
  const thread = new Worker(new URL('../workers/analysis.worker.ts', import.meta.url), { type: 'module' });
  return connect<AnalysisCalls, AnalysisEvent>(workerWire(thread));
}

function openReading(): ReadingClient {
  const thread = new Worker(new URL('../workers/reading.worker.ts', import.meta.url), { type: 'module' });
  return connect<ReadingCalls, Progress>(workerWire(thread));
}

/** The backend named in the address, as in `?backend=wasm`; for tests and for comparing backends. */
function chosenBackend(): BackendChoice {
  const named = new URLSearchParams(window.location.search).get('backend');
  return BACKENDS.find((backend) => backend === named) ?? 'auto';
}

async function fetchBuiltIn(path: string, report?: (doneBytes: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  const address = new URL(path, document.baseURI);
  const response = await fetch(address);
  if (!response.ok) {
    throw new LabError('built-in/missing', 'A file that comes with the lab cannot be read.', {
      expected: address.pathname,
      got: `HTTP status ${response.status}`,
    });
  }
  if (report === undefined || response.body === null) return new Uint8Array(await response.arrayBuffer());
  return whole(response.body, report);
}

async function whole(body: ReadableStream<Uint8Array>, report: (doneBytes: number) => void) {
  const pieces: Uint8Array[] = [];
  let doneBytes = 0;
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    pieces.push(next.value);
    report((doneBytes += next.value.byteLength));
  }
  const bytes = new Uint8Array(doneBytes);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
