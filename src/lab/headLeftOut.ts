// Tells whether a model folder holds a classifier of tokens that the lab cannot use, because nothing says what it is of.
import type { NamedBytes } from '../../workers/protocol.ts';

/** For the folder of a `…ForTokenClassification` of transformers without bioner_lab.json: only its encoder is taken in. */
export function headLeftOut(files: readonly NamedBytes[]): boolean {
  if (files.some(({ name }) => name === 'bioner_lab.json')) return false;
  const config = files.find(({ name }) => name === 'config.json');
  // Whether it is JSON at all is for the import to judge.
  const text = new TextDecoder().decode(config?.bytes);
  return /"architectures"\s*:\s*\[[^\]]*ForTokenClassification"/.test(text);
}
