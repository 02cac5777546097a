// A trie of word sequences in flat memory: equal sequences, and they alone, have the same node.
import { hash32 } from '../../util/random.ts';

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

  /** The numbers as they lie in memory; a later push may leave this array behind. */
  view(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}

/** The node of the empty sequence. */
export const ROOT = 0;
/** What stands for a word or node that is not in the trie. */
export const ABSENT = -1;

/**
 * Nodes are numbered from 0 as they come. Edges (node, word) -> node lie in an open hash table and are compared whole, so that no hash
 * can take one sequence for another; about 20 bytes a node, and each different word as a string once.
 */
export class WordTrie {
  private readonly words = new Map<string, number>();
  /** Of each node but the root, at its number less one. */
  private readonly parents = new NumberList();
  private readonly lastWords = new NumberList();
  /** Nodes by the hash of their edge; 0 is an empty slot. */
  private slots = new Int32Array(1 << 12);

  get nodeCount(): number {
    return this.parents.length + 1;
  }

  /** The number of a word that is in the trie, or ABSENT. */
  wordOf(text: string): number {
    return this.words.get(text) ?? ABSENT;
  }

  /** The number of a word, which is taken in where it is new. */
  addWord(text: string): number {
    const known = this.words.get(text);
    if (known !== undefined) return known;
    this.words.set(text, this.words.size);
    return this.words.size - 1;
  }

  /** The node that `word` leads to from `node`, or ABSENT. */
  child(node: number, word: number): number {
    if (node === ABSENT || word === ABSENT) return ABSENT;
    return (this.slots[this.slotOf(node, word)] as number) || ABSENT;
  }

  /** The node that `word` leads to from `node`, made where there is none. */
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
