// Lists the formats that annotated documents are written in.
/** Available formats, by display name. */
export const annotationFormats = [
  'CoNLL',
  'BRAT',
  'PubTator',
  'BioC XML',
  'BioC JSON',
  'doccano',
  'spaCy',
  'Label Studio',
  'Hugging Face',
] as const;
export type AnnotationFormat = (typeof annotationFormats)[number];

/** Formats without a place for the ids of mentions. */
const WITHOUT_IDS: readonly AnnotationFormat[] = ['CoNLL', 'doccano'];
export const formatsWithIds = annotationFormats.filter((format) => !WITHOUT_IDS.includes(format));

/** Says that ids are not written in a format; null where it has a place for them. */
export function lostIdsWords(format: AnnotationFormat): string | null {
  return formatsWithIds.includes(format)
    ? null
    : `${format} has no place for ids: mentions are written without them. ${formatsWithIds.join(', ')} have one.`;
}
