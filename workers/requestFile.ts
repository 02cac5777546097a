// Asks for public files with the platform's own fetch, in the tab and in Node alike.
import type { FileAnswer, RequestFile } from '../src/lab/requestFile.ts';

export const requestFile: RequestFile = async (address, { from = 0, cancelled }) => {
  const abort = new AbortController();
  void cancelled.then(() => abort.abort());
  const response = await fetch(address, {
    signal: abort.signal,
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
