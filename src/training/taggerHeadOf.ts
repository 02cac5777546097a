// Reads bioner_lab.json, and says which head it describes.
import { tagSetOfHead } from '../data/tagSetOfHead.ts';
import type { HeadShape } from '../model/parameters.ts';
import type { TaggerHead } from '../schema/taggerHead.ts';
import { taggerFileSchema } from '../schema/taggerFile.ts';
import { judge } from '../util/judge.ts';
import { LabError } from '../util/labError.ts';
import { parseConfigFile, TAGGER_FILE } from './loadModel.ts';

/** Throws LabError `model/tagger-file` naming the first member that is missing or not as it has to be, `data/types` for tags that are not those of the types. */
export function taggerHeadOf(bytes: Uint8Array): TaggerHead {
  const parsed = judge(taggerFileSchema, parseConfigFile(TAGGER_FILE, bytes));
  if (!parsed.isFit) {
    const { place, message } = parsed.fault;
    throw new LabError('model/tagger-file', `${TAGGER_FILE} does not describe a tagger of this lab.`, {
      expected: 'what the lab exported beside the weights',
      got: `at ${place || 'the top'}: ${message}`,
    });
  }
  const { format: _format, version: _version, ...head } = parsed.data;
  tagSetOfHead(head);
  return head;
}

export function headShapeOf({ tags, config }: Pick<TaggerHead, 'tags' | 'config'>): HeadShape {
  return { tagCount: tags.length, kind: config.head, startEnd: config.crfStartEnd };
}
