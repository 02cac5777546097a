// A trie of word sequences in flat memory: equal sequences, and only those, have the same node.
import { hash32 } from './random.ts';

/** A growing list of 32-bit numbers, four bytes each. */
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

  /** Returns the numbers as stored; a later push may replace the array. */
  view(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}

/** The node of the empty sequence. */
export const ROOT = 0;
/** Marks a word or node that is not in the trie. */
export const ABSENT = -1;

/**
 * Nodes are numbered from 0 as they are added. Edges (node, word) -> node are in an open-addressing hash table and are compared in
 * full, so hash collisions never merge sequences; about 20 bytes per node, and each distinct word as a string once.
 */
export class WordTrie {
  private readonly words = new Map<string, number>();
  /** For each node except the root, at its number minus one. */
  private readonly parents = new NumberList();
  private readonly lastWords = new NumberList();
  /** Nodes by the hash of their edge; 0 is an empty slot. */
  private slots = new Int32Array(1 << 12);

  get nodeCount(): number {
    return this.parents.length + 1;
  }

  /** Returns the number of a word in the trie, or ABSENT. */
  wordOf(text: string): number {
    return this.words.get(text) ?? ABSENT;
  }

  /** Returns the number of a word, adding it if new. */
  addWord(text: string): number {
    const known = this.words.get(text);
    if (known !== undefined) return known;
    this.words.set(text, this.words.size);
    return this.words.size - 1;
  }

  /** Returns the node that `word` leads to from `node`, or ABSENT. */
  child(node: number, word: number): number {
    if (node === ABSENT || word === ABSENT) return ABSENT;
    return (this.slots[this.slotOf(node, word)] as number) || ABSENT;
  }

  /** Returns the node that `word` leads to from `node`, adding it if missing. */
  addChild(node: number, word: number): number {
    const slot = this.slotOf(node, word);
    const known = this.slots[slot] as number;
    if (known !== 0) return known;
    this.parents.push(node);
    this.lastWords.push(word);
    const made = this.parents.length;
    this.slots[slot] = made;
    if (2 * made > this.slots.length) this.grow();
    return made;
  }

  private slotOf(node: number, word: number): number {
    const mask = this.slots.length - 1;
    let slot = hash32((Math.imul(node, 0x9e3779b1) ^ word) >>> 0) & mask;
    for (;;) {
      const found = this.slots[slot] as number;
      if (found === 0 || (this.parents.at(found - 1) === node && this.lastWords.at(found - 1) === word)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    this.slots = new Int32Array(2 * this.slots.length);
    for (let node = 1; node < this.nodeCount; node++) {
      this.slots[this.slotOf(this.parents.at(node - 1), this.lastWords.at(node - 1))] = node;
    }
  }
}
