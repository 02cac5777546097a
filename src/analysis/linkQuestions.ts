// Answers questions about the ids of mentions: opens a dictionary once, and links mentions by it.
import { readDictionary } from '../data/dictionary/readDictionary.ts';
import { Linker, type LinkAnswer } from '../data/dictionary/linker.ts';
import { readDictionaryFile } from '../storage/dictionaryRecords.ts';
import type { Store } from '../storage/store.ts';
import { inTurns, type Work } from '../util/work.ts';
import type { AnalysisJob } from './analysisJob.ts';
import type { LinksAnswer, LinksQuery } from './questions/linksQuery.ts';
import { recent } from './recent.ts';

/** Mentions linked between two steps: one takes up to some tens of milliseconds in a dictionary of 300,000 terms. */
const MENTIONS_A_STEP = 20;

/** Links mentions by a stored dictionary, whose index is built once and remembered. Rejects with `storage/missing`, `storage/corrupt` and `dictionary/...`. */
export function linkQuestions(store: Store): (query: LinksQuery, job: AnalysisJob) => Promise<LinksAnswer> {
  // An index may take hundreds of megabytes.
  const linkers = recent<string, Linker>(1);
  /** Readings under way, shared by the questions that wait for them. */
  const arriving = new Map<string, Promise<Linker>>();

  async function open(id: string, job: AnalysisJob): Promise<Linker> {
    const { file } = await readDictionaryFile(store, id);
    const { entries } = await inTurns(readDictionary(file), job);
    return inTurns(Linker.build(entries), job);
  }

  async function linkerOf(id: string, job: AnalysisJob): Promise<Linker> {
    for (;;) {
      const known = arriving.get(id);
      if (known === undefined) break;
      // That of a cancelled question ends without a linker, and this one then reads it.
      await known.catch(() => undefined);
      job.signal.throwIfAborted();
    }
    return linkers.of(id, () => {
      const reading = open(id, job).finally(() => arriving.delete(id));
      arriving.set(id, reading);
      return reading;
    });
  }

  return async (query, job) => {
    const { dictionaryId, mentions, options } = query;
    const linker = await linkerOf(dictionaryId, job);
    return { links: await inTurns(linkAll(linker, mentions, options), job) };
  };
}

function* linkAll(
  linker: Linker,
  mentions: LinksQuery['mentions'],
  options: LinksQuery['options'],
): Work<readonly LinkAnswer[]> {
  const links: LinkAnswer[] = [];
  for (const [index, { text, type }] of mentions.entries()) {
    if (index % MENTIONS_A_STEP === 0) yield { phase: 'linking mentions', done: index, of: mentions.length };
    links.push(linker.link(text, type, options));
  }
  return links;
}
