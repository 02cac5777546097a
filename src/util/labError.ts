// The lab's one error type: what went wrong, what was expected, and what was found.
import { shortened } from './wording.ts';

/** The part of a LabError that crosses threads and files as plain data. */
export interface LabErrorData {
  readonly code: string;
  readonly message: string;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
}

/**
 * An error the user can act on. `code` is a stable slash-separated name (`model/shape`, `corpus/empty`), `expected` and `got` are short texts that
 * complete "expected …, got …". Each text is cut at 1000 characters: names from a corrupt file may have any length.
 */
export class LabError extends Error {
  readonly code: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;

  constructor(code: string, message: string, details: { expected?: string; got?: string; cause?: unknown } = {}) {
    super(shortened(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LabError';
    this.code = code;
    this.expected = details.expected === undefined ? undefined : shortened(details.expected);
    this.got = details.got === undefined ? undefined : shortened(details.got);
  }

  /** Converts any thrown value to plain data; anything but a LabError gets code `internal`. */
  static toData(error: unknown): LabErrorData {
    if (error instanceof LabError) {
      return {
        code: error.code,
        message: error.message,
        ...(error.expected === undefined ? {} : { expected: error.expected }),
        ...(error.got === undefined ? {} : { got: error.got }),
      };
    }
    return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
  }

  /** Restores the LabError on the other side of a thread. */
  static fromData(data: LabErrorData): LabError {
    return new LabError(data.code, data.message, {
      ...(data.expected === undefined ? {} : { expected: data.expected }),
      ...(data.got === undefined ? {} : { got: data.got }),
    });
  }

  /** Returns one line for a terminal or a page: message, then expected and got if known. */
  static describe(data: LabErrorData): string {
    const expected = data.expected === undefined ? '' : ` Expected ${data.expected}.`;
    const got = data.got === undefined ? '' : ` Got ${data.got}.`;
    return `${data.message}${expected}${got}`;
  }
}
