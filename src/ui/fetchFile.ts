// Downloads a public file piece by piece, so that its progress can be shown.

/** The pieces of a file. Throws when the address cannot be reached or has no such file; `cancelled` ends the download with an abort. */
export async function* fetchFile(address: string, cancelled: Promise<void>): AsyncGenerator<Uint8Array, void> {
  const abort = new AbortController();
  void cancelled.then(() => abort.abort());
  const response = await fetch(address, { signal: abort.signal, credentials: 'omit', referrerPolicy: 'no-referrer' });
  if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
  const reader = response.body.getReader();
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
