// Names a trained tagger of the lab: a run's snapshot, or a model that came with a head.

export type TaggerRef =
  | { readonly kind: 'snapshot'; readonly runId: string; readonly epoch: number }
  | { readonly kind: 'model'; readonly modelId: string };
