// What the view of entity sets shows, as it stands in the address.
import { ENTITY_REGIONS, type EntityRegion } from '../../metrics/entitySets.ts';

export interface SetsDetail {
  readonly trainOnly: boolean;
  readonly lowerCase: boolean;
  /** The region whose strings are listed. */
  readonly region: EntityRegion | null;
  /** The string whose sentences are shown. */
  readonly text: string | null;
}

export function parseSetsDetail(detail: string | null): SetsDetail {
  const members = new URLSearchParams(detail ?? '');
  return {
    trainOnly: members.get('training') === 'train',
    lowerCase: members.get('case') === 'lower',
    region: ENTITY_REGIONS.find((region) => region === members.get('region')) ?? null,
    text: members.get('text'),
  };
}

/** What `parseSetsDetail` reads back; null for what is shown at first. */
export function setsDetailText({ trainOnly, lowerCase, region, text }: SetsDetail): string | null {
  const members = new URLSearchParams({
    ...(trainOnly && { training: 'train' }),
    ...(lowerCase && { case: 'lower' }),
    ...(region !== null && { region }),
    ...(text !== null && { text }),
  });
  return members.size === 0 ? null : members.toString();
}
