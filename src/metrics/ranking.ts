// Keeps the first of many items in an order, without keeping all of them.

export class Ranking<Item> {
  /** Of all items that were added. */
  count = 0;
  private readonly limit: number;
  private readonly compare: (left: Item, right: Item) => number;
  private items: Item[] = [];

  /** Keeps `limit` items; the order must be the same whenever it is asked for. */
  constructor(limit: number, compare: (left: Item, right: Item) => number) {
    this.limit = limit;
    this.compare = compare;
  }

  add(item: Item): void {
    this.count++;
    this.items.push(item);
    if (this.items.length >= 2 * this.limit + 1000) this.items = this.first();
  }

  /** The first `limit` items in their order. */
  first(): Item[] {
    return this.items.sort(this.compare).slice(0, this.limit);
  }
}
