// The name of an entity type in the colour it has throughout its corpus.
import { typeClass } from '../typeClass.ts';

export function TypeLabel({ type, types }: { readonly type: string; readonly types: readonly string[] }) {
  return <span className={`type-label ${typeClass(type, types)}`}>{type}</span>;
}
