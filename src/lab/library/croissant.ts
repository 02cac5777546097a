// Describes an exported corpus as Croissant, the metadata format of MLCommons for data sets that are trained on.
import { baseName, type NamedFile } from '../../util/namedFile.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { fingerprintBytes } from '../../util/digest.ts';

const SPECIFICATION = 'http://mlcommons.org/croissant/1.0';

/** The context that the specification recommends. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  rai: 'http://mlcommons.org/croissant/RAI/',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;

const fields = [
  { name: 'id', dataType: 'sc:Text', description: 'Identifier of the sentence.' },
  { name: 'tokens', dataType: 'sc:Text', repeated: true, description: 'Tokens of the sentence.' },
  { name: 'ner_tags', dataType: 'sc:Text', repeated: true, description: 'A tag for each token, in IOB2.' },
] as const;

const NO_CITATION = 'Not stated: cite the makers of the corpus.';
const NOT_STATED = 'Not stated: the licence of the corpus is that of its makers.';

/**
 * Adds `croissant.json` to the files of a corpus exported as Hugging Face's JSON lines, a file for each split: their digests, and what a line
 * holds. What the lab cannot know (licence, authors, address) is stated as unknown, for a person to complete.
 */
export async function withCroissant(corpus: CorpusRecord, files: readonly NamedFile[]): Promise<readonly NamedFile[]> {
  const described = await Promise.all(
    files.map(async ({ path, bytes }) => ({ path, split: path.split('/')[0] ?? path, sha256: await fingerprintBytes(bytes), sizeBytes: bytes.byteLength })), // prettier-ignore
  );
  const metadata = {
    '@context': context,
    '@type': 'sc:Dataset',
    name: corpus.name,
    description: descriptionOf(corpus),
    conformsTo: SPECIFICATION,
    license: NOT_STATED,
    // The corpus has no address: its content identifies it.
    citeAs: NO_CITATION,
    url: `urn:sha256:${corpus.fingerprint}`,
    version: '1.0.0',
    datePublished: corpus.addedAt.slice(0, 10),
    inLanguage: 'en',
    keywords: ['named entity recognition', 'biomedical text', ...corpus.types],
    distribution: described.map(({ path, split, sha256, sizeBytes }) => ({
      '@type': 'cr:FileObject',
      '@id': `${split}-file`,
      name: baseName(path),
      description: `The ${split} split, a sentence a line.`,
      contentUrl: path,
      contentSize: `${sizeBytes} B`,
      encodingFormat: 'application/jsonlines',
      sha256,
    })),
    recordSet: described.map(({ split }) => ({
      '@type': 'cr:RecordSet',
      '@id': split,
      name: split,
      description: `Sentences of the ${split} split.`,
      field: fields.map(({ name, ...field }) => ({
        '@type': 'cr:Field',
        '@id': `${split}/${name}`,
        name,
        ...field,
        source: { fileObject: { '@id': `${split}-file` }, extract: { column: name } },
      })),
    })),
  };
  return [
    ...files,
    { path: 'croissant.json', bytes: new TextEncoder().encode(`${JSON.stringify(metadata, null, 2)}\n`) },
  ];
}

function descriptionOf({ counts, types, review }: CorpusRecord): string {
  const splits = Object.entries(counts)
    .filter(([, { sentences }]) => sentences > 0)
    .map(([split, { sentences, mentions }]) => `${split}: ${sentences} sentences, ${mentions} mentions`);
  const origin = review === undefined ? '' : ` A review of ${review.source}, tagged by ${review.taggerName}.`;
  return `Sentences with annotated entities (${types.join(', ')}); ${splits.join('; ')}. Exported by BioNER Lab.${origin}`;
}
