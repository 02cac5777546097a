// Reads whole numbers that a person entered.

/** The number of a text, within bounds; null for anything else. */
export function wholeNumber(text: string, least: number, most: number): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : null;
}
