// Validates untrusted values: JSON text into values, values against a schema, names against the keys of a record.
/** What a value is held against; every zod schema is one. */
export interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/** The first thing that is not as the schema has it; `place` is a path such as `runs.0.spec`, empty for the value itself. */
interface Fault {
  readonly path: string;
  readonly message: string;
}

type Validation<T> = { readonly isFit: true; readonly data: T } | { readonly isFit: false; readonly fault: Fault };

/** The value as the schema has it, or the first fault. Never throws for what the value holds. */
export function validate<T>(schema: Schema<T>, value: unknown): Validation<T> {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { isFit: true, data: result.data };
    const [issue] = result.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { isFit: false, fault: { path, message: issue?.message ?? 'not as it has to be' } };
  } catch (error) {
    // zod hands its list of faults on as arguments: more than a hundred thousand do not fit the stack.
    if (!(error instanceof RangeError)) throw error;
    return { isFit: false, fault: { path: '', message: 'more faults than can be listed' } };
  }
}

/** Nothing that the lab reads comes near it; some thousands deeper whoever walks a value runs out of stack. */
const deepest = 200;

/** The value of a text. Throws SyntaxError for what is no JSON, and for JSON nested deeper than 200 levels. Takes time linear in the text. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isDeeper(text)) throw new SyntaxError(`JSON that is nested deeper than ${deepest} levels`);
  return value;
}

/** `text` is JSON, so that brackets outside of its strings pair. */
function isDeeper(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (isInString) {
      if (unit === backslash) index++;
      else if (unit === quote) isInString = false;
    } else if (unit === quote) {
      isInString = true;
    } else if (unit === openList || unit === openObject) {
      if (++depth > deepest) return true;
    } else if (unit === closeList || unit === closeObject) {
      depth--;
    }
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** A record's own value of a key that somebody else named, such as an entity type: never what every object inherits, as `constructor`. */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
