// Validates untrusted values: parses JSON text, checks values against a schema, and looks up own keys of a record.
/** What a value is validated against; every zod schema is one. */
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

/** The first mismatch with the schema; `path` is one such as `runs.0.spec`, empty for the value itself. */
interface Fault {
  readonly path: string;
  readonly message: string;
}

type Validation<T> = { readonly isFit: true; readonly data: T } | { readonly isFit: false; readonly fault: Fault };

/** Validates an untrusted value against a schema; reports the first fault. Never throws, whatever the value. */
export function validate<T>(schema: Schema<T>, value: unknown): Validation<T> {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { isFit: true, data: result.data };
    const [issue] = result.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { isFit: false, fault: { path, message: issue?.message ?? 'not as it has to be' } };
  } catch (error) {
    // zod spreads its list of faults as arguments: more than a hundred thousand overflow the stack.
    if (!(error instanceof RangeError)) throw error;
    return { isFit: false, fault: { path: '', message: 'more faults than can be listed' } };
  }
}

/** Nothing the lab reads comes near it; some thousands deeper, walking a value overflows the stack. */
const deepest = 200;

/** Parses JSON. Throws SyntaxError for invalid JSON, and for JSON nested deeper than 200 levels. Takes time linear in the text. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isDeeper(text)) throw new SyntaxError(`JSON that is nested deeper than ${deepest} levels`);
  return value;
}

/** Requires `text` to be JSON, where brackets outside strings are balanced. */
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

/** Returns a record's own value for an untrusted key, such as an entity type: never an inherited member like `constructor`. */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
