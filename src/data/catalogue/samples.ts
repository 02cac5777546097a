// Recognises the sample corpora that come with the lab, whose sentences are invented, wherever their names and fingerprints are.

/** First 16 hex digits of the fingerprints of the samples, as the lab numbers corpora. */
const SAMPLE_IDS: readonly string[] = [
  '0ef39163d5e6fa3a',
  'ec47b8c22a4950fd',
  'fede50485d8eaa4b',
  '6d33353accfa4efd',
  '6397e7f8e8cd41ba',
  '88a4b70c5548b8b4',
  '716681572cf3b26f',
  'f9a242e1615e9242',
];

/** Names of the samples: their sentences were others in earlier versions of the lab. */
const SAMPLE_NAME = /^sample-(chemical|disease|gene|species)-[ab]$/;

/** Whether a corpus is one of the samples, under its own name or another. */
export function isSampleCorpus({
  name,
  fingerprint,
}: {
  readonly name: string;
  readonly fingerprint?: string;
}): boolean {
  return SAMPLE_IDS.includes(fingerprint?.slice(0, 16) ?? '') || SAMPLE_NAME.test(name);
}

/** What is said wherever scores are that come from samples; null if none of the corpora is one. */
export function sampleRemark(
  corpora: readonly { readonly name: string; readonly fingerprint?: string }[],
): string | null {
  const samples = corpora.filter(isSampleCorpus);
  if (samples.length === 0) return null;
  return samples.length === corpora.length
    ? 'Trained on sample corpora, whose sentences are invented: the scores say nothing about real text.'
    : `Trained on sample corpora, too, whose sentences are invented (${[...new Set(samples.map(({ name }) => name))].join(', ')}): scores on them say nothing about real text.`;
}
