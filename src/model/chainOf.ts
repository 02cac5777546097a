// The weights of a tagger's chain, from its parameters on the host.
import type { HeadShape, HostParameters } from './parameters.ts';
import type { ChainWeights } from './viterbi.ts';

/** Null for the softmax head, which has none. */
export function chainOf(parameters: HostParameters, { kind }: Pick<HeadShape, 'kind'>): ChainWeights | null {
  if (kind === 'softmax') return null;
  const transitions = parameters.get('crf.transitions')?.values;
  if (transitions === undefined) throw new Error('a CRF without transitions');
  return {
    transitions,
    start: parameters.get('crf.start')?.values ?? null,
    end: parameters.get('crf.end')?.values ?? null,
  };
}
