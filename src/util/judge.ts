// Holds a value out of a file against a schema, however many faults it has.

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
export interface Fault {
  readonly place: string;
  readonly message: string;
}

export type Judgement<T> =
  { readonly isFit: true; readonly data: T } | { readonly isFit: false; readonly fault: Fault };

/** The value as the schema has it, or the first fault. Never throws for what the value holds. */
export function judge<T>(schema: Schema<T>, value: unknown): Judgement<T> {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { isFit: true, data: result.data };
    const [issue] = result.error.issues;
    const place = issue?.path.map(String).join('.') ?? '';
    return { isFit: false, fault: { place, message: issue?.message ?? 'not as it has to be' } };
  } catch (error) {
    // zod hands its list of faults on as arguments: more than a hundred thousand do not fit the stack.
    if (!(error instanceof RangeError)) throw error;
    return { isFit: false, fault: { place: '', message: 'more faults than can be listed' } };
  }
}
