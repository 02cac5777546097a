// Lists named values in a grid.
import type { ReactNode } from 'react';

export type Fact = readonly [name: string, value: ReactNode];

export function Facts({ facts, kind = 'grid' }: { readonly facts: readonly Fact[]; readonly kind?: 'grid' | 'list' }) {
  return (
    <dl className={`facts ${kind}`}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
