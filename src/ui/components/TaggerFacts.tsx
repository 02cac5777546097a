// What a trained tagger among the models marks, how it was trained, and what it scored.
import type { TaggerHead } from '../../schema/taggerHead.ts';
import { format } from '../format.ts';

export function TaggerFacts({ tagger: { types, provenance } }: { readonly tagger: TaggerHead }) {
  const { method, slicingRate, test } = provenance;
  const split = test.some((scores) => scores !== null) ? 'test' : 'devel';
  const scored = provenance[split].flatMap((scores) => (scores === null ? [] : [scores.lenient.overall.f1]));
  const mean = scored.length === 0 ? null : scored.reduce((sum, f1) => sum + f1, 0) / scored.length;
  const facts = [
    types.join(', '),
    slicingRate === null ? method : `${method} at rate ${format.quantity(slicingRate)}`,
    ...(mean === null ? [] : [`${scored.length > 1 ? 'mean ' : ''}${split} F1 ${format.percent(mean)}`]),
  ];
  return (
    <>
      <span className="tag">tagger</span>
      <div className="field-help">{facts.join(' · ')}</div>
    </>
  );
}
