// A sentence cut where any of several tracks of mentions begins or ends, so that overlapping mentions can be drawn.
import type { Mention } from '../../data/corpus.ts';

type Span = Pick<Mention, 'start' | 'end'>;

export interface TrackPart {
  readonly text: string;
  /** Of each track, whether the text lies in one of its mentions. */
  readonly on: readonly boolean[];
}

/**
 * The tokens joined by spaces, `tracks` `[tracks][mentions]`, each track flat. A space lies in a mention that both tokens beside it lie in, so
 * mentions that touch stay apart.
 */
export function trackParts(tokens: readonly string[], tracks: readonly (readonly Span[])[]): readonly TrackPart[] {
  const mentionAt = (track: readonly Span[], token: number) =>
    track.find(({ start, end }) => start <= token && token < end);
  const parts: { text: string; on: readonly boolean[] }[] = [];
  const add = (text: string, on: readonly boolean[]) => {
    const last = parts.at(-1);
    if (last !== undefined && last.on.every((is, track) => is === on[track])) last.text += text;
    else parts.push({ text, on });
  };
  tokens.forEach((token, index) => {
    const here = tracks.map((track) => mentionAt(track, index));
    if (index > 0) {
      const isSame = tracks.map((track, place) => {
        const before = mentionAt(track, index - 1);
        return before !== undefined && before === here[place];
      });
      add(' ', isSame);
    }
    add(
      token,
      here.map((mention) => mention !== undefined),
    );
  });
  return parts;
}
