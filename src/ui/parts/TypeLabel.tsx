// Shows the name of an entity type in the colour it has throughout its corpus.
const COLOURS = 8;

/** Returns `type-0` to `type-7` in the corpus' order of types; from the ninth on colours repeat, marked `type-again`. */
export function typeClass(type: string, types: readonly string[]): string {
  const index = Math.max(0, types.indexOf(type));
  return index < COLOURS ? `type-${index}` : `type-${index % COLOURS} type-again`;
}

export function TypeLabel({ type, types }: { readonly type: string; readonly types: readonly string[] }) {
  return <span className={`type-label ${typeClass(type, types)}`}>{type}</span>;
}
