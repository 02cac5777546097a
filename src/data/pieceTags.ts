// What the pieces of one token show to the CRF.
import type { LabelMode } from './tagSet.ts';
import { LabError } from '../util/labError.ts';

/**
 * Tag indices of the leading pieces of a token that the CRF sees, for a token of `pieceCount` pieces tagged `tag`. The first one is
 * always the token's first piece, whose predicted tag is the token's. Paper's code, label modes (function_builder_GPU):
 * `x` (crf, X, normal) all pieces, the tag on the first and X on the others; `first` (crf, gather, gather) the first piece only;
 * `all` (crf, normal, normal) all pieces, the tag on each.
 */
export function pieceTags(
  tag: number,
  pieceCount: number,
  labelMode: LabelMode,
  continuation: number | null,
): readonly number[] {
  switch (labelMode) {
    case 'first':
      return [tag];
    case 'all':
      return new Array<number>(pieceCount).fill(tag);
    case 'x': {
      if (continuation === null) {
        throw new LabError('data/label-mode', 'Label mode x needs a tag set with X.', { expected: 'X', got: 'none' });
      }
      return [tag, ...new Array<number>(pieceCount - 1).fill(continuation)];
    }
  }
}
