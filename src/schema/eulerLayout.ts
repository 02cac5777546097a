// The circles of an Euler diagram of T, L and P, and where the regions between them lie.
import type { EntityRegion } from '../metrics/entitySets.ts';

export interface EulerPoint {
  readonly x: number;
  readonly y: number;
}

export interface EulerCircle extends EulerPoint {
  readonly radius: number;
}

export interface EulerRegion {
  /** Its area: what it would be to be exact is the region's strings. Three circles have no place for every seven numbers. */
  readonly drawn: number;
  /** The middle of its widest part, and the distance from there to the nearest circle; null where it is not drawn. */
  readonly middle: (EulerPoint & { readonly clearance: number }) | null;
}

/** In a plane where a unit of area is a string: T to the left, L above P. */
export interface EulerLayout {
  /** Radius 0 for empty sets; P is empty without predictions. */
  readonly circles: Readonly<Record<'T' | 'L' | 'P', EulerCircle>>;
  readonly regions: Readonly<Record<EntityRegion, EulerRegion>>;
}
