// Reads a stream of bytes piece by piece, unpacked if it is gzip, so that a file of any size needs little memory.
import { LabError } from '../../util/labError.ts';

/** A file that is read once, from its start. */
export interface StreamedFile {
  readonly name: string;
  /** As stored, before unpacking. */
  readonly sizeBytes: number;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** More than the longest line of any published file: 10,000 numbers of 20 characters. */
const LONGEST_LINE = 200_000;
const NEWLINE = 10;

/** Bytes of a stream in order. What `take` and `line` return is valid until the next call. */
export class ByteSource {
  /** Stored bytes read so far, for progress. */
  storedBytes = 0;
  private reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  private buffer = new Uint8Array();
  private start = 0;
  private isPacked = false;
  /** Unpacked bytes before `buffer`, for messages. */
  private before = 0;
  private readonly file: StreamedFile;

  private constructor(file: StreamedFile) {
    this.file = file;
    this.reader = this.counted(file.stream()).getReader();
  }

  /** Opens a file and unpacks it if its first bytes are those of gzip. */
  static async open(file: StreamedFile): Promise<ByteSource> {
    const source = new ByteSource(file);
    await source.atLeast(2);
    if (source.buffer[0] !== 0x1f || source.buffer[1] !== 0x8b) return source;
    const packed = source.rest();
    source.reader = packed.pipeThrough(new DecompressionStream('gzip')).getReader();
    source.buffer = new Uint8Array();
    source.isPacked = true;
    return source;
  }

  /** Unpacked bytes used so far. */
  get position(): number {
    return this.before + this.start;
  }

  /** Whether `count` bytes could be read ahead; false if the stream ends before. */
  async atLeast(count: number): Promise<boolean> {
    while (this.available < count) if (!(await this.more())) return false;
    return true;
  }

  /** Returns the next bytes without using them, fewer at the end. */
  async peek(count: number): Promise<Uint8Array> {
    await this.atLeast(count);
    return this.buffer.subarray(this.start, Math.min(this.start + count, this.buffer.length));
  }

  /** Uses the next `count` bytes. Throws LabError `vectors/damaged` with `what` they are if the stream ends before. */
  async take(count: number, what: string): Promise<Uint8Array> {
    if (this.available < count && !(await this.atLeast(count))) throw this.endsInside(what);
    this.start += count;
    return this.buffer.subarray(this.start - count, this.start);
  }

  /** Passes over `count` bytes. Throws like `take`. */
  async skip(count: number, what: string): Promise<void> {
    let left = count;
    while (left > this.available) {
      left -= this.available;
      this.start = this.buffer.length;
      if (!(await this.more())) throw this.endsInside(what);
    }
    this.start += left;
  }

  /** Uses bytes up to and including `byte`, and returns those before it. Throws like `take`, and where there are more than `most`. */
  async until(byte: number, most: number, what: string): Promise<Uint8Array> {
    let searched = 0;
    for (;;) {
      const found = this.buffer.indexOf(byte, this.start + searched);
      if (found >= 0 && found - this.start <= most) {
        const start = this.start;
        this.start = found + 1;
        return this.buffer.subarray(start, found);
      }
      searched = this.available;
      if (searched > most) throw this.damaged(`${what} of more than ${most} bytes`, `at most ${most} bytes`);
      if (!(await this.more())) throw this.endsInside(what);
    }
  }

  /** Uses a line and returns it without its end; the last may lack one. Null at the end. Throws LabError `vectors/damaged` if it is too long. */
  async line(): Promise<Uint8Array | null> {
    let found = this.buffer.indexOf(NEWLINE, this.start);
    while (found < 0) {
      const searched = this.available;
      if (searched > LONGEST_LINE) break;
      if (!(await this.more())) {
        if (this.available === 0) return null;
        found = this.buffer.length;
        break;
      }
      found = this.buffer.indexOf(NEWLINE, this.start + searched);
    }
    if (found < 0 || found - this.start > LONGEST_LINE) {
      throw this.damaged(`a line of more than ${LONGEST_LINE} bytes`, `lines of at most ${LONGEST_LINE} bytes`);
    }
    const start = this.start;
    this.start = Math.min(found + 1, this.buffer.length);
    return this.buffer.subarray(start, found);
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.atLeast(1));
  }

  /** Stops reading; what is left is not read. */
  async close(): Promise<void> {
    await this.reader.cancel().catch(() => undefined);
  }

  /** An error about this file, with the position reached. */
  damaged(got: string, expected: string, cause?: unknown): LabError {
    return new LabError('vectors/damaged', `${this.file.name} is damaged or is not a file of word vectors.`, {
      expected,
      got: `${got}, at byte ${this.position}`,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  private endsInside(what: string): LabError {
    return this.damaged(`the end of the file inside ${what}`, `${what}; the file may not be whole, so get it again`);
  }

  private get available(): number {
    return this.buffer.length - this.start;
  }

  /** Reads another chunk behind what is left; false at the end. */
  private async more(): Promise<boolean> {
    const { done, value } = await this.reader.read().catch((cause: unknown) => {
      if (!this.isPacked) throw cause;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw this.damaged(message, 'bytes that can be unpacked', cause);
    });
    if (done) return false;
    const left = this.buffer.subarray(this.start);
    this.before += this.start;
    this.start = 0;
    if (left.length === 0) {
      this.buffer = value;
      return true;
    }
    const joined = new Uint8Array(left.length + value.length);
    joined.set(left);
    joined.set(value, left.length);
    this.buffer = joined;
    return true;
  }

  /** What was read ahead, then what is left. */
  private rest(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { reader } = this;
    let ahead: Uint8Array<ArrayBuffer> | null = this.buffer.slice(this.start);
    return new ReadableStream({
      async pull(controller) {
        if (ahead !== null) {
          controller.enqueue(ahead);
          ahead = null;
          return;
        }
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
  }

  private counted(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
    const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        this.storedBytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    return stream.pipeThrough(counter);
  }
}
