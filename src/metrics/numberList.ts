// A growing list of 32-bit numbers, four bytes each.

export class NumberList {
  length = 0;
  private values = new Int32Array(1024);

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  at(index: number): number {
    return this.values[index] as number;
  }

  /** The numbers as they lie in memory; a later push may leave this array behind. */
  view(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}
