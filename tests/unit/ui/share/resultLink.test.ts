// Proves that a link gives back the result it holds, and that a damaged, swollen or foreign one is refused with the reason.
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkedFile, readResultLink, writeResultLink } from '../../../../src/ui/share/OpenPage.tsx';

describe('a packed result', () => {
  it('comes back as it was, in signs that no address escapes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const packed = await writeResultLink(text);
        expect(encodeURIComponent(packed)).toBe(packed);
        expect(await readResultLink(packed)).toBe(text);
      }),
      { numRuns: 30 },
    );
  });

  it('reads what another program deflated', async () => {
    const packed = deflateSync(Buffer.from('{"format":"é"}')).toString('base64url');
    expect(await readResultLink(packed)).toBe('{"format":"é"}');
  });

  it.each(['', '***', 'AAAA', 'eJw'])('is refused as damaged: "%s"', async (packed) => {
    await expect(readResultLink(packed)).rejects.toMatchObject({ code: 'link/damaged' });
  });

  it('is refused when cut off', async () => {
    const packed = await writeResultLink(JSON.stringify(Array.from({ length: 500 }, (_, index) => index * index)));
    await expect(readResultLink(packed.slice(0, -40))).rejects.toMatchObject({ code: 'link/damaged' });
  });

  it('is refused when it swells beyond all measure', async () => {
    const packed = deflateSync(Buffer.alloc(65_000_000)).toString('base64url');
    await expect(readResultLink(packed)).rejects.toMatchObject({ code: 'link/too-large' });
  });
});

describe('a path in a link', () => {
  const base = 'https://lab.example/here/';

  it('is a file of this site', () => {
    expect(linkedFile('results/a.json', base)?.href).toBe('https://lab.example/here/results/a.json');
    expect(linkedFile('/b.json', base)?.href).toBe('https://lab.example/b.json');
  });

  it('is never one of another site or kind', () => {
    for (const path of [
      'https://other.example/a.json',
      '//other.example/a.json',
      'data:text/json,/',
      'http://lab.example/a.json',
    ]) {
      expect(() => linkedFile(path, base), path).toThrow(expect.objectContaining({ code: 'link/elsewhere' }));
    }
  });

  it('is told from a packed result', () => {
    expect(linkedFile('eJyrVkrLz1eyUkpKLFKqBQAdegQ0', base)).toBeNull();
  });
});
