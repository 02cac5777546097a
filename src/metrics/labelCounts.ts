// Counts how often each of many strings has which label.

/** A label is a name, or null for not labelled. A handful of labels is usual; each takes four bytes a string. */
export class LabelCounts {
  private readonly strings: number;
  private readonly labels: (string | null)[] = [null];
  private readonly byLabel: Int32Array[];
  private readonly insides: Int32Array;

  constructor(strings: number) {
    this.strings = strings;
    this.byLabel = [new Int32Array(strings)];
    this.insides = new Int32Array(strings);
  }

  add(string: number, label: string | null): void {
    let index = this.labels.indexOf(label);
    if (index < 0) {
      index = this.labels.push(label) - 1;
      this.byLabel.push(new Int32Array(this.strings));
    }
    const counts = this.byLabel[index] as Int32Array;
    (counts[string] as number)++;
  }

  addInside(string: number): void {
    (this.insides[string] as number)++;
  }

  inside(string: number): number {
    return this.insides[string] as number;
  }

  unlabelled(string: number): number {
    return this.byLabel[0]?.[string] ?? 0;
  }

  /** All but those inside longer mentions. */
  total(string: number): number {
    return this.byLabel.reduce((sum, counts) => sum + (counts[string] as number), 0);
  }

  /** The most frequent label, the first met of equals. */
  usual(string: number): string | null {
    const counts = this.byLabel.map((ofLabel) => ofLabel[string] as number);
    return this.labels[counts.indexOf(Math.max(...counts))] ?? null;
  }

  /** Those that do not have the usual label. */
  minority(string: number): number {
    return this.total(string) - this.byLabel.reduce((most, counts) => Math.max(most, counts[string] as number), 0);
  }
}
