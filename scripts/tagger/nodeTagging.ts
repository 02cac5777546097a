// Opens trained taggers in Node, on the processor, and tags the sentences of corpora with them.
import type { Sentence } from '../../src/data/corpus/corpus.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import type { Store } from '../../src/storage/store.ts';
import { loadTagger } from '../../src/training/loadTagger.ts';
import { openTagger, tagUnlabelled, type OpenTagger } from '../../src/training/tagSentences.ts';
import { drain, neverAborted } from '../../src/util/clock.ts';
import type { SureMention, TaggerRef } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { homeOf, machineUnderSettings } from '../../workers/trainingMachine.ts';

/** Sentences tagged between two reports. */
const SENTENCES_AT_ONCE = 512;

export interface NodeTagger {
  readonly tagger: OpenTagger;
  /** Finds the mentions of each sentence; annotations are not looked at. */
  tag(sentences: readonly Sentence[], report?: (done: number) => void): Promise<readonly (readonly SureMention[])[]>;
  dispose(): void;
}

export async function openNodeTagger(store: Store, ref: TaggerRef): Promise<NodeTagger> {
  const backend = await startBackend('wasm', nodePlatform);
  const machine = await machineUnderSettings(backend, store, nodePlatform);
  const tagger = openTagger(homeOf(machine), await loadTagger(store, ref));
  return {
    tagger,
    async tag(sentences, report = () => undefined) {
      const found: (readonly SureMention[])[] = [];
      for (let from = 0; from < sentences.length; from += SENTENCES_AT_ONCE) {
        const block = sentences.slice(from, from + SENTENCES_AT_ONCE);
        const tagged = await drain(tagUnlabelled(block, tagger, tagger.config, neverAborted));
        found.push(...tagged.map(({ mentions }) => mentions));
        report(found.length);
      }
      return found;
    },
    dispose: () => tagger.predictor.dispose(),
  };
}
