// Tags a short text while it is typed: each call cancels the one before, and the tagging that a page shows stays.
import type { AnnotatedDocument } from '../../data/documents/document.ts';
import { documentOfText } from '../../data/documents/documentSentences.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import { LabError } from '../../util/labError.ts';
import type { TaggerRef } from '../../wire/taggerRef.ts';
import type { ServerClient } from '../../wire/trainingProtocol.ts';
import type { Lab, LabState } from '../state/labState.ts';
import { offeredTaggers, type OfferedTagger } from './offeredTaggers.ts';

/** Finds the tagger that came with the lab, once it is installed; `Lab.wantShippedTagger` installs it. `offeredTaggers` has it among the others. */
export function shippedTagger({
  models,
}: Pick<LabState, 'models'>): (OfferedTagger & { readonly model: ModelRecord }) | null {
  for (const tagger of offeredTaggers({ runs: [], models }))
    if ('model' in tagger && tagger.model.builtIn) return tagger;
  return null;
}

/** Longest text, in characters: what a page tags at every pause in typing has to be done before the next. */
export const MOST_LIVE_CHARACTERS = 2000;

/** One text at a time, of one page. */
export class LiveTagging {
  private readonly client: ServerClient;
  private lastNumber = 0;
  /** The id of the call under way. */
  private current: string | null = null;

  constructor(client: ServerClient) {
    this.client = client;
  }

  /** Implements `Lab.tagLive`. */
  readonly tag: Lab['tagLive'] = async (tagger: TaggerRef, text: string): Promise<AnnotatedDocument | null> => {
    this.stop();
    const document = documentOfText('text', text.slice(0, MOST_LIVE_CHARACTERS));
    if (document.sentences.length === 0) return { ...document, mentions: [] };
    const id = `live-${++this.lastNumber}`;
    this.current = id;
    try {
      const found = await this.client.call('tag', { id, tagger, documents: [document] });
      // Interrupted too late, or by a later call.
      if (found === null || this.current !== id) return null;
      return { ...document, mentions: found[0] ?? [] };
    } catch (error) {
      // A run that has the device is no failure: the text is tagged once it is done.
      if (this.current !== id || isBusy(error)) return null;
      throw error;
    } finally {
      if (this.current === id) this.current = null;
    }
  };

  /** Cancels the call under way, which then answers null. */
  private stop(): void {
    if (this.current === null) return;
    // A lost server has stopped tagging already.
    this.client.call('interrupt', { runId: this.current, how: 'stop' }).catch(() => undefined);
    this.current = null;
  }
}

function isBusy(error: unknown): boolean {
  return LabError.toData(error).code === 'run/busy';
}
