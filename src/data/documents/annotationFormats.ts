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
