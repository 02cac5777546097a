// Finds the names of numbered tags in what Hugging Face writes of a corpus' columns.
import { parseJson } from '../../util/parseJson.ts';
import { isJsonRecord, isTexts, type JsonRecord } from './jsonRecord.ts';

/** Names of the numbers of a column of tags, by column. */
export type TagNames = ReadonlyMap<string, readonly string[]>;

/** Whether a file describes the columns of the corpus beside it. */
export function isColumnDescription(path: string): boolean {
  return /(^|\/)dataset_infos?\.json$/i.test(path);
}

/**
 * The names by column: `{"ner_tags": {"feature": {"names": [...]}}}`, wherever it stands, as `dataset_info.json`,
 * `dataset_infos.json` and the metadata of Parquet files write it. Nothing where the text is no JSON.
 */
export function tagNamesIn(text: string): TagNames {
  const names = new Map<string, readonly string[]>();
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return names;
  }
  collect(value, names, 0);
  return names;
}

/** Columns of nested descriptions stand within some levels; deeper ones are not looked at. */
const deepest = 12;

function collect(value: unknown, names: Map<string, readonly string[]>, depth: number): void {
  if (!isJsonRecord(value) || depth > deepest) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!isJsonRecord(inner)) continue;
    const found = namesOf(inner);
    if (found !== null && !names.has(key)) names.set(key, found);
    else collect(inner, names, depth + 1);
  }
}

/** `{"names": [...]}`, alone or as the feature of a list. */
function namesOf(value: JsonRecord): readonly string[] | null {
  if (isTexts(value.names)) return value.names;
  const { feature } = value;
  return isJsonRecord(feature) && isTexts(feature.names) ? feature.names : null;
}
