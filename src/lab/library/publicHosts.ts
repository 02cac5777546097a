// Names the only hosts that the lab connects to, and only when a person pressed a button: the catalogue's, the hub's, this machine's.
/** Holds a folder for each corpus of the catalogue. */
export const publicRepository = 'https://raw.githubusercontent.com/cambridgeltl/MTL-Bioinformatics-2016/master/data';

export const publicHub = 'https://huggingface.co';

/** Lists them as sources of a Content-Security-Policy: the built page may connect to these and to its own origin. */
export const publicHosts: readonly string[] = [
  `${publicRepository}/`,
  publicHub,
  // Where the hub redirects downloads to.
  'https://*.huggingface.co',
  'https://*.hf.co',
  // A mirror on the same machine.
  'http://localhost:*',
  'http://127.0.0.1:*',
];
