// Ignores Range headers that the file server of Vite misreads, as RFC 9110 allows, so that each is answered with the whole file.
import type { Connect, Plugin } from 'vite';

/**
 * Returns whether a Range header asks for one range of bytes with a first byte that is not after the last, as in `bytes=5-` and `bytes=5-9`.
 * RFC 9110, section 14.2, has a server ignore an invalid header and one of an unknown unit, and lets it ignore any other: here those of several
 * ranges, and of the last bytes of a file, which sirv takes for the first ones.
 */
export function isPlainRange(header: string): boolean {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/i.exec(header.trim()) ?? [];
  if (first === undefined) return false;
  // sirv takes a last byte of 0 for none.
  return last === '' || (Number(last) > 0 && Number(first) <= Number(last));
}

const dropOtherRanges: Connect.NextHandleFunction = (request, _response, next) => {
  const { range } = request.headers;
  if (range !== undefined) {
    if (isPlainRange(range)) request.headers.range = range.trim().toLowerCase();
    else delete request.headers.range;
  }
  next();
};

/** Applies to the built lab and to the development server. */
export function byteRanges(): Plugin {
  return {
    name: 'byte-ranges',
    configureServer: ({ middlewares }) => void middlewares.use(dropOtherRanges),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(dropOtherRanges),
  };
}
