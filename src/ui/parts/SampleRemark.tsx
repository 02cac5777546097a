// Says beside scores that they come from sample corpora, whose sentences are invented.
import { sampleRemark } from '../../data/catalogue/samples.ts';
import type { RunSpec } from '../../schema/runRecord.ts';

/** Nothing where no run trains on a sample. */
export function SampleRemark({ specs }: { readonly specs: readonly Pick<RunSpec, 'tasks'>[] }) {
  const corpora = new Map(specs.flatMap(({ tasks }) => tasks.map(({ corpus }) => [corpus.id, corpus] as const)));
  const remark = sampleRemark([...corpora.values()]);
  return remark === null ? null : <p className="soft sample-remark">{remark}</p>;
}
